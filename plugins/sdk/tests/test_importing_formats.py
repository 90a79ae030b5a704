"""Reading files of rows: each format, and what is wrong with files that people have."""

import json
import math
import sys
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evalyard.importing import FORMATS, BadRow, CannotImport, Row
from evalyard.importing._formats import format_of
from evalyard.importing._opening import Source

NO_UTF8 = "is no UTF-8; name the file's encoding with --encoding"


@pytest.fixture
def read(tmp_path):
    def read(name, content, encoding=None):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        source = Source(path, encoding)
        return list(FORMATS[format_of(source)](source))

    return read


def good(rows):
    return [row for row in rows if isinstance(row, Row)]


def bad(rows):
    return [(row.line, row.reason, row.content) for row in rows if isinstance(row, BadRow)]


def test_csv_with_quoted_newlines_a_mark_and_blank_lines(read):
    text = 'question,answer\r\n"two\r\nlines, ""quoted""",x\r\n\r\n  spaced ,ÄÖ\r\n'
    expected = [
        Row(2, {"question": 'two\r\nlines, "quoted"', "answer": "x"}),
        Row(5, {"question": "  spaced ", "answer": "ÄÖ"}),
    ]
    assert read("a.csv", text) == expected
    assert read("a.csv", text.encode("utf-8-sig")) == expected
    assert read("a.csv", text.encode("utf-16")) == expected
    assert read("a.csv", text.encode("latin-1"), "latin-1") == expected


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_what_the_header_has_most_of(read, delimiter):
    text = f"a{delimiter}b{delimiter}c\n1{delimiter}2{delimiter}3\n"
    assert read("a.csv", text) == [Row(2, {"a": "1", "b": "2", "c": "3"})]


def test_tsv(read):
    assert read("a.tsv", "a,x\tb\n1\t2\n") == [Row(2, {"a,x": "1", "b": "2"})]


def test_columns_without_a_name_and_with_one_twice_stay_apart(read):
    assert read("a.csv", "a,,a,a\n1,2,3,4\n") == [Row(2, {"a": "1", "column 2": "2", "a (2)": "3", "a (3)": "4"})]


def test_each_bad_row_of_a_csv_is_told_and_the_others_are_read(read):
    rows = read("a.csv", b'a,b\n1,2\n3\n4,5,6\n"7"x,8\n9,\xff\n10,"11\n12"\n')
    assert good(rows) == [Row(2, {"a": "1", "b": "2"}), Row(7, {"a": "10", "b": "11\n12"})]
    assert bad(rows) == [
        (3, "has 1 fields, and the header has 2", "3"),
        (4, "has 3 fields, and the header has 2", "4,5,6"),
        (5, "is no CSV: ',' expected after '\"'", '"7"x,8'),
        (6, NO_UTF8, "9,\N{REPLACEMENT CHARACTER}"),
    ]


def test_a_quote_that_is_never_closed_is_told_with_the_line_where_it_begins(read):
    rows = read("a.csv", 'a,b\n1,2\n"3,4\n5,6\n')
    assert bad(rows) == [(3, "is no CSV: unexpected end of data", '"3,4\n5,6')]


def test_a_field_of_five_megabytes_is_read_and_one_of_seventeen_costs_its_row_only(read):
    rows = read("a.csv", "a,b\n" + "x" * 5_000_000 + ",1\n" + "y" * 17_000_000 + ",1\n2,3\n")
    assert [len(row.fields["a"]) for row in good(rows)] == [5_000_000, 1]
    assert [entry[:2] for entry in bad(rows)] == [(3, "is no CSV: field larger than field limit (16777216)")]
    assert rows[-1] == Row(4, {"a": "2", "b": "3"})


def test_json_lines(read):
    rows = read("a.jsonl", b'{"a": 1}\n\n[2]\n{"a": NaN}\n{"a":\n{"a": "\xe9"}\r\n{"a": "\xe2\x80\xa8"}')
    assert good(rows) == [Row(1, {"a": 1}), Row(7, {"a": "\u2028"})]
    assert [entry[::2] for entry in bad(rows)] == [
        (3, [2]),
        (4, '{"a": NaN}'),
        (5, '{"a":'),
        (6, '{"a": "\N{REPLACEMENT CHARACTER}"}'),
    ]
    assert [entry[1].partition(":")[0] for entry in bad(rows)] == [
        "is no object with columns",
        "is no JSON",
        "is no JSON",
        NO_UTF8,
    ]


def test_a_json_array_is_read_in_parts(read, monkeypatch):
    objects = [{"n": n, "text": "x\n[]{}," * 20} for n in range(50)]
    monkeypatch.setattr("evalyard.importing._json_rows._PART", 7)
    rows = read("a.json", json.dumps(objects, indent=1))
    assert [row.fields for row in rows] == objects
    assert [row.line for row in rows] == [2 + 4 * n for n in range(50)]
    assert [row.fields for row in read("a.json", json.dumps(objects))] == objects


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[{"a": 1}, {"a": oops}, {"a": 2}]', "is no JSON, so that nothing after it can be read: Expecting value"),
        ('[{"a": 1}', "ends before the array does, so that something may be missing"),
        ('[{"a": 1},', "ends before the array does, so that something may be missing"),
        ('[{"a": 1}, {"a": ', "is no JSON, so that nothing after it can be read: Expecting value"),
        ('[{"a": 1}, 2]', "is no object with columns"),
    ],
)
def test_a_json_array_with_something_wrong_says_where_it_ends(read, text, reason):
    first, second = read("a.json", text)
    assert first == Row(1, {"a": 1})
    assert isinstance(second, BadRow)
    assert second.reason.startswith(reason)


def test_json_lines_and_an_array_in_an_object_may_be_called_json(read):
    assert read("a.json", '{"a": 1}\n{"a": 2}\n') == [Row(1, {"a": 1}), Row(2, {"a": 2})]
    assert read("a.json", '{"total": 2, "rows": [{"a": 1}, {"a": 2}]}') == [Row(1, {"a": 1}), Row(2, {"a": 2})]
    with pytest.raises(CannotImport, match="no array of objects"):
        read("a.json", '{"rows": [{"a": 1}], "others": [{"a": 2}]}')


def test_parquet(read, tmp_path):
    same = {
        "on": date(2026, 1, 2),
        "at": datetime.fromisoformat("2026-01-02T03:00"),
        "d": Decimal("1.25"),
        "nested": {"a": [1, 2]},
    }
    rows = [{"q": "one", "n": 1.5}, {"q": "two", "n": math.nan}, {"q": "three", "n": None}]
    pq.write_table(pa.Table.from_pylist([row | same for row in rows]), tmp_path / "made.parquet")
    first, second, third = read("a.parquet", (tmp_path / "made.parquet").read_bytes())
    same = {"on": "2026-01-02", "at": "2026-01-02T03:00:00", "d": 1.25, "nested": {"a": [1, 2]}}
    assert (first, third) == (Row(1, {"q": "one", "n": 1.5, **same}), Row(3, {"q": "three", "n": None, **same}))
    assert (second.line, second.reason) == (2, "has nan in the column 'n', which is no JSON")


@pytest.mark.parametrize(
    ("name", "content", "encoding", "sentence"),
    [
        ("a.xlsx", b"", None, "The format of a.xlsx is not known; say which with --format: csv"),
        ("a.csv", b"", None, "is empty; it needs a header and rows."),
        ("a.parquet", b"PAR1", None, "is no Parquet that can be read"),
        ("a.csv", b"a\n1\n", "klingon", "'klingon' is no encoding"),
        ("a.csv", b"\xff\xfea\x00\n\x00\x00", None, "is no utf-16"),
        ("a.json", b'{"a": 1', None, "is no JSON"),
    ],
)
def test_a_file_that_can_not_be_read_says_why(read, name, content, encoding, sentence):
    with pytest.raises(CannotImport, match=sentence):
        read(name, content, encoding)


def test_without_pyarrow_parquet_says_what_to_install(read, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CannotImport, match=r'pip install "evalyard\[importing\]"'):
        read("a.parquet", b"PAR1")
