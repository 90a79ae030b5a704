"""Mean, deviation and skewness against the standard library and scipy."""

import statistics

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st

from evalyard_core.domain.statistics import Moments, moments
from tests.fixtures.core import QUICK

NUMBERS = st.floats(-1e200, 1e200) | st.floats(-1, 1) | st.integers(-100, 100).map(float)


@QUICK
@given(st.lists(NUMBERS, min_size=2, max_size=50))
def test_the_deviation_is_that_of_the_standard_library(values: list[float]):
    found = moments(np.array(values))
    assert found is not None
    scale = max(map(abs, values))
    assert found.mean == statistics.fmean(values)
    assert found.deviation == pytest.approx(statistics.stdev(values), rel=1e-9, abs=1e-9 * scale)


@QUICK
@given(st.lists(st.integers(-1000, 1000), min_size=3, max_size=50))
def test_the_skewness_is_that_of_scipy(values: list[int]):
    assume(len(set(values)) > 1)
    found = moments(np.array(values, dtype=float) * 1e120)
    assert found is not None
    assert found.skewness == pytest.approx(float(scipy.stats.skew(values)), rel=1e-9, abs=1e-9)


def test_special_samples():
    assert moments(np.array([])) is None
    assert moments(np.array([3.0])) == Moments(count=1, mean=3.0, deviation=None, skewness=0.0)
    assert moments(np.full(7, 0.1)) == Moments(count=7, mean=pytest.approx(0.1), deviation=0.0, skewness=0.0)
