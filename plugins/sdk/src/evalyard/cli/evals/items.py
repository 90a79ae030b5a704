"""Items in a file beside the evaluation: JSON, JSON Lines or CSV, small enough for a repository."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from .reading import Problem, WrongFile

#: The fields of an item as the client takes them, by the names that a file may have for them.
_FIELDS: Final = {
    "input": "input",
    "expected": "expected_output",
    "expected_output": "expected_output",
    "expectedOutput": "expected_output",
    "metadata": "metadata",
}
#: What exports carry and items do not need.
_LEFT_OUT: Final = frozenset({"id", "tags"})


def read_items(file: Path) -> list[dict[str, Any]]:
    """Return the items of a file: its `input`, `expected` and `metadata`; raises WrongFile with the line."""
    read = _READERS.get(file.suffix.lower())
    if read is None:
        raise WrongFile([Problem(file, "", 1, f"is none of {', '.join(_READERS)}.")])
    try:
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise WrongFile([Problem(file, "", 1, f"can't be read: {error.strerror}.")]) from error
    except UnicodeDecodeError as error:
        raise WrongFile([Problem(file, "", 1, "is not UTF-8.")]) from error
    items = [_item(file, line, entry) for line, entry in read(file, text)]
    if not items:
        raise WrongFile([Problem(file, "", 1, "has no items.")])
    return items


def _item(file: Path, line: int, entry: Any) -> dict[str, Any]:
    if not isinstance(entry, Mapping):
        raise WrongFile([Problem(file, "", line, "An item is an object with an input.")])
    known = {name: value for name, value in entry.items() if name not in _LEFT_OUT}
    if unknown := sorted(set(known) - set(_FIELDS)):
        raise WrongFile([Problem(file, str(unknown[0]), line, "An item has input, expected and metadata.")])
    if known.get("input") is None:
        raise WrongFile([Problem(file, "input", line, "It is missing.")])
    return {_FIELDS[name]: value for name, value in known.items()}


def _json(file: Path, text: str) -> Iterator[tuple[int, Any]]:
    content = _parsed(file, 1, text)
    if not isinstance(content, list):
        raise WrongFile([Problem(file, "", 1, "is no array of items.")])
    for entry in content:
        yield 1, entry


def _json_lines(file: Path, text: str) -> Iterator[tuple[int, Any]]:
    for line, part in enumerate(text.split("\n"), start=1):
        if part.strip():
            yield line, _parsed(file, line, part)


def _parsed(file: Path, line: int, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise WrongFile([Problem(file, "", line + error.lineno - 1, f"is no JSON: {error.msg}.")]) from error


def _csv(file: Path, text: str) -> Iterator[tuple[int, Any]]:
    """Yield the rows under a line of names; texts stay texts, and `metadata` is JSON."""
    reader = csv.DictReader(text.splitlines(keepends=True), restkey="", strict=True)
    try:
        for row in reader:
            present = {name: value for name, value in row.items() if value not in (None, "")}
            if "metadata" in present:
                present["metadata"] = _parsed(file, reader.line_num, present["metadata"])
            yield reader.line_num, present
    except csv.Error as error:
        raise WrongFile([Problem(file, "", reader.line_num, f"is no CSV: {error}.")]) from error


_READERS: Final[Mapping[str, Callable[[Path, str], Iterator[tuple[int, Any]]]]] = {
    ".json": _json,
    ".jsonl": _json_lines,
    ".csv": _csv,
}
