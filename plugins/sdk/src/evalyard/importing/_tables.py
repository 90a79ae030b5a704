"""Importing tables: what a file holds, as which parts of items its columns are read, and its items."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from ._formats import FORMATS, TEXT_ONLY, format_of
from ._items import NumberedItem, read_items
from ._mapping import ColumnMapping, check_columns, guess, names_of
from ._opening import Source
from ._rows import BadRow, CannotImport, Row

_LOOKED_AT: Final = 100


@dataclass(frozen=True, slots=True)
class Table:
    """A file of rows that is to be imported; `guessed` says that nobody has said what its columns mean."""

    source: Source
    format: str
    mapping: ColumnMapping
    guessed: bool
    left_out: Sequence[str]

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        columns: Mapping[str, str] | None = None,
        id_column: str | None = None,
        format: str | None = None,
        encoding: str | None = None,
        as_text: bool = False,
    ) -> "Table":
        """Look at the first rows of a file; `columns` is from a part of an item to a column, guessed where it is empty.

        `id_column` is the column with the items' keys. With `as_text`, cells of CSV and TSV stay texts also where they
        are JSON. Raises CannotImport.
        """
        source = Source(path, encoding)
        name = format_of(source, format)
        rows = [row for row in islice(FORMATS[name](source), _LOOKED_AT) if isinstance(row, Row)]
        if not rows:
            raise CannotImport(f"{path} has no row that can be read.")
        found = dict(columns) if columns else guess(rows)
        if id_column is not None:
            found["key"] = id_column
        check_columns(found, rows)
        parses = name in TEXT_ONLY and not as_text
        mapping = ColumnMapping(found, others=not columns, parses=parses)
        left_out = [] if mapping.others else [entry for entry in names_of(rows) if not _is_used(entry, found)]
        return cls(source, name, mapping, guessed=not columns, left_out=left_out)

    def rows(self) -> Iterator[Row | BadRow]:
        """Yield the rows from the first one on."""
        yield from FORMATS[self.format](self.source)

    def items(self, tags: Sequence[str] = ()) -> Iterator[NumberedItem | BadRow]:
        """Yield the items from the first one on, each with `tags` beside its own."""
        return read_items(self.rows(), self.mapping.item, tags=tags)

    def preview(self, count: int = 3) -> list[dict[str, Any]]:
        """Return the first items."""
        items = (entry.item for entry in self.items() if isinstance(entry, NumberedItem))
        return list(islice(items, count))


def _is_used(name: str, columns: Mapping[str, str]) -> bool:
    return any(column == name or column.startswith(f"{name}.") for column in columns.values())
