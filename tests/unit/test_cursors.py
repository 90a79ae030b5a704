"""Cursors: what goes in comes out, and what no list has given is refused."""

import base64
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.errors import BadInput
from evalyard_core.storage.pages import Order, as_page, read_cursor, write_cursor
from tests.fixtures.core import QUICK, refusal_of

BY_COST = Order("cost_usd", descending=True, nullable=True)
VALUES = (
    st.none()
    | st.text()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.datetimes(timezones=st.just(UTC))
)


def a_cursor(content: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(content)).decode()


@QUICK
@given(VALUES, st.text(min_size=1))
def test_a_cursor_gives_back_the_value_and_the_id_of_its_row(value: Any, identifier: str):
    found = read_cursor(write_cursor(value, identifier, BY_COST), BY_COST)
    assert found == (value, identifier)
    assert type(found[0]) is type(value)


def test_a_time_with_another_zone_is_the_same_time():
    moment = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=5)))
    assert read_cursor(write_cursor(moment, "x", BY_COST), BY_COST) == (moment.astimezone(UTC), "x")


@pytest.mark.parametrize(
    "other",
    [
        Order("cost_usd", nullable=True),
        Order("latency_ms", descending=True, nullable=True),
        Order(),
        Order("cost_usd", descending=True, basis=":e1"),
    ],
)
def test_a_cursor_of_another_order_is_refused(other: Order):
    with pytest.raises(BadInput, match="of another order") as refused:
        read_cursor(write_cursor(1.0, "x", BY_COST), other)
    assert (refused.value.code, refused.value.field) == ("BAD_USER_INPUT", "after")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "!",
        "x",
        "é",
        "\ud800",
        "bm8=",
        a_cursor(1),
        a_cursor(None),
        a_cursor("abc"),
        a_cursor({}),
        a_cursor([]),
        a_cursor(["-cost_usd", 1.0]),
        a_cursor(["-cost_usd", 1.0, "x", "y"]),
        a_cursor(["-cost_usd", 1.0, 7]),
        a_cursor(["-cost_usd", 1.0, {"$gt": ""}]),
        a_cursor(["-cost_usd", {}, "x"]),
        a_cursor(["-cost_usd", {"$gt": 0}, "x"]),
        a_cursor(["-cost_usd", {"at": 3}, "x"]),
        a_cursor(["-cost_usd", {"at": "yesterday"}, "x"]),
        a_cursor(["-cost_usd", {"at": "0001-01-01T00:00:00+23:59"}, "x"]),
        a_cursor(["-cost_usd", [1], "x"]),
        a_cursor(["-cost_usd", 2**63, "x"]),
    ],
)
def test_what_no_list_has_given_is_refused(cursor: str):
    with pytest.raises(BadInput) as refused:
        read_cursor(cursor, BY_COST)
    assert (refused.value.code, refused.value.field) == ("BAD_USER_INPUT", "after")


@QUICK
@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()) | VALUES.map(str))
def test_any_text_is_a_cursor_or_is_refused(cursor: str):
    refusal = refusal_of(lambda: read_cursor(cursor, Order()))
    assert refusal is None or refusal.field == "after"


def test_a_row_more_than_asked_for_tells_that_there_is_more():
    rows = [{"_id": f"r{n}", "summary": {"pass_rate": n / 4}} for n in range(4)]
    order = Order("summary.pass_rate", nullable=True)
    page = as_page(rows, order, 3, None, lambda row: row["_id"])
    assert (page.items, page.has_next, page.has_previous) == (["r0", "r1", "r2"], True, False)
    assert [read_cursor(cursor, order) for cursor in page.cursors] == [(0.0, "r0"), (0.25, "r1"), (0.5, "r2")]
    last = as_page(rows[3:], order, 3, page.cursors[-1], lambda row: row["_id"])
    assert (last.items, last.has_next, last.has_previous) == (["r3"], False, True)
    assert as_page([], order, 3, None, str) == as_page([], order, 1, None, str)


def test_a_row_without_the_field_is_sorted_as_null():
    page = as_page(
        [{"_id": "r", "dataset": None}], Order("dataset.name", nullable=True), 3, None, lambda row: row["_id"]
    )
    assert read_cursor(page.cursors[0], Order("dataset.name", nullable=True)) == (None, "r")
