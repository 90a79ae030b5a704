"""Trends over runs against scipy, all orders and simulated series."""

import itertools
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.statistics import Trend, TrendDirection, trend
from evalyard_core.domain.statistics import mann_kendall as test_of_order
from evalyard_core.domain.statistics.mann_kendall import concordance, mann_kendall_p
from evalyard_core.domain.statistics.trends import fewest_runs
from tests.fixtures.core import QUICK

IMPROVING, DECLINING = TrendDirection.IMPROVING, TrendDirection.DECLINING
STEADY, TOO_FEW_RUNS = TrendDirection.STEADY, TrendDirection.TOO_FEW_RUNS


@QUICK
@given(st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=40, unique=True))
def test_without_ties_the_test_is_kendall_s_of_scipy(values: list[float]):
    wanted = scipy.stats.kendalltau(range(len(values)), values, method="exact").pvalue
    assert mann_kendall_p(np.array(values)) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(
    "values",
    [[1, 1, 2, 3, 3], [5, 4, 4, 4, 1, 1], [0, 0, 0, 1], [2, 2, 2], [1, 2, 1, 3, 2, 4, 4], [3, 1, 1, 2, 2, 2, 3]],
)
def test_with_ties_the_test_counts_all_orders(values: list[int]):
    score = abs(concordance(np.array(values, dtype=float)))
    orders = [abs(concordance(np.array(order, dtype=float))) for order in itertools.permutations(values)]
    wanted = sum(other >= score for other in orders) / len(orders)
    assert mann_kendall_p(np.array(values, dtype=float)) == pytest.approx(wanted, rel=1e-12)


def test_beyond_the_exact_test_the_normal_one_goes_on(monkeypatch: pytest.MonkeyPatch):
    series = np.round(np.random.default_rng(1).normal(0, 1, 50) + np.arange(50) * 0.02, 1)
    exact = mann_kendall_p(series)
    monkeypatch.setattr(test_of_order, "EXACT_VALUES", 10)
    assert mann_kendall_p(series) == pytest.approx(exact, rel=0.02)
    assert 0.001 < exact < 0.5


def test_the_normal_test_of_a_published_variance():
    # Kendall (1970): n (n - 1) (2n + 5) / 18 without ties; three groups of two take 3 * 2 * 1 * 9 / 18 from it.
    assert test_of_order._deviation((1,) * 10) ** 2 == pytest.approx(125)
    assert test_of_order._deviation((1,) * 4 + (2,) * 3) ** 2 == pytest.approx(122)


@QUICK
@given(st.lists(st.integers(-50, 50).map(float), min_size=2, max_size=40))
def test_the_slope_is_that_of_scipy(values: list[float]):
    assert trend(values).slope_per_run == pytest.approx(scipy.stats.theilslopes(values).slope)


@QUICK
@given(st.lists(st.integers(0, 20).map(float), min_size=5, max_size=30))
def test_a_series_upside_down_or_backwards_goes_the_other_way(values: list[float]):
    other_way = {IMPROVING: DECLINING, DECLINING: IMPROVING, STEADY: STEADY}
    plain = trend(values)
    for turned in (trend([-value for value in values]), trend(values[::-1])):
        assert turned.p_value == pytest.approx(plain.p_value)
        assert turned.slope_per_run == pytest.approx(-plain.slope_per_run)
        assert turned.direction is other_way[plain.direction]
    assert trend(values, lower_is_better=True).direction is other_way[plain.direction]


def test_a_slow_decline_is_named():
    series = [0.90, 0.91, 0.89, 0.89, 0.88, 0.89, 0.87, 0.88, 0.86, 0.87, 0.85, 0.86]
    found = trend(series)
    assert found.direction is DECLINING
    assert found.slope_per_run == pytest.approx(-0.005)
    assert found.p_value is not None
    assert found.p_value < 1e-3
    assert trend(series, lower_is_better=True).direction is IMPROVING


@pytest.mark.parametrize("place", range(10))
def test_one_bad_run_is_not_a_trend(place: int):
    flat = [0.9] * 10
    flat[place] = 0.2
    assert trend(flat).direction is STEADY
    assert trend(flat).slope_per_run == 0.0
    noisy = [0.90, 0.91, 0.89, 0.90, 0.92, 0.88, 0.91, 0.90, 0.89, 0.91]
    noisy[place] = 0.2
    assert trend(noisy).direction is STEADY
    assert abs(trend(noisy).slope_per_run) < 0.005


def test_too_few_runs_say_nothing():
    # 2 / 4! is above 0.05, 2 / 5! is not.
    assert fewest_runs() == 5
    assert fewest_runs(0.99) == 6
    assert trend([0.1, 0.2, 0.3, 0.4]) == Trend(direction=TOO_FEW_RUNS, slope_per_run=pytest.approx(0.1), p_value=None)
    assert trend([0.1, 0.2, 0.3, 0.4, 0.5]).direction is IMPROVING
    assert trend([]) == trend([0.7]) == Trend(direction=TOO_FEW_RUNS, slope_per_run=0.0, p_value=None)
    assert trend([0.5] * 8) == Trend(direction=STEADY, slope_per_run=0.0, p_value=1.0)


@pytest.mark.parametrize("runs", [5, 9, 30])
def test_series_that_go_nowhere_are_seldom_called_trends(runs: int):
    random = np.random.default_rng(runs)
    pass_rates = random.binomial(40, 0.8, (1000, runs)) / 40
    called = np.mean([trend(list(series)).direction is not STEADY for series in pass_rates])
    assert called <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 1000)
