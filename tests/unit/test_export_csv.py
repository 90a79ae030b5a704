"""CSV that spreadsheets do not compute, and that csv and pandas read back."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evalyard_core.domain.exports import ValueKind
from evalyard_server.exports.csv_text import CsvEncoder, guard, unguard
from evalyard_server.exports.table import Column
from tests.fixtures.core import QUICK

COLUMNS = [
    Column("name", ValueKind.TEXT),
    Column("passed", ValueKind.BOOLEAN),
    Column("attempts", ValueKind.INTEGER),
    Column("score", ValueKind.NUMBER),
    Column("at", ValueKind.TIME),
    Column("input", ValueKind.JSON),
]
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", '=HYPERLINK("http://x")', "'=1", "''=1"]
#: What the store takes: any Unicode but halves of surrogate pairs; U+0000 is not kept.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


def written(*rows: Any, columns: list[Column] = COLUMNS) -> str:
    encoder = CsvEncoder(columns)
    for row in rows:
        encoder.add(row)
    return encoder.finish().decode()


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_each_kind_of_value_has_its_form():
    at = datetime(2026, 1, 31, 12, 0, 0, 5000, tzinfo=UTC)
    text = written(
        ['a, "b"\n', True, 2, -0.5, at, {"k": [1, None, "é"]}],
        ["", False, None, 1e20, None, None],
    )
    assert text == (
        "name,passed,attempts,score,at,input\r\n"
        '"a, ""b""\n",true,2,-0.5,2026-01-31T12:00:00.005Z,"{""k"":[1,null,""é""]}"\r\n'
        ",false,,1e+20,,\r\n"
    )


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_becomes_text_and_comes_back(formula: str):
    [_, [cell]] = read(written([formula], columns=[COLUMNS[0]]))
    assert cell == f"'{formula}"
    assert unguard(cell) == formula


@pytest.mark.parametrize("text", ["1+1", " =1", "a=b", "'quoted'", "", "é", "0"])
def test_other_texts_stay_as_they_are(text: str):
    assert guard(text) == unguard(text) == text


def test_a_column_named_like_a_formula_is_text_too():
    [header, _] = read(written([1], columns=[Column("=cmd|' /C calc'!A0", ValueKind.INTEGER)]))
    assert header == ["'=cmd|' /C calc'!A0"]


def test_numbers_below_zero_stay_numbers_and_json_texts_keep_their_quotes():
    [_, *rows] = read(written(["x", None, -3, -2.5, None, -7], ["x", None, -3, -2.5, None, "=1+1"]))
    assert [row[2:4] + row[5:] for row in rows] == [["-3", "-2.5", "-7"], ["-3", "-2.5", '"=1+1"']]


def test_labels_that_are_no_texts_are_written_as_json():
    [_, *rows] = read(written([True], [0.5], [["a"]], columns=[COLUMNS[0]]))
    assert rows == [["true"], ["0.5"], ['["a"]']]


@QUICK
@given(st.lists(st.tuples(TEXTS, st.booleans(), st.integers(), NUMBERS, JSON), min_size=1, max_size=5))
@example([("\r", True, 0, 0.0, "\r\n"), ("'", False, -1, -0.0, None)])
def test_what_is_written_is_read_back_by_csv(rows: list[tuple[Any, ...]]):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    [_, *cells] = read(written(*([*row[:4], at, row[4]] for row in rows)))
    found = [
        (unguard(name), passed == "true", int(attempts), float(score), json.loads(text) if text else None)
        for name, passed, attempts, score, _, text in cells
    ]
    assert found == list(rows)


@QUICK
@given(
    st.lists(st.tuples(TEXTS, st.booleans(), st.integers(-(2**63), 2**63 - 1), NUMBERS, JSON), min_size=1, max_size=5)
)
@example([("\r", True, 0, 0.0, "\r\n"), ("NA", False, -1, -0.5, "NA")])
def test_what_is_written_is_read_back_by_pandas(rows: list[tuple[Any, ...]]):
    text = written(*([*row[:4], None, row[4]] for row in rows))
    frame = pd.read_csv(io.StringIO(text, newline=""), dtype={"name": str, "input": str}, keep_default_na=False)
    assert list(frame.columns) == [column.name for column in COLUMNS]
    found = zip(*(frame[name] for name in ("name", "passed", "attempts", "score", "input")), strict=True)
    assert [
        (unguard(name), passed, attempts, float(score), json.loads(text) if text else None)
        for name, passed, attempts, score, text in found
    ] == list(rows)
