"""JSON Lines (https://jsonlines.org): an object a row, JSON values as they are."""

from collections.abc import Sequence
from typing import Final

from .json_text import dump
from .table import Column, Row

_ENOUGH: Final = 64 * 1024


class JsonLinesEncoder:
    """Writes every column of every row, null where there is nothing."""

    media_type = "application/jsonl; charset=utf-8"

    def __init__(self, columns: Sequence[Column]) -> None:
        self._names = [column.name for column in columns]
        self._written = bytearray()

    @property
    def is_full(self) -> bool:
        """Whether there is enough to be sent."""
        return len(self._written) >= _ENOUGH

    def add(self, row: Row) -> None:
        """Take in a row."""
        self._written += dump(dict(zip(self._names, row, strict=True)))
        self._written += b"\n"

    def take(self) -> bytes:
        """Return what has been written since the last time."""
        return self.finish()

    def finish(self) -> bytes:
        """Return the rest."""
        written = bytes(self._written)
        self._written.clear()
        return written
