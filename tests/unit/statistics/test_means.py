"""Intervals of a mean against scipy."""

import math
import statistics

import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st

from evalyard_core.domain.runs import Interval
from evalyard_core.domain.statistics import mean_interval
from tests.fixtures.core import QUICK

NUMBERS = st.floats(-1e100, 1e100) | st.floats(-1, 1) | st.integers(-100, 100).map(float)


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
