"""CSV and TSV."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, TextIO

from ._opening import Source, is_text
from ._rows import BadRow, CannotImport, Row

#: More than an item may have; a quote that is never closed would otherwise take in the rest of the file.
_LONGEST_FIELD: Final = 16 * 1024 * 1024
_DELIMITERS: Final = ",;\t|"
_NOT_TEXT: Final = "is no UTF-8; name the file's encoding with --encoding"


class _Lines:
    """The lines of a file, of which those of the row at hand are kept."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.count = 0
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        for line in self._file:
            self.count += 1
            self.taken.append(line)
            yield line

    def begin(self) -> int:
        """Forget the lines of the last row; return the number of the next one."""
        self.taken.clear()
        return self.count + 1

    @property
    def text(self) -> str:
        """The row as it stands in the file."""
        return "".join(self.taken).rstrip("\r\n")


def read_csv(source: Source) -> Iterator[Row | BadRow]:
    """Yield the rows of a file whose header separates the columns by commas, semicolons, tabs or bars."""
    yield from _read(source, None)


def read_tsv(source: Source) -> Iterator[Row | BadRow]:
    """Yield the rows of a file whose columns are separated by tabs."""
    yield from _read(source, "\t")


def _read(source: Source, delimiter: str | None) -> Iterator[Row | BadRow]:
    csv.field_size_limit(_LONGEST_FIELD)
    with source.text(newline="") as file:
        if delimiter is None:
            delimiter = _delimiter(file.readline())
            file.seek(0)
        lines = _Lines(file)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        columns = _columns(reader, source)
        while (row := _next(reader, lines, columns)) is not None:
            yield row


def _columns(reader: "Iterator[list[str]]", source: Source) -> list[str]:
    """Return the names of the columns; a second one of a name, and one without, get a name that says so."""
    try:
        header = next((row for row in reader if row), None)
    except csv.Error as error:
        raise CannotImport(f"The header of {source.path} is no CSV: {error}.") from error
    if header is None:
        raise CannotImport(f"{source.path} is empty; it needs a header and rows.")
    names = [name.strip() or f"column {place}" for place, name in enumerate(header, 1)]
    seen: Counter[str] = Counter()
    for place, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            names[place] = f"{name} ({seen[name]})"
    return names


def _next(reader: "Iterator[list[str]]", lines: _Lines, columns: Sequence[str]) -> Row | BadRow | None:
    """Return the next row that is not blank, None at the end."""
    cells: list[str] | None = []
    while not cells:
        line = lines.begin()
        try:
            cells = next(reader, None)
        except csv.Error as error:
            return BadRow(line, f"is no CSV: {error}", lines.text)
        if cells is None:
            return None
    if len(cells) != len(columns):
        return BadRow(line, f"has {len(cells)} fields, and the header has {len(columns)}", lines.text)
    if not is_text(lines.text):
        return BadRow(line, _NOT_TEXT, lines.text.encode(errors="surrogateescape").decode(errors="replace"))
    return Row(line, dict(zip(columns, cells, strict=True)))


def _delimiter(header: str) -> str:
    """Return what separates the columns of a header: what it has most of, a comma where it has none."""
    return max(_DELIMITERS, key=header.count)
