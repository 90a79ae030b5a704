"""JSON values of users: what is stored comes back as it was, and what can't be stored is refused."""

import math
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.errors import BadInput, LimitExceeded
from evalyard_core.domain.payload import (
    MAX_DEPTH,
    MAX_PAYLOAD_BYTES,
    check_together,
    dump_json,
    load_json,
    now,
    payload_size,
)
from tests.fixtures.core import QUICK, refusal_of

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()))
ANYTHING = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


def nested(levels: int, leaf: Any = 1) -> Any:
    value = leaf
    for level in range(levels):
        value = {"deeper": value} if level % 2 else [value]
    return value


@QUICK
@given(ANYTHING)
def test_a_value_is_refused_or_comes_back_as_it_was(value: Any):
    refusal = refusal_of(lambda: payload_size(value, field="value"))
    if refusal is not None:
        assert refusal.field == "value"
        return
    text = dump_json(value)
    assert load_json(text) == value
    assert type(load_json(text)) is type(value)
    assert payload_size(value, field="value") == (len(text.encode()) if text is not None else len("null"))


@pytest.mark.parametrize("value", [2**63 - 1, -(2**63), 2**64 - 1, 1e308, 5e-324, "\x00", "😀", "", [], {}, None])
def test_extremes_come_back_as_they_were(value: Any):
    payload_size([value], field="value")
    assert load_json(dump_json([value])) == [value]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (float("nan"), "NaN and infinity"),
        ({"a": [1, {"b": -math.inf}]}, "NaN and infinity"),
        ([None, "null", (1.0, math.inf)], "NaN and infinity"),
        (2**64, "64-bit"),
        ([-(2**63) - 1], "64-bit"),
        ("\ud800", "surrogates"),
        ({"\udfff": 1}, "surrogates"),
        ({1: 2}, "must be str"),
        ({"a": {1, 2}}, "set"),
        (b"bytes", "bytes"),
    ],
)
def test_what_json_can_not_say_is_refused(value: Any, said: str):
    with pytest.raises(BadInput, match=said) as refused:
        payload_size(value, field="items[3].input")
    assert (refused.value.code, refused.value.field) == ("BAD_USER_INPUT", "items[3].input")


def test_a_null_beside_numbers_is_no_reason_to_refuse_them():
    assert payload_size([None, 1.5, "null", {"null": None}], field="value") == len('[null,1.5,"null",{"null":null}]')


@pytest.mark.parametrize("leaf", [1, [], {}])
def test_a_value_is_as_deep_as_its_lists_and_objects(leaf: Any):
    own = 0 if leaf == 1 else 1
    payload_size(nested(MAX_DEPTH - own, leaf), field="value")
    with pytest.raises(LimitExceeded, match="100 levels") as refused:
        payload_size(nested(MAX_DEPTH + 1 - own, leaf), field="value")
    assert refused.value.field == "value"


def test_a_value_deeper_than_python_can_follow_is_refused_too():
    with pytest.raises(LimitExceeded):
        payload_size(nested(100_000), field="value")


def test_a_payload_may_have_exactly_the_most_bytes():
    assert payload_size("x" * (MAX_PAYLOAD_BYTES - 2), field="value") == MAX_PAYLOAD_BYTES
    with pytest.raises(LimitExceeded, match="at most") as refused:
        payload_size("x" * (MAX_PAYLOAD_BYTES - 1), field="value")
    assert (refused.value.code, refused.value.field) == ("LIMIT_EXCEEDED", "value")
    assert payload_size("ü" * 3, field="value", most=8) == 8
    with pytest.raises(LimitExceeded):
        payload_size("ü" * 3, field="value", most=7)


def test_payloads_that_share_a_document_share_its_room():
    half = "x" * (MAX_PAYLOAD_BYTES // 2)
    assert check_together({"input": half, "output": half[4:]}) == MAX_PAYLOAD_BYTES
    with pytest.raises(LimitExceeded) as refused:
        check_together({"input": half[2:], "output": half})
    assert refused.value.field == "output"
    with pytest.raises(BadInput) as bad:
        check_together({"input": 1, "output": math.nan})
    assert bad.value.field == "output"


def test_the_time_has_the_millisecond_that_the_store_keeps():
    assert now().tzinfo is UTC
    assert {now().microsecond % 1000 for _ in range(100)} == {0}
