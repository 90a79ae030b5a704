"""The statistics of a summary, each against an independent computation."""

import itertools
import math
import statistics
import warnings

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st

from evalyard_core.domain.runs import Bin, Interval, PassAtK
from evalyard_core.domain.statistics import histogram, mean_interval, pass_at_k, percentile, wilson_interval
from tests.fixtures.core import QUICK

NUMBERS = st.floats(-1e100, 1e100) | st.floats(-1, 1) | st.integers(-100, 100).map(float)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
@QUICK
@given(trials=st.integers(1, 3000), data=st.data())
def test_the_wilson_interval_is_that_of_scipy(level: float, trials: int, data: st.DataObject):
    successes = data.draw(st.integers(0, trials))
    wanted = scipy.stats.binomtest(successes, trials).proportion_ci(level, method="wilson")
    interval = wilson_interval(successes, trials, level)
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((wanted.low, wanted.high), abs=1e-12)
    assert 0 <= interval.low <= successes / trials <= interval.high <= 1
    assert interval.level == level


def test_the_wilson_interval_of_a_published_example():
    # R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998),
    # table I, method 3.
    for successes, trials, low, high in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)]:
        interval = wilson_interval(successes, trials)
        assert interval is not None
        assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)
    assert wilson_interval(0, 0) is None
    assert wilson_interval(29, 29).high == 1.0  # type: ignore[union-attr]


@QUICK
@given(st.lists(NUMBERS, min_size=2, max_size=50))
def test_the_interval_of_a_mean_is_student_s(values: list[float]):
    assume(statistics.stdev(values) > 1e-300)
    interval = mean_interval(values)
    low, high = scipy.stats.t.interval(
        0.95, len(values) - 1, statistics.fmean(values), statistics.stdev(values) / math.sqrt(len(values))
    )
    assert interval is not None
    scale = max(map(abs, values))
    assert interval.low == pytest.approx(low, abs=1e-9 * scale)
    assert interval.high == pytest.approx(high, abs=1e-9 * scale)


def test_the_interval_of_a_mean_needs_two_values():
    assert mean_interval([]) is None
    assert mean_interval([1.0]) is None
    assert mean_interval([2.0, 2.0, 2.0]) == Interval(low=2.0, high=2.0)


@QUICK
@given(st.lists(NUMBERS, min_size=1, max_size=50), st.floats(0, 1))
def test_a_percentile_is_numpy_s(values: list[float], share: float):
    ordered = sorted(values)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        wanted = float(np.percentile(ordered, share * 100))
    assert percentile(ordered, share) == pytest.approx(wanted, rel=1e-9, abs=1e-9 * max(map(abs, values)))


def test_percentiles_of_few_values():
    assert percentile([], 0.5) is None
    assert percentile([7.0], 0.95) == 7.0
    assert [percentile([1.0, 2.0, 3.0, 4.0], share) for share in (0, 0.5, 1)] == [1.0, 2.5, 4.0]


def _pass_at_k_by_enumeration(n: int, c: int, k: int) -> tuple[float, float]:
    draws = list(itertools.combinations([True] * c + [False] * (n - c), k))
    return sum(map(any, draws)) / len(draws), sum(map(all, draws)) / len(draws)


@pytest.mark.parametrize(("n", "c"), [(n, c) for n in range(1, 8) for c in range(n + 1)])
def test_pass_at_k_is_the_share_of_all_draws(n: int, c: int):
    points = pass_at_k([(n, c)], most=n)
    assert [point.k for point in points] == list(range(1, n + 1))
    for point in points:
        assert (point.any_passes, point.all_pass) == pytest.approx(_pass_at_k_by_enumeration(n, c, point.k))


def _humaneval_estimator(n: int, c: int, k: int) -> float:
    """Return pass@k as the numerically stable script of Chen et al. (2021), figure 3, computes it."""
    if n - c < k:
        return 1.0
    return float(1.0 - np.prod(1.0 - k / np.arange(n - c + 1, n + 1)))


@QUICK
@given(
    st.lists(st.tuples(st.integers(1, 100), st.integers(0, 100)).map(lambda t: (t[0], min(t))), min_size=1, max_size=20)
)
def test_pass_at_k_is_the_mean_over_the_items_with_enough_trials(items: list[tuple[int, int]]):
    points = pass_at_k(items, most=100)
    assert [point.k for point in points] == list(range(1, max(n for n, _ in items) + 1))
    for point in points:
        wanted = [_humaneval_estimator(n, c, point.k) for n, c in items if n >= point.k]
        assert point.any_passes == pytest.approx(statistics.fmean(wanted), abs=1e-9)
        assert 0 <= point.all_pass <= point.any_passes + 1e-12 <= 1 + 2e-12


def test_pass_at_k_of_a_worked_example():
    # Two items of three trials: one passed once, the other twice.
    assert pass_at_k([(3, 1), (3, 2)], most=3) == (
        PassAtK(k=1, any_passes=0.5, all_pass=0.5),
        PassAtK(k=2, any_passes=pytest.approx(5 / 6), all_pass=pytest.approx(1 / 6)),
        PassAtK(k=3, any_passes=1.0, all_pass=0.0),
    )
    assert pass_at_k([], most=3) == ()
    assert [point.k for point in pass_at_k([(1, 1)], most=5)] == [1]


@QUICK
@given(st.lists(NUMBERS, min_size=1, max_size=60))
def test_a_histogram_counts_each_value_once_in_equal_bins(values: list[float]):
    ordered = sorted(values)
    bars = histogram(ordered)
    assert sum(bar.count for bar in bars) == len(values)
    assert bars[0].low <= ordered[0]
    assert bars[-1].high >= ordered[-1]
    assert all(left.high == right.low for left, right in itertools.pairwise(bars))


@QUICK
@given(st.lists(st.integers(-10_000, 10_000).map(lambda n: n / 64), min_size=2, max_size=60))
def test_a_histogram_is_numpy_s(values: list[float]):
    ordered = sorted(values)
    assume(ordered[0] < ordered[-1])
    bounds = (0.0, 1.0) if ordered[0] >= 0 and ordered[-1] <= 1 else (ordered[0], ordered[-1])
    counts, edges = np.histogram(ordered, bins=10, range=bounds)
    bars = histogram(ordered)
    assert [bar.low for bar in bars] == pytest.approx(list(edges[:-1]))
    # A value on an edge may fall to either side of it by the last digit.
    near = sum(1 for value in ordered if np.isclose(value, edges[1:-1]).any())
    assert sum(abs(bar.count - count) for bar, count in zip(bars, counts, strict=True)) <= 2 * near


def test_histograms_of_special_values():
    assert histogram([]) == ()
    assert [bar.count for bar in histogram([0.0, 0.05, 0.1, 0.5, 0.99, 1.0])] == [2, 1, 0, 0, 0, 1, 0, 0, 0, 2]
    assert (histogram([0.5])[0].low, histogram([0.5])[-1].high) == (0.0, 1.0)
    assert histogram([3.0, 3.0]) == (Bin(low=3.0, high=3.0, count=2),)
    assert histogram([-5e-324, 0.0]) == (Bin(low=-5e-324, high=0.0, count=2),)
    assert [bar.count for bar in histogram([-1e100, 1e100])] == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
