import itertools
import random
import time

import pytest

from evalyard_trajectory import ToolCall
from evalyard_trajectory._matching import fits, match_any_order, match_in_order


@pytest.mark.parametrize(
    ("made", "expected", "equal", "contain"),
    [
        ({"a": 1}, {"a": 1}, True, True),
        ({"a": 1}, {"a": 1.0}, True, True),
        ({"a": 1}, {"a": True}, False, False),
        ({"a": 0}, {"a": False}, False, False),
        ({"a": 1, "b": 2}, {"a": 1}, False, True),
        ({"a": 1}, {"a": 1, "b": None}, False, False),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, False, True),
        ({"a": [{"b": 1, "c": 2}]}, {"a": [{"b": 1}]}, False, True),
        ({"a": [1, 2]}, {"a": [1]}, False, False),
        ({"a": [1, 2]}, {"a": [2, 1]}, False, False),
        ({"a": "1"}, {"a": 1}, False, False),
        (None, {}, True, True),
        ({"a": 1}, {}, False, True),
        ({"a": 1}, None, True, True),
        ("text", "text", True, True),
        ("text", {"a": 1}, False, False),
    ],
)
def test_arguments_are_equal_or_contain_the_expected_ones(made, expected, equal, contain):
    one, other = ToolCall("t", made), ToolCall("t", expected)
    assert fits(one, other, "equal") is equal
    assert fits(one, other, "contain") is contain
    assert fits(one, other, "ignore") is True
    assert fits(one, ToolCall("T", expected), "ignore") is False


def test_pairs_are_found_that_taking_the_first_would_miss():
    made = [ToolCall("t", {"a": 1}), ToolCall("t", {"a": 2})]
    expected = [ToolCall("t"), ToolCall("t", {"a": 1})]
    found = match_any_order(made, expected, "equal")
    assert (found.matched, found.missing, found.extra) == (2, [], [])


def test_the_pairs_are_as_many_as_can_be():
    """Compare with trying every assignment."""
    chance = random.Random(7)
    options = [None, {}, {"a": 1}, {"b": 1}, {"a": 1, "b": 1}]
    for _ in range(300):
        made = [ToolCall("t", chance.choice(options[1:])) for _ in range(chance.randrange(5))]
        expected = [ToolCall("t", chance.choice(options)) for _ in range(chance.randrange(5))]
        best = max(
            sum(
                at < len(made) and fits(made[at], wanted, "contain")
                for wanted, at in zip(expected, order, strict=False)
            )
            for order in itertools.permutations(range(max(len(made), len(expected))))
        )
        found = match_any_order(made, expected, "contain")
        assert found.matched == best
        assert len(found.missing) == len(expected) - best
        assert len(found.extra) == len(made) - best


def test_many_calls_take_bounded_time():
    made = [ToolCall("t", {"n": n}) for n in range(400)]
    expected = [*(ToolCall("t") for _ in range(200)), *(ToolCall("t", {"n": n}) for n in range(200))]
    started = time.process_time()
    assert match_any_order(made, expected, "equal").matched == 400
    assert time.process_time() - started < 5


def test_in_order_the_first_that_is_missing_ends_the_search():
    calls = [ToolCall(name) for name in "abcd"]
    found = match_in_order(calls, [ToolCall("b"), ToolCall("x"), ToolCall("d")], "ignore")
    assert (found.matched, found.missing) == (1, [ToolCall("x"), ToolCall("d")])
    assert found.extra == [ToolCall("a"), ToolCall("c"), ToolCall("d")]
