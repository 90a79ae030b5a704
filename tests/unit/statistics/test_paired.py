"""Comparing two sides item by item: what is said, and what it rests on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.statistics import (
    ComparisonVerdict,
    PairedResult,
    PairedTest,
    ScoreKind,
    compare_paired,
    correct_for_many,
)
from evalyard_core.domain.statistics.mcnemar import mcnemar_p, tango_interval
from evalyard_core.domain.statistics.sign_flip import sign_flip_p
from tests.fixtures.core import QUICK

BETTER, WORSE = ComparisonVerdict.BETTER, ComparisonVerdict.WORSE
NO_DIFFERENCE, TOO_FEW = ComparisonVerdict.NO_DIFFERENCE, ComparisonVerdict.TOO_FEW_CASES
PASS_FAIL, NUMBER = ScoreKind.PASS_FAIL, ScoreKind.NUMBER

BITS = st.sampled_from([0.0, 1.0])
MARKS = st.integers(0, 4).map(lambda mark: mark / 4)


def pairs_of(values: st.SearchStrategy[float]) -> st.SearchStrategy[list[tuple[float, float]]]:
    return st.lists(st.tuples(values, values), min_size=1, max_size=40)


def counts(gained: int, lost: int, same: int) -> tuple[list[float], list[float]]:
    baseline = [0.0] * gained + [1.0] * lost + [1.0] * same
    return baseline, [1.0] * gained + [0.0] * lost + [1.0] * same


def compare(pairs: list[tuple[float, float]], kind: ScoreKind, **options: bool) -> PairedResult:
    return compare_paired([before for before, _ in pairs], [after for _, after in pairs], kind=kind, **options)


def test_passes_and_failures_are_compared_by_mcnemar():
    result = compare_paired(*counts(gained=16, lost=4, same=80), kind=PASS_FAIL)
    assert result == PairedResult(
        delta=0.12,
        interval=tango_interval(16, 4, 100),
        p_value=mcnemar_p(16, 4),
        test=PairedTest.MCNEMAR,
        pairs=100,
        changed=20,
        cases_needed=result.cases_needed,
        verdict=BETTER,
        notable=True,
        lower_is_better=False,
    )
    assert result.test == "McNemar exact"
    assert result.p_value == pytest.approx(0.01181793212890625)  # scipy.stats.binomtest(4, 20).pvalue


def test_shares_of_trials_and_numbers_are_compared_by_sign_flips():
    baseline, candidate = [0.2, 0.4, 0.6, 1.0] * 10, [0.4, 0.6, 0.6, 0.8] * 10
    for kind in (PASS_FAIL, NUMBER):
        result = compare_paired(baseline, candidate, kind=kind)
        assert (result.test, result.pairs, result.changed) == ("paired permutation", 40, 30)
        assert result.delta == pytest.approx(0.05)
        assert result.p_value == pytest.approx(sign_flip_p(np.array([0.2, 0.2, 0.0, -0.2] * 10)))
    assert compare_paired([0.0, 1.0] * 9, [1.0, 0.0] * 9, kind=NUMBER).test == "paired permutation"


@QUICK
@given(pairs_of(BITS) | pairs_of(MARKS), st.sampled_from(ScoreKind))
def test_a_thing_compared_with_itself_is_no_different(pairs: list[tuple[float, float]], kind: ScoreKind):
    result = compare([(before, before) for before, _ in pairs], kind)
    assert (result.delta, result.p_value, result.verdict) == (0.0, 1.0, NO_DIFFERENCE)
    assert (result.changed, result.cases_needed, result.notable) == (0, None, False)


@QUICK
@given(pairs_of(BITS) | pairs_of(MARKS), st.sampled_from(ScoreKind))
def test_swapping_the_sides_mirrors_the_result(pairs: list[tuple[float, float]], kind: ScoreKind):
    result, mirrored = compare(pairs, kind), compare([(after, before) for before, after in pairs], kind)
    assert result.delta is not None
    assert mirrored.delta == -result.delta
    assert mirrored.p_value == pytest.approx(result.p_value)
    assert (mirrored.cases_needed, mirrored.changed) == (result.cases_needed, result.changed)
    assert mirrored.verdict == {BETTER: WORSE, WORSE: BETTER}.get(result.verdict, result.verdict)
    assert (mirrored.interval is None) is (result.interval is None)
    if result.interval is not None and mirrored.interval is not None:
        ends = (-mirrored.interval.high, -mirrored.interval.low)
        assert (result.interval.low, result.interval.high) == pytest.approx(ends, abs=1e-7)


@QUICK
@given(pairs_of(BITS) | pairs_of(MARKS), st.randoms(), st.sampled_from(ScoreKind))
def test_the_order_of_the_items_does_not_matter(pairs: list[tuple[float, float]], random, kind: ScoreKind):
    shuffled = random.sample(pairs, len(pairs))
    assert compare(shuffled, kind) == compare(pairs, kind)


@QUICK
@given(pairs_of(BITS) | pairs_of(MARKS), st.sampled_from(ScoreKind))
def test_the_interval_agrees_with_the_test(pairs: list[tuple[float, float]], kind: ScoreKind):
    result = compare(pairs, kind)
    assert result.p_value is not None
    assert result.delta is not None
    assert (result.verdict in {BETTER, WORSE}) is (result.p_value <= 0.05)
    if result.interval is None:
        assert result.pairs < 6
        return
    assert result.interval.low - 1e-9 <= result.delta <= result.interval.high + 1e-9
    if result.p_value > 0.05:
        assert result.interval.low <= 0 <= result.interval.high
    else:
        assert result.interval.low >= 0 or result.interval.high <= 0


def test_an_interval_is_widened_where_the_exact_test_is_the_more_cautious():
    result = compare_paired(*counts(gained=7, lost=1, same=13), kind=PASS_FAIL)
    assert tango_interval(7, 1, 21).low == pytest.approx(0.026, abs=5e-5)
    assert result.interval is not None
    assert (result.interval.low, result.p_value, result.verdict) == (0.0, 0.0703125, TOO_FEW)


@pytest.mark.parametrize(
    ("gained", "lost", "same", "verdict"),
    [
        (6, 0, 0, BETTER),
        (0, 6, 94, WORSE),
        (5, 0, 0, TOO_FEW),  # p = 0.0625 whatever happens
        (2, 3, 995, TOO_FEW),
        (8, 3, 39, TOO_FEW),  # ten points, and it could be chance
        (10, 10, 80, NO_DIFFERENCE),
        (12, 10, 78, NO_DIFFERENCE),  # two points
        (0, 0, 3, NO_DIFFERENCE),
    ],
)
def test_the_verdict_on_passes_and_failures(gained: int, lost: int, same: int, verdict: ComparisonVerdict):
    assert compare_paired(*counts(gained, lost, same), kind=PASS_FAIL).verdict is verdict


def test_the_verdict_on_numbers():
    rising = [0.5, 0.6, 0.7, 0.55, 0.65, 0.8]
    falling = [value - 0.1 for value in rising]
    assert compare_paired(falling, rising, kind=NUMBER).verdict is BETTER
    assert compare_paired(rising, falling, kind=NUMBER).verdict is WORSE
    assert compare_paired(rising, falling, kind=NUMBER, lower_is_better=True).verdict is BETTER
    five = compare_paired(falling[:5], rising[:5], kind=NUMBER)
    assert (five.verdict, five.p_value, five.interval, five.cases_needed) == (TOO_FEW, 0.0625, None, 6)
    # A quarter of a deviation over 40 items is notable, a tenth of one is not.
    noise = np.random.default_rng(5).normal(0, 1, 40)
    noise = (noise - noise.mean()) / noise.std(ddof=1)
    notable = compare_paired([0.0] * 40, list(noise + 0.25), kind=NUMBER)
    assert (notable.verdict, notable.cases_needed) == (TOO_FEW, 128)
    small = compare_paired([0.0] * 40, list(noise + 0.1), kind=NUMBER)
    assert (small.verdict, small.cases_needed) == (NO_DIFFERENCE, 787)


def test_nothing_can_be_said_of_no_pairs():
    result = compare_paired([], [], kind=PASS_FAIL)
    assert result == PairedResult(verdict=TOO_FEW)
    assert (result.delta, result.interval, result.p_value, result.test, result.pairs) == (None, None, None, None, 0)


def test_sides_of_different_length_are_refused():
    with pytest.raises(ValueError, match="2 values cannot be paired with 1"):
        compare_paired([1.0, 0.0], [1.0], kind=PASS_FAIL)


def test_means_that_differ_in_the_last_digit_are_equal():
    result = compare_paired([0.1 + 0.2] * 20, [0.3] * 20, kind=NUMBER)
    assert (result.changed, result.p_value, result.delta) == (0, 1.0, 0.0)


def test_many_evaluators_are_corrected_together():
    results = {
        "a": compare_paired(*counts(6, 0, 94), kind=PASS_FAIL),  # 0.03125
        "b": compare_paired(*counts(20, 2, 78), kind=PASS_FAIL),
        "c": compare_paired([], [], kind=PASS_FAIL),
    }
    corrected = correct_for_many(results)
    assert [result.verdict for result in results.values()] == [BETTER, BETTER, TOO_FEW]
    assert corrected["a"].p_value == results["a"].p_value == 0.03125
    assert corrected["b"].p_value == 2 * mcnemar_p(20, 2)
    assert corrected["c"] == results["c"]
    three = correct_for_many({**results, "d": compare_paired(*counts(5, 5, 90), kind=PASS_FAIL)})
    assert (three["a"].p_value, three["a"].verdict) == (0.0625, TOO_FEW)
    assert three["b"].verdict is BETTER
    assert (three["d"].p_value, three["d"].verdict) == (1.0, NO_DIFFERENCE)
    assert three["a"].cases_needed is not None
    assert three["a"].cases_needed > (results["a"].cases_needed or 0) > 100
    assert correct_for_many({}) == {}
