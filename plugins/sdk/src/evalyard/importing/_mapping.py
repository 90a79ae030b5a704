"""From the columns of a file to the parts of an item."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ._rows import CannotImport, Row

_PLACE: Final = re.compile(r"(input|expected_output|metadata)(\..+)?|tags|key")
_NAMES: Final[Mapping[str, Sequence[str]]] = {
    "input": [
        *("input", "inputs", "question", "prompt", "query", "messages", "instruction", "user_input", "request"),
        *("problem", "text"),
    ],
    "expected_output": [
        *("expected_output", "expectedoutput", "expected", "ideal", "answer", "expected_answer", "correct_answer"),
        *("reference_answer", "ground_truth", "target", "reference", "gold", "label", "completion", "response"),
        *("solution", "output"),
    ],
    "metadata": ["metadata", "meta"],
    "tags": ["tags"],
    "key": ["key", "id", "item_id", "external_id", "uuid", "_id"],
}
_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Which column each place of an item is read from; `others` says that all other columns are metadata.

    A place is `input`, `expected_output`, `metadata`, one of these with a name (`input.question`), `tags` or `key`.
    """

    columns: Mapping[str, str]
    others: bool = False
    #: Whether cells that are JSON objects or arrays are read as such.
    parses: bool = False
    _used: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Check the places; raises CannotImport."""
        object.__setattr__(self, "_used", frozenset(self.columns.values()))
        for place in self.columns:
            if not _PLACE.fullmatch(place):
                raise CannotImport(
                    f"{place!r} is no part of an item; map input, expected_output, metadata, one of these with a name "
                    "such as input.question, tags or key."
                )
            whole = place.partition(".")[0]
            if whole not in {place, "metadata"} and whole in self.columns:
                raise CannotImport(f"Map {whole} or {place}, not both.")
        if not any(place.partition(".")[0] == "input" for place in self.columns):
            raise CannotImport("Say which column is the input: --map input=COLUMN.")

    def item(self, row: Row) -> dict[str, Any]:
        """Return the item of a row as it is sent; raises ValueError with the reason why it is none."""
        values = {place: self._value(row, column) for place, column in self.columns.items()}
        given = {place: value for place, value in values.items() if value is not _MISSING and value is not None}
        if (value := _part(given, "input")) is None:
            raise ValueError("has no input")
        item = {
            "input": value,
            "expectedOutput": _part(given, "expected_output"),
            "metadata": self._metadata(given, row),
        }
        if "key" in self.columns:
            item["key"] = _key(given.get("key"))
        if "tags" in given:
            item["tags"] = _tags(given["tags"])
        return item

    def lines(self) -> list[str]:
        """Say it, a line for each place."""
        said = [f"{place} = {column}" for place, column in self.columns.items()]
        return [*said, "metadata.* = every other column"] if self.others else said

    def _metadata(self, given: Mapping[str, Any], row: Row) -> Any:
        named = _part({place: value for place, value in given.items() if place != "metadata"}, "metadata") or {}
        if self.others:
            rest = {name: self._parsed(value) for name, value in row.fields.items() if name not in self._used}
            named = {name: value for name, value in rest.items() if value not in (None, "")} | named
        whole = given.get("metadata")
        if not named:
            return whole
        return {**whole, **named} if isinstance(whole, dict) else named | ({} if whole is None else {"metadata": whole})

    def _value(self, row: Row, column: str) -> Any:
        value = self._parsed(_at(row.fields, column))
        # An empty cell is the only way in which a table of texts can say that there is nothing.
        return _MISSING if value == "" else value

    def _parsed(self, value: Any) -> Any:
        if not self.parses or not isinstance(value, str) or value[:1] not in {"{", "["}:
            return value
        try:
            return json.loads(value, parse_constant=str)
        except (ValueError, RecursionError):
            return value


def read_mapping(given: Iterable[str]) -> dict[str, str]:
    """Return places and columns of `place=column`; raises CannotImport."""
    columns: dict[str, str] = {}
    for entry in given:
        place, sign, column = entry.partition("=")
        if not (place and sign and column):
            raise CannotImport(f"--map {entry!r} is not PLACE=COLUMN, such as input=question.")
        if place in columns:
            raise CannotImport(f"--map {place} is given twice; give it once.")
        columns[place] = column
    return columns


def check_columns(columns: Mapping[str, str], rows: Sequence[Row]) -> None:
    """Raise CannotImport for a column that none of the rows has."""
    for column in columns.values():
        if all(_at(row.fields, column) is _MISSING for row in rows):
            raise CannotImport(f"The file has no column {column!r}; it has: {', '.join(names_of(rows))}.")


def guess(rows: Sequence[Row]) -> dict[str, str]:
    """Return the columns that the places of an item are likely to be read from, by their names."""
    names = names_of(rows)
    known = {_plain(name): name for name in reversed(names)}
    found = {
        place: known[match]
        for place, likely in _NAMES.items()
        if (match := next((name for name in likely if name in known), None)) is not None
    }
    for name in names:
        whole, dot, part = name.partition(".")
        place = {"output": "expected_output"}.get(_plain(whole), _plain(whole))
        if dot and part and place in {"input", "expected_output", "metadata"} and place not in found:
            found[f"{place}.{part}"] = name
    return found


def names_of(rows: Iterable[Row]) -> list[str]:
    """Return the names of the columns in the order in which they come first."""
    return list(dict.fromkeys(name for row in rows for name in row.fields))


def _plain(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def _at(fields: Mapping[str, Any], column: str) -> Any:
    """Return the value of a column, or of a path into nested ones such as `item.question`."""
    if column in fields:
        return fields[column]
    value: Any = fields
    for part in column.split("."):
        if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            return _MISSING
    return value


def _part(given: Mapping[str, Any], whole: str) -> Any:
    if whole in given:
        return given[whole]
    inside = {place.partition(".")[2]: value for place, value in given.items() if place.startswith(f"{whole}.")}
    return inside or None


def _key(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("has no id in the column that is mapped to key")  # noqa: TRY004 - the reason why it is no item
    return str(value).strip()


def _tags(value: Any) -> list[str]:
    tags = value.split(",") if isinstance(value, str) else value
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise ValueError("has tags that are neither a list of texts nor a text with commas")
    return [tag.strip() for tag in tags if tag.strip()]
