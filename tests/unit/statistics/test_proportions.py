"""Intervals of a proportion against scipy and published tables."""

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.statistics import wilson_interval
from tests.fixtures.core import QUICK


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
