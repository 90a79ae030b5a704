"""The cases that a comparison needs against statsmodels and exact power."""

import numpy as np
import pytest
from scipy.stats import binom
from statsmodels.stats.power import TTestPower

from evalyard_core.domain.statistics.mcnemar import mcnemar_p
from evalyard_core.domain.statistics.power import least_pairs, mean_cases, more_cases, pass_rate_cases


@pytest.mark.parametrize("effect", [0.1, 0.2, 0.35, 0.5, 0.8, 1.2])
def test_the_cases_for_a_mean_are_those_of_statsmodels(effect: float):
    wanted = TTestPower().solve_power(effect_size=effect, alpha=0.05, power=0.8)
    assert mean_cases(effect * 3, 3.0) == pytest.approx(wanted, abs=1)
    assert mean_cases(-effect * 3, 3.0) == mean_cases(effect * 3, 3.0)


def _exact_power(pairs: int, changed: float, difference: float) -> float:
    """Return the chance that McNemar's exact test rejects: pairs change at random, then each change falls to a side."""
    gained = (1 + difference / changed) / 2
    power = 0.0
    for count in range(pairs + 1):
        chance = binom.pmf(count, pairs, changed)
        if chance > 1e-9:
            lost = next((n for n in range(count // 2, -1, -1) if mcnemar_p(count - n, n) <= 0.05), -1)
            power += chance * (binom.cdf(lost, count, gained) + binom.sf(count - lost - 1, count, gained))
    return power


@pytest.mark.parametrize(
    ("changed", "difference"), [(0.2, 0.1), (0.3, 0.1), (0.5, 0.2), (1.0, 0.5), (0.1, 0.08), (0.3, 0.3), (1.0, 1.0)]
)
def test_the_cases_for_a_pass_rate_give_the_power_that_they_promise(changed: float, difference: float):
    pairs = pass_rate_cases(difference, changed)
    one_sided = difference > changed / 2
    assert 0.8 <= _exact_power(pairs, changed, difference) <= (1.0 if one_sided else 0.825)
    assert _exact_power(int(pairs * 0.8), changed, difference) < (0.93 if one_sided else 0.75)


def test_fewer_pairs_than_six_never_show_anything():
    assert least_pairs() == 6
    assert mcnemar_p(6, 0) <= 0.05 < mcnemar_p(5, 0)
    assert least_pairs(0.99) == 8
    assert mcnemar_p(8, 0) <= 0.01 < mcnemar_p(7, 0)
    assert mean_cases(1.0, 0.0) == 6
    assert pass_rate_cases(1.0, 1.0) == 6


def test_a_level_that_is_shared_needs_more_cases():
    assert more_cases(100, 1) == 100
    wanted = TTestPower().solve_power(effect_size=0.2, alpha=0.05 / 5, power=0.8)
    assert more_cases(mean_cases(0.2, 1.0), 5) == pytest.approx(wanted, rel=0.02)
    assert np.all(np.diff([more_cases(100, tests) for tests in range(1, 10)]) > 0)
