"""Langfuse: the items of a dataset, as its page exports them (CSV, JSON, JSON Lines) or its API lists them (`data`)."""

from typing import Any, Final

from evalyard.importing._formats import FORMATS, TEXT_ONLY, format_of
from evalyard.importing._mapping import ColumnMapping
from evalyard.importing._opening import Source
from evalyard.importing._rows import CannotImport, Row

from ._found import Found, ToolDataset

TOOL: Final = "langfuse"
_FACTS: Final = ("sourceTraceId", "sourceObservationId", "status")


def open_file(source: Source) -> Found:
    """Return the items of a file. Archived ones are tagged `archived`."""
    name = format_of(source)
    rows = FORMATS[name]
    first = next((row for row in rows(source) if isinstance(row, Row)), None)
    if first is None or not {"input", "expectedOutput"} <= first.fields.keys():
        raise CannotImport(f"{source.path} is no export of a Langfuse dataset: it needs input and expectedOutput.")
    places = {"input": "input", "expected_output": "expectedOutput", "metadata": "metadata", "key": "id"}
    mapping = ColumnMapping(
        {place: column for place, column in places.items() if column in first.fields}, parses=name in TEXT_ONLY
    )
    return ToolDataset(TOOL, source.path.stem, lambda: rows(source), lambda row: _item(row, mapping))


def _item(row: Row, mapping: ColumnMapping) -> dict[str, Any]:
    item = mapping.item(row)
    facts = {name: row.fields[name] for name in _FACTS if row.fields.get(name)}
    status = facts.pop("status", "ACTIVE")
    if facts:
        item["metadata"] = {**_as_object(item["metadata"]), "langfuse": facts}
    return item if status == "ACTIVE" else {**item, "tags": [str(status).lower()]}


def _as_object(metadata: Any) -> dict[str, Any]:
    if metadata is None:
        return {}
    return metadata if isinstance(metadata, dict) else {"metadata": metadata}
