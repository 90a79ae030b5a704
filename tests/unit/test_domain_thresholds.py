"""Thresholds: what meets them, and which ones are refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.errors import BadInput, LimitExceeded
from evalyard_core.domain.evaluators import ScoreType, Threshold, ThresholdOperator, check_threshold
from tests.fixtures.core import QUICK, refusal_of

GT, GTE, LT, LTE, EQ, IN = ThresholdOperator
NUMERIC, BOOLEAN, CATEGORICAL, TEXT = ScoreType.NUMERIC, ScoreType.BOOLEAN, ScoreType.CATEGORICAL, ScoreType.TEXT


@pytest.mark.parametrize(
    ("operator", "bound", "met", "unmet"),
    [
        (GT, 0.5, [0.51, 1, 7], [0.5, 0.49, -1, True, "1", None, [1], float("nan")]),
        (GTE, 0.5, [0.5, 1], [0.49, True, "x", None]),
        (LT, 0.5, [0.49, 0, -3], [0.5, 1, False, "0", None, float("nan")]),
        (LTE, 0.5, [0.5, -1], [0.51, False, None]),
        (EQ, 1, [1, 1.0], [True, 2, "1", None]),
        (EQ, 0, [0, 0.0], [False, None, "", []]),
        (EQ, True, [True], [1, 1.0, False, "true", None]),
        (EQ, False, [False], [0, 0.0, None, True]),
        (EQ, "good", ["good"], ["Good", "goo", "", None, 1]),
        (IN, ["good", "fair"], ["good", "fair"], ["goo", "", None, "good,fair"]),
        (IN, [1, 2.5], [1, 1.0, 2.5], [True, 2, "1", None]),
    ],
)
def test_a_threshold_is_met_by_what_compares_as_it_asks(
    operator: ThresholdOperator, bound: Any, met: list[Any], unmet: list[Any]
):
    threshold = Threshold(operator=operator, value=bound)
    assert [value for value in met if not threshold.met_by(value)] == []
    assert [value for value in unmet if threshold.met_by(value)] == []


GOOD = {
    (NUMERIC, GT): [0, 0.5, -1],
    (NUMERIC, GTE): [1],
    (NUMERIC, LT): [1e9],
    (NUMERIC, LTE): [0.0],
    (NUMERIC, EQ): [3],
    (NUMERIC, IN): [[1], [1, 2.5]],
    (BOOLEAN, EQ): [True, False],
    (CATEGORICAL, EQ): ["good", ""],
    (CATEGORICAL, IN): [["good"], ["good", "fair"]],
    (TEXT, EQ): ["good"],
    (TEXT, IN): [["good"]],
}
VALUES: list[Any] = [
    0,
    0.5,
    True,
    False,
    "good",
    "",
    None,
    [],
    {},
    [1],
    [1, 2.5],
    [True],
    ["good"],
    ["good", 1],
    [None],
]


@pytest.mark.parametrize("score_type", list(ScoreType))
@pytest.mark.parametrize("operator", list(ThresholdOperator))
def test_only_thresholds_are_taken_that_a_score_of_the_type_could_meet(
    score_type: ScoreType, operator: ThresholdOperator
):
    for value in GOOD.get((score_type, operator), []):
        check_threshold(Threshold(operator=operator, value=value), score_type, field="threshold")
    kinds = {_kind(value) for value in GOOD.get((score_type, operator), [])}
    for value in VALUES:
        if _kind(value) in kinds:
            continue
        with pytest.raises(BadInput) as refused:
            check_threshold(Threshold(operator=operator, value=value), score_type, field="input.threshold")
        assert refused.value.field in {"input.threshold", "input.threshold.value"}


def _kind(value: Any) -> Any:
    if isinstance(value, list):
        return ("list", frozenset(map(_kind, value))) if value else "empty"
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def test_no_threshold_is_as_good_as_any():
    for score_type in ScoreType:
        check_threshold(None, score_type, field="threshold")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**64, [1, float("nan")]])
def test_numbers_that_can_not_be_stored_are_refused(value: Any):
    operator = IN if isinstance(value, list) else GTE
    with pytest.raises(BadInput) as refused:
        check_threshold(Threshold(operator=operator, value=value), NUMERIC, field="input.threshold")
    assert refused.value.field == "input.threshold.value"


def test_a_list_of_any_length_is_no_threshold():
    with pytest.raises(LimitExceeded):
        check_threshold(Threshold(operator=IN, value=["x" * 100] * 1000), TEXT, field="threshold")


@QUICK
@given(
    st.sampled_from(ScoreType),
    st.sampled_from(ThresholdOperator),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
)
def test_whatever_is_sent_is_refused_or_can_be_compared(
    score_type: ScoreType, operator: ThresholdOperator, bound: Any, value: Any
):
    threshold = Threshold(operator=operator, value=bound)
    refusal = refusal_of(lambda: check_threshold(threshold, score_type, field="threshold"))
    if refusal is None:
        assert threshold.met_by(value) in {True, False}
    else:
        assert refusal.field in {"threshold", "threshold.value"}
