"""Parquet written in row groups, as any reader takes it."""

import json
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from pyarrow import BufferReader

from evalyard_core.domain.exports import ValueKind
from evalyard_server.exports import parquet
from evalyard_server.exports.parquet import ParquetEncoder
from evalyard_server.exports.table import Column

COLUMNS = [
    Column("name", ValueKind.TEXT),
    Column("passed", ValueKind.BOOLEAN),
    Column("attempts", ValueKind.INTEGER),
    Column("score", ValueKind.NUMBER),
    Column("at", ValueKind.TIME),
    Column("input", ValueKind.JSON),
]
AT = datetime(2026, 1, 31, 12, 0, 0, 5000, tzinfo=UTC)


def pieces(rows: list[list[Any]]) -> list[bytes]:
    """Return what is sent, piece by piece."""
    encoder, sent = ParquetEncoder(COLUMNS), []
    for row in rows:
        encoder.add(row)
        if encoder.is_full:
            sent.append(encoder.take())
    return [*sent, encoder.finish()]


def test_values_keep_their_types_and_nothing_is_null():
    rows: list[list[Any]] = [
        ["é\x00=1", True, 2, 0.5, AT, {"k": [1, None]}],
        [None] * 6,
        ["", False, 2**53 + 1, 2**63, AT, "text"],
        [0.25, None, None, -1, None, None],
    ]
    table = pq.read_table(BufferReader(b"".join(pieces(rows))))
    assert table.to_pydict() == {
        "name": ["é\x00=1", None, "", "0.25"],
        "passed": [True, None, False, None],
        "attempts": [2, None, 2**53 + 1, None],
        "score": [0.5, None, float(2**63), -1.0],
        "at": [AT, None, AT, None],
        "input": ['{"k":[1,null]}', None, '"text"', None],
    }


@pytest.mark.parametrize(("limit", "most"), [("_MOST_ROWS", 3), ("_MOST_BYTES", 39)])
def test_a_group_is_sent_when_it_is_large_enough(limit: str, most: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parquet, limit, most)
    rows = [[f"name {n}", True, n, n / 2, AT, {"n": n}] for n in range(10)]

    sent = pieces(rows)
    file = pq.ParquetFile(BufferReader(b"".join(sent)))

    assert file.num_row_groups == len(sent) == 4
    assert file.read().column("attempts").to_pylist() == list(range(10))
    # The first piece begins the file, and the last one ends it.
    assert (sent[0][:4], sent[-1][-4:]) == (b"PAR1", b"PAR1")


def test_a_table_without_rows_has_its_columns():
    table = pq.read_table(BufferReader(b"".join(pieces([]))))
    assert (table.num_rows, table.column_names) == (0, [column.name for column in COLUMNS])


def test_pandas_reads_it():
    frame = pd.read_parquet(BufferReader(b"".join(pieces([["a", True, 1, 0.5, AT, {"n": 1}]]))))
    assert frame["score"].mean() == 0.5
    assert json.loads(frame["input"][0]) == {"n": 1}
    assert frame["at"][0] == AT
