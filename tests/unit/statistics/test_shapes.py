"""Percentiles and histograms against numpy."""

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evalyard_core.domain.runs import Bin
from evalyard_core.domain.statistics import histogram, percentile
from tests.fixtures.core import QUICK

NUMBERS = st.floats(-1e100, 1e100) | st.floats(-1, 1) | st.integers(-100, 100).map(float)


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
