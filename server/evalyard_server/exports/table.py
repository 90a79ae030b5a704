"""What a table is before it has a form: columns, and rows of values."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, NamedTuple, Protocol

from evalyard_core.domain.exports import ValueKind

#: The values of a row in the order of the columns, each None or of its column's kind: text, bool, int, float or int,
#: datetime, or any JSON value.
Row = Sequence[Any]


class Column(NamedTuple):
    """A column of a table."""

    name: str
    kind: ValueKind


class Table(NamedTuple):
    """What is exported: `title` names the file, `rows` are read when they are asked for, and once."""

    title: str
    columns: Sequence[Column]
    rows: AsyncGenerator[Row, None]


class Encoder(Protocol):
    """Gives a table its form, a piece at a time; what it holds back is bounded."""

    media_type: str

    @property
    def is_full(self) -> bool:
        """Whether there is enough to be sent."""

    def add(self, row: Row) -> None:
        """Take in a row."""

    def take(self) -> bytes:
        """Return what has been written since the last time."""

    def finish(self) -> bytes:
        """Return the rest; nothing is added afterwards."""
