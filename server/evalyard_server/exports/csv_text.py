"""CSV as RFC 4180 has it, in UTF-8, with a header; safe to open in a spreadsheet."""

import csv
import io
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from evalyard_core.domain.exports import ValueKind

from .json_text import dump, moment
from .table import Column, Row

_ENOUGH: Final = 64 * 1024

#: What a spreadsheet takes for a formula, at once or behind the apostrophes that say otherwise.
#: OWASP, "CSV Injection": = + - @, tab, carriage return; and line feed and the wide forms that some programs fold.
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


def guard(text: str) -> str:
    """Return a text that no spreadsheet computes; `unguard` gives it back.

    U+0000, which no reader of CSV agrees about, is written as U+FFFD.
    """
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    return f"'{text}" if _FORMULA.match(text) else text


def unguard(cell: str) -> str:
    """Return the text that a cell of text stands for."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _score_value(value: Any) -> Any:
    return guard(value) if isinstance(value, str) else dump(value).decode()


_WRITE: Final[dict[ValueKind, Callable[[Any], Any]]] = {
    ValueKind.TEXT: _score_value,
    ValueKind.BOOLEAN: lambda value: dump(value).decode(),
    ValueKind.INTEGER: lambda value: value,
    ValueKind.NUMBER: lambda value: value,
    ValueKind.TIME: moment,
    ValueKind.JSON: lambda value: dump(value).decode(),
}


class CsvEncoder:
    """Writes a cell for each value: nothing for null, numbers as they are, true and false, JSON as JSON text."""

    media_type = "text/csv; charset=utf-8; header=present"

    def __init__(self, columns: Sequence[Column]) -> None:
        self._text = io.StringIO(newline="")
        self._writer = csv.writer(self._text, lineterminator="\r\n")
        self._writer.writerow([guard(column.name) for column in columns])
        self._write = [_WRITE[column.kind] for column in columns]

    @property
    def is_full(self) -> bool:
        """Whether there is enough to be sent."""
        return self._text.tell() >= _ENOUGH

    def add(self, row: Row) -> None:
        """Take in a row."""
        cells = zip(self._write, row, strict=True)
        self._writer.writerow([None if value is None else write(value) for write, value in cells])

    def take(self) -> bytes:
        """Return what has been written since the last time."""
        return self.finish()

    def finish(self) -> bytes:
        """Return the rest."""
        written = self._text.getvalue().encode()
        self._text.seek(0)
        self._text.truncate()
        return written
