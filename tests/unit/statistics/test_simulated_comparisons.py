"""How often a comparison raises a false alarm, and how often it finds what is there, over simulated systems.

The rates are written to the output: `pytest -rP` shows them.
"""

import math
import sys
from collections.abc import Callable

import numpy as np
import pytest
import scipy.stats
from numpy.typing import NDArray

from evalyard_core.domain.statistics import ComparisonVerdict, ScoreKind, compare_paired, holm
from evalyard_core.domain.statistics.mcnemar import mcnemar_p
from evalyard_core.domain.statistics.power import mean_cases, pass_rate_cases
from evalyard_core.domain.statistics.sign_flip import sign_flip_p

Random = np.random.Generator
Floats = NDArray[np.float64]
Sides = tuple[Floats, Floats]

PAIRS_OF_SYSTEMS = 2000
#: Three standard deviations of the share of false alarms at 5 % among so many.
SLACK = 3 * math.sqrt(0.05 * 0.95 / PAIRS_OF_SYSTEMS)


def _show(finding: str) -> None:
    sys.stdout.write(f"{finding}\n")


def _passes(random: Random) -> Sides:
    """One trial of 60 items, some hard, some easy."""
    rates = random.beta(2, 1, 60)
    return (random.random(60) < rates) * 1.0, (random.random(60) < rates) * 1.0


def _shares(random: Random) -> Sides:
    """Five trials of 30 items that differ a lot: counted as 150 items they would raise false alarms."""
    rates = random.beta(0.5, 0.3, 30)
    return random.binomial(5, rates) / 5, random.binomial(5, rates) / 5


def _marks(random: Random) -> Sides:
    """Marks from 1 to 5 on 40 items; about half of them stay the same."""
    marks = random.integers(1, 6, 40)
    return tuple(np.clip(marks + random.choice([-1, 0, 0, 0, 1], 40), 1, 5) * 1.0 for _ in range(2))


def _durations(random: Random) -> Sides:
    """Skewed numbers on 25 items."""
    base = random.lognormal(0, 1, 25)
    return base * random.lognormal(0, 0.5, 25), base * random.lognormal(0, 0.5, 25)


def _p_value(before: Floats, after: Floats) -> float:
    if np.isin([before, after], (0, 1)).all():
        return mcnemar_p(int(np.sum(after > before)), int(np.sum(after < before)))
    return sign_flip_p(after - before)


@pytest.mark.parametrize("draw", [_passes, _shares, _marks, _durations])
def test_equal_systems_raise_no_more_false_alarms_than_the_level(draw: Callable[[Random], Sides]):
    """`compare_paired` says BETTER or WORSE exactly if the p value is at most 0.05 (test_paired)."""
    random = np.random.default_rng(20)
    drawn = [draw(random) for _ in range(PAIRS_OF_SYSTEMS)]
    p_values = [_p_value(before, after) for before, after in drawn]
    rate = np.mean(np.array(p_values) <= 0.05)
    _show(f"{draw.__name__}: {rate:.4f} of {PAIRS_OF_SYSTEMS} pairs of equal systems are called different")
    assert rate <= 0.05 + SLACK
    alarms = [min(holm(p_values[at : at + 5])) <= 0.05 for at in range(0, PAIRS_OF_SYSTEMS, 5)]
    _show(f"{draw.__name__}: {np.mean(alarms):.4f} of {len(alarms)} families of five evaluators hold a false alarm")
    assert np.mean(alarms) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / len(alarms))


@pytest.mark.parametrize(("changed", "difference"), [(0.3, 0.1), (0.2, 0.12)])
def test_a_pass_rate_s_difference_is_found_with_the_cases_that_were_asked_for(changed: float, difference: float):
    random = np.random.default_rng(21)
    pairs = pass_rate_cases(difference, changed)
    chances = [(changed - difference) / 2, 1 - changed, (changed + difference) / 2]
    drawn = random.choice([-1.0, 0.0, 1.0], (1000, pairs), p=chances)
    found = [
        compare_paired((row < 0) * 1.0, (row > 0) * 1.0, kind=ScoreKind.PASS_FAIL).verdict is ComparisonVerdict.BETTER
        for row in drawn
    ]
    _show(f"{difference} of {changed} over {pairs} pairs: found in {np.mean(found):.3f}")
    assert 0.76 < np.mean(found) < 0.86


@pytest.mark.parametrize("effect", [0.2, 0.5])
def test_a_mean_s_difference_is_found_with_the_cases_that_were_asked_for(effect: float):
    random = np.random.default_rng(22)
    pairs = mean_cases(effect, 1.0)
    found = [sign_flip_p(row) <= 0.05 for row in random.normal(effect, 1.0, (1000, pairs))]
    _show(f"{effect} deviations over {pairs} pairs: found in {np.mean(found):.3f}")
    assert 0.76 < np.mean(found) < 0.84


def test_small_gains_and_great_losses_are_no_difference_of_means():
    """The reason for the sign flip test: Wilcoxon's answers another question than the delta."""
    random = np.random.default_rng(23)
    gains = random.uniform(0, 0.1, (500, 60))
    differences = np.where(random.random((500, 60)) < 0.8, gains, -random.uniform(0.1, 0.3, (500, 60)))
    by_flips = np.mean([sign_flip_p(row) <= 0.05 for row in differences])
    by_ranks = np.mean(scipy.stats.wilcoxon(differences, axis=1).pvalue <= 0.05)
    _show(f"mean 0, four small gains to a great loss: found by flips in {by_flips:.3f}, by ranks in {by_ranks:.3f}")
    # Skewed differences are not quite what the flips assume; they go wrong a little, and ranks altogether.
    assert by_flips < 0.1
    assert by_ranks > 0.35


@pytest.mark.parametrize(
    ("kind", "steps", "chances", "items"),
    [
        (ScoreKind.PASS_FAIL, [-1.0, 0.0, 1.0], [0.1, 0.7, 0.2], 50),
        (ScoreKind.NUMBER, [-0.25, 0.0, 0.25, 0.5], [0.1, 0.5, 0.3, 0.1], 40),
    ],
)
def test_the_interval_holds_the_difference_as_often_as_it_says(
    kind: ScoreKind, steps: list[float], chances: list[float], items: int
):
    random = np.random.default_rng(24)
    held = 0
    for row in random.choice(steps, (1000, items), p=chances):
        interval = compare_paired(np.maximum(0.0, -row), np.maximum(0.0, row), kind=kind).interval
        assert interval is not None
        held += interval.low <= 0.1 <= interval.high
    _show(f"{kind}: a difference of 0.1 over {items} items is held by {held / 1000:.3f} of the intervals")
    assert held / 1000 >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / 1000)
