"""Intervals over items with trials against statsmodels and simulated runs."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.statistics import (
    clustered_pass_rate_interval,
    item_values,
    mean_interval,
    moments,
    wilson_interval,
)
from tests.fixtures.core import QUICK

ITEMS = st.lists(st.lists(st.booleans(), min_size=1, max_size=6), min_size=2, max_size=20)


@QUICK
@given(ITEMS)
def test_the_variance_over_items_is_the_cluster_robust_one_of_statsmodels(items: list[list[bool]]):
    values = np.concatenate([np.array(trials, dtype=float) for trials in items])
    groups = np.repeat(np.arange(len(items)), [len(trials) for trials in items])
    fit = sm.OLS(values, np.ones(values.size)).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": True}
    )
    found = moments(item_values(np.array([sum(t) for t in items], float), np.array([len(t) for t in items], float)))
    assert found is not None
    assert found.deviation is not None
    assert found.mean == pytest.approx(values.mean())
    assert found.deviation**2 / len(items) == pytest.approx(float(fit.cov_params()[0, 0]), abs=1e-12)


@QUICK
@given(st.lists(st.integers(0, 4), min_size=2, max_size=20))
def test_with_equally_many_trials_the_values_are_the_items_means(passes: list[int]):
    values = item_values(np.array(passes, float), np.full(len(passes), 4.0))
    assert values == pytest.approx(np.array(passes) / 4)
    assert mean_interval(values) == mean_interval(list(values))


@QUICK
@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_with_one_trial_an_item_the_interval_is_wilson_s(passes: list[bool]):
    interval = clustered_pass_rate_interval([1] * len(passes), [int(passed) for passed in passes])
    wanted = wilson_interval(sum(passes), len(passes))
    assert interval is not None
    assert wanted is not None
    assert (interval.low, interval.high) == pytest.approx((wanted.low, wanted.high), abs=1e-12)


@QUICK
@given(ITEMS, st.randoms())
def test_the_interval_lies_between_those_of_the_items_and_of_the_trials(items: list[list[bool]], random):
    trials, passes = [len(item) for item in items], [sum(item) for item in items]
    interval = clustered_pass_rate_interval(trials, passes)
    everything, rate = sum(trials), sum(passes) / sum(trials)
    alike = everything**2 / sum(n * n for n in trials)
    narrow, wide = wilson_interval(sum(passes), everything), wilson_interval(rate * alike, alike)
    assert interval is not None
    assert narrow is not None
    assert wide is not None
    assert wide.low - 1e-9 <= interval.low <= narrow.low + 1e-9
    assert narrow.high - 1e-9 <= interval.high <= wide.high + 1e-9
    order = random.sample(range(len(items)), len(items))
    shuffled = clustered_pass_rate_interval([trials[n] for n in order], [passes[n] for n in order])
    assert shuffled is not None
    assert (shuffled.low, shuffled.high) == pytest.approx((interval.low, interval.high))


def test_trials_that_are_all_alike_count_once():
    wanted = wilson_interval(7, 10)
    interval = clustered_pass_rate_interval([5] * 10, [5] * 7 + [0] * 3)
    assert wanted is not None
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((wanted.low, wanted.high))
    assert clustered_pass_rate_interval([5] * 10, [5] * 10) == wilson_interval(10, 10)
    assert clustered_pass_rate_interval([5], [2]) == wilson_interval(0.4, 1)


def test_trials_that_are_unlike_each_other_all_count():
    assert clustered_pass_rate_interval([5] * 10, [3] * 10) == wilson_interval(30, 50)
    assert clustered_pass_rate_interval([], []) is None
    assert clustered_pass_rate_interval([0, 0], [0, 0]) is None


@pytest.mark.parametrize(("items", "trials", "alike"), [(20, 5, 0.5), (50, 3, 0.8), (10, 10, 0.3)])
def test_the_interval_covers_the_rate_as_often_as_it_says(items: int, trials: int, alike: float):
    """Items differ as a beta distribution does; plain Wilson would cover it in 65 to 77 of 100 runs."""
    random = np.random.default_rng(items)
    spread = 1 / alike - 1
    covered = {"clustered": 0, "plain": 0}
    for rates in random.beta(0.8 * spread, 0.2 * spread, (400, items)):
        passes = random.binomial(trials, rates).tolist()
        clustered = clustered_pass_rate_interval([trials] * items, passes)
        plain = wilson_interval(sum(passes), trials * items)
        assert clustered is not None
        assert plain is not None
        covered["clustered"] += clustered.low <= 0.8 <= clustered.high
        covered["plain"] += plain.low <= 0.8 <= plain.high
    # Three standard deviations of a share of 0.95 of 400 are 0.033.
    assert 0.917 < covered["clustered"] / 400 <= 1
    assert covered["plain"] / 400 < 0.85
