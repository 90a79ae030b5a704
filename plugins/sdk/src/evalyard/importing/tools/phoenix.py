"""Phoenix: the examples of a dataset, as CSV, JSON Lines or JSON of its API or its page.

- CSV: `input.question`, `output.answer`, `metadata.…` (before: `input_question` …) beside `id` or `example_id`
- JSON Lines: `input`, `output`, `metadata`; JSON of `/v1/datasets/{id}/examples`: the same in `data.examples`
- the two exports for OpenAI: `messages`, and `messages` with `ideal`
"""

from collections.abc import Iterator
from typing import Any, Final

from evalyard.importing._formats import FORMATS, TEXT_ONLY, format_of
from evalyard.importing._json_rows import load
from evalyard.importing._mapping import ColumnMapping
from evalyard.importing._opening import Source
from evalyard.importing._rows import BadRow, CannotImport, Row

from ._found import Found, ToolDataset
from ._values import mapping

TOOL: Final = "phoenix"
_PLACES: Final = {"input": "input", "output": "expected_output", "metadata": "metadata"}
_KEYS: Final = ("example_id", "id", "node_id")


def open_file(source: Source) -> Found:
    """Return the examples of a file."""
    name = format_of(source)
    rows = _listed if name == "json" else FORMATS[name]
    first = next((row for row in rows(source) if isinstance(row, Row)), None)
    if first is None:
        raise CannotImport(f"{source.path} has no example that can be read.")
    read = _messages if "messages" in first.fields else _example
    if name in TEXT_ONLY:
        read = _columns(first).item
    return ToolDataset(TOOL, source.path.stem, lambda: rows(source), read)


def _listed(source: Source) -> Iterator[Row | BadRow]:
    document = mapping(load(source))
    examples = mapping(document.get("data")).get("examples")
    if not isinstance(examples, list):
        raise CannotImport(f"{source.path} is not what Phoenix answers to /v1/datasets/.../examples.")
    for place, example in enumerate(examples, 1):
        yield Row(place, example) if isinstance(example, dict) else BadRow(place, "is no example", example)


def _example(row: Row) -> dict[str, Any]:
    if not row.fields.get("input"):
        raise ValueError("has no input")
    metadata = dict(mapping(row.fields.get("metadata")))
    if row.fields.get("splits"):
        metadata["splits"] = row.fields["splits"]
    item = {
        "input": row.fields["input"],
        "expectedOutput": row.fields.get("output") or None,
        "metadata": metadata or None,
    }
    key = next((row.fields[name] for name in _KEYS if row.fields.get(name)), None)
    return item if key is None else {**item, "key": str(key)}


def _messages(row: Row) -> dict[str, Any]:
    """Return the item of a line for OpenAI: what is to be answered, and the answer, where it stands apart."""
    messages = row.fields.get("messages")
    if not messages:
        raise ValueError("has no messages")
    return {"input": messages, "expectedOutput": row.fields.get("ideal"), "metadata": None}


def _columns(first: Row) -> ColumnMapping:
    found: dict[str, str] = {}
    for name in first.fields:
        for whole, place in _PLACES.items():
            if name.startswith((f"{whole}.", f"{whole}_")):
                found[f"{place}.{name[len(whole) + 1 :]}"] = name
    key = next((name for name in _KEYS if name in first.fields), None)
    if key is not None:
        found["key"] = key
    if "splits" in first.fields:
        found["metadata.splits"] = "splits"
    return ColumnMapping(found, parses=True)
