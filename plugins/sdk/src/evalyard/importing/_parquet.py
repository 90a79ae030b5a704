"""Parquet, by pyarrow, which need not be there."""

import math
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from ._opening import Source
from ._rows import BadRow, CannotImport, Row

_ROWS_AT_ONCE: Final = 1_000


def read_parquet(source: Source) -> Iterator[Row | BadRow]:
    """Yield the rows of a file, which are counted from 1."""
    try:
        from pyarrow import ArrowException  # noqa: PLC0415 - only this format needs it
        from pyarrow.parquet import ParquetFile  # noqa: PLC0415
    except ImportError as error:
        raise CannotImport('Parquet needs one more package: pip install "evalyard[importing]".') from error
    with source.binary() as file:
        try:
            batches = ParquetFile(file).iter_batches(batch_size=_ROWS_AT_ONCE)
            for number, fields in enumerate((row for batch in batches for row in batch.to_pylist()), 1):
                yield as_row(number, fields)
        except ArrowException as error:
            raise CannotImport(f"{source.path} is no Parquet that can be read: {error}.") from error


def as_row(number: int, fields: dict[str, Any]) -> Row | BadRow:
    """Return a row of Arrow as JSON has it: times as ISO 8601, decimals as numbers."""
    try:
        return Row(number, {name: _json(value, name) for name, value in fields.items()})
    except ValueError as error:
        return BadRow(number, str(error), repr(fields)[:2_000])


def _json(value: Any, column: str) -> Any:
    if isinstance(value, dict):
        return {str(name): _json(part, column) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_json(part, column) for part in value]
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"has {value} in the column {column!r}, which is no JSON")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if value is not None and not isinstance(value, str | int | float):
        raise ValueError(f"has {type(value).__name__} in the column {column!r}, which is no JSON")
    return value
