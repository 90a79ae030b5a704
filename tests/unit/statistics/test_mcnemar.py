"""McNemar's exact test and Tango's interval against statsmodels and published examples."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from statsmodels.stats.contingency_tables import mcnemar

from evalyard_core.domain.statistics.mcnemar import mcnemar_p, tango_interval
from tests.fixtures.core import QUICK

COUNTS = st.integers(0, 200)


@QUICK
@given(COUNTS, COUNTS)
def test_the_p_value_is_that_of_statsmodels(gained: int, lost: int):
    wanted = mcnemar([[3, gained], [lost, 4]], exact=True).pvalue if gained + lost else 1.0
    assert mcnemar_p(gained, lost) == pytest.approx(wanted, rel=1e-12)


def test_the_p_value_of_a_published_example():
    # M. W. Fagerland, S. Lydersen, P. Laake, "Statistical Analysis of Contingency Tables" (2017), chapter 8: airway
    # hyper-responsiveness (Bentur et al., 2009) and complete response (Cavo et al., 2012) before and after a therapy.
    assert mcnemar_p(1, 7) == pytest.approx(0.0703125)
    assert mcnemar_p(6, 16) == pytest.approx(0.0525, abs=5e-5)


@pytest.mark.parametrize(
    ("gained", "lost", "pairs", "low", "high"),
    [(6, 16, 161, -0.1240, -0.0054), (3, 0, 3, -0.1230, 1.0), (0, 3, 3, -1.0, 0.1230)],
)
def test_the_interval_of_a_published_example(gained: int, lost: int, pairs: int, low: float, high: float):
    """What the book's R package, contingencytables, prints: for complete response (Cavo et al.), and at the ends."""
    interval = tango_interval(gained, lost, pairs)
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


def _profile_score(gained: int, lost: int, pairs: int, difference: float) -> float:
    """Return the score statistic with the nuisance share found by maximising the likelihood numerically."""

    def slope(share: float) -> float:
        rest = 1 - 2 * share - difference
        return gained / (share + difference) + lost / share - 2 * (pairs - gained - lost) / rest

    share = brentq(slope, max(0.0, -difference) + 1e-12, (1 - difference) / 2 - 1e-12, xtol=1e-15)
    return (gained - lost - pairs * difference) / math.sqrt(pairs * (2 * share + difference - difference**2))


@QUICK
@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 200))
def test_the_ends_of_the_interval_are_where_the_score_test_turns(gained: int, lost: int, same: int):
    pairs = gained + lost + same
    interval = tango_interval(gained, lost, pairs)
    assert _profile_score(gained, lost, pairs, interval.low) == pytest.approx(1.959964, abs=1e-5)
    assert _profile_score(gained, lost, pairs, interval.high) == pytest.approx(-1.959964, abs=1e-5)


@QUICK
@given(COUNTS, COUNTS, COUNTS)
def test_swapping_the_sides_mirrors_the_interval(gained: int, lost: int, same: int):
    pairs = max(1, gained + lost + same)
    interval, mirrored = tango_interval(gained, lost, pairs), tango_interval(lost, gained, pairs)
    assert (interval.low, interval.high) == (-mirrored.high, -mirrored.low)
    assert -1 <= interval.low <= (gained - lost) / pairs <= interval.high <= 1


def test_the_interval_without_a_change_is_that_of_a_share_of_zero():
    z_squared = 1.959963984540054**2
    interval = tango_interval(0, 0, 100)
    assert interval.high == pytest.approx(z_squared / (100 + z_squared))
    assert tango_interval(5, 0, 5).high == 1.0


def test_the_exact_test_never_finds_what_the_interval_does_not():
    for changed in range(1, 400):
        for lost in range(changed // 2):
            if mcnemar_p(changed - lost, lost) <= 0.05:
                assert (changed - 2 * lost) / math.sqrt(changed) > 1.96
