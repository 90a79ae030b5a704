"""Apache Parquet, a row group at a time."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from evalyard_core.domain.exports import ValueKind

from .json_text import dump
from .table import Column, Row

#: A row group is held in memory until it is written; its size is that of its texts.
_MOST_BYTES: Final = 16 * 1024 * 1024
_MOST_ROWS: Final = 50_000


def _text(value: Any) -> str:
    return value if isinstance(value, str) else dump(value).decode()


#: What pyarrow is given: it takes no integer beyond 2**53 for a floating-point number.
_PREPARE: Final[dict[ValueKind, Callable[[Any], Any]]] = {
    ValueKind.TEXT: _text,
    ValueKind.JSON: lambda value: dump(value).decode(),
    ValueKind.NUMBER: float,
}


class ParquetEncoder:
    """Writes text and JSON text as strings, moments as timestamps in UTC, and the other kinds as themselves."""

    media_type = "application/vnd.apache.parquet"

    def __init__(self, columns: Sequence[Column]) -> None:
        # Not with the module: it takes 0.4 seconds and 60 MB, and most processes never write a Parquet file.
        import pyarrow as pa  # noqa: PLC0415
        from pyarrow import parquet  # noqa: PLC0415

        types = {
            ValueKind.TEXT: pa.string(),
            ValueKind.BOOLEAN: pa.bool_(),
            ValueKind.INTEGER: pa.int64(),
            ValueKind.NUMBER: pa.float64(),
            ValueKind.TIME: pa.timestamp("ms", tz="UTC"),
            ValueKind.JSON: pa.string(),
        }
        self._schema = pa.schema([(column.name, types[column.kind]) for column in columns])
        self._table: Callable[..., Any] = pa.Table.from_arrays
        self._array: Callable[..., Any] = pa.array
        self._sink = _Sink()
        self._writer = parquet.ParquetWriter(self._sink, self._schema, compression="zstd")
        self._prepare = [_PREPARE.get(column.kind) for column in columns]
        self._rows: list[Row] = []
        self._size = 0

    @property
    def is_full(self) -> bool:
        """Whether there are enough rows for a group."""
        return self._size >= _MOST_BYTES or len(self._rows) >= _MOST_ROWS

    def add(self, row: Row) -> None:
        """Take in a row."""
        values = [
            value if value is None or prepare is None else prepare(value)
            for prepare, value in zip(self._prepare, row, strict=True)
        ]
        self._rows.append(values)
        self._size += sum(len(value) for value in values if isinstance(value, str))

    def take(self) -> bytes:
        """Write the rows as a group, and return what has been written since the last time."""
        if self._rows:
            arrays = [
                self._array(values, type=field.type)
                for values, field in zip(zip(*self._rows, strict=True), self._schema, strict=True)
            ]
            self._rows, self._size = [], 0
            self._writer.write_table(self._table(arrays, schema=self._schema))
        return self._sink.take()

    def finish(self) -> bytes:
        """Return the last group and the footer."""
        last = self.take()
        self._writer.close()
        return last + self._sink.take()


class _Sink:
    """A file that is only written to, and gives up what was written."""

    closed = False

    def __init__(self) -> None:
        self._written = bytearray()
        self._length = 0

    def write(self, data: Any) -> int:
        """Take in some bytes, or a buffer of them."""
        self._written += data
        self._length += len(data)
        return len(data)

    def tell(self) -> int:
        """Return how much was written altogether."""
        return self._length

    def flush(self) -> None:
        """Have nothing to do."""

    def take(self) -> bytes:
        """Return what was written since the last time."""
        written = bytes(self._written)
        self._written.clear()
        return written
