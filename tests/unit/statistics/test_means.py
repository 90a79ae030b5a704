"""Intervals of a mean against scipy."""

import math
import statistics

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st

from evalyard_core.domain.runs import Interval
from evalyard_core.domain.statistics import fitting_interval, mean_interval, moments
from evalyard_core.domain.statistics.bootstrap import bootstrap_interval
from evalyard_core.domain.statistics.means import student_interval
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


def test_the_bootstrap_interval_is_that_of_scipy():
    values = np.random.default_rng(11).lognormal(0, 1, 60)
    figures = moments(values)
    assert figures is not None
    interval = bootstrap_interval(values, figures)
    wanted = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="BCa", rng=np.random.default_rng(1)
    ).confidence_interval
    # Two thousand resamples leave a noise of a few hundredths of the deviation of the mean.
    noise = 0.1 * (figures.deviation or 0.0) / math.sqrt(60)
    assert (interval.low, interval.high) == pytest.approx((wanted.low, wanted.high), abs=noise)
    shuffled = np.random.default_rng(2).permutation(values)
    assert bootstrap_interval(shuffled, figures) == interval


def test_the_bootstrap_is_taken_where_the_sample_is_skewed():
    rare = np.array([1.0] * 3 + [0.0] * 97)  # skewness 5.5: 25 * 5.5 ** 2 = 757
    figures = moments(rare)
    assert figures is not None
    assert fitting_interval(rare) == bootstrap_interval(rare, figures) != student_interval(figures)
    assert fitting_interval(np.tile(rare, 10)) == mean_interval(np.tile(rare, 10))
    assert fitting_interval(rare[:9]) == mean_interval(rare[:9])
    even = np.linspace(0, 1, 30)
    assert fitting_interval(even) == mean_interval(list(even))
    long = np.concatenate([np.zeros(2100), [1.0]])
    assert fitting_interval(long) == mean_interval(long)
    assert fitting_interval(np.array([])) is None
    assert fitting_interval(np.array([1.0])) is None
    assert fitting_interval(np.full(50, 0.1)) == mean_interval([0.1] * 50)


def test_the_fitting_interval_covers_the_mean_of_rare_events():
    """Student's interval around 3 of 100 misses one in six times, nearly always on one side."""
    random = np.random.default_rng(4)
    samples = (random.random((400, 100)) < 0.03).astype(float)
    covered = dict.fromkeys(("student", "fitting"), 0)
    for sample in samples[samples.any(axis=1)]:
        for name, interval in (("student", mean_interval(sample)), ("fitting", fitting_interval(sample))):
            assert interval is not None
            covered[name] += interval.low <= 0.03 <= interval.high
    assert covered["student"] / 400 < 0.87
    assert covered["fitting"] / 400 > 0.92
