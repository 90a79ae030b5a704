"""The sign flip test and its interval against scipy and all flips."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from evalyard_core.domain.statistics.lattice import whole_steps
from evalyard_core.domain.statistics.mcnemar import mcnemar_p
from evalyard_core.domain.statistics.sign_flip import sign_flip_interval, sign_flip_p
from tests.fixtures.core import QUICK

Floats = NDArray[np.float64]

#: C. Darwin's fifteen pairs of plants, crossed less self-fertilised, in eighths of an inch.
DARWIN = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48], dtype=float)


def test_the_p_value_of_a_published_example():
    # R. A. Fisher, "The Design of Experiments" (1935), section 21: 1,726 of 2^15 flips (863 on each side) are as far
    # out as Darwin's, or 5.267 %.
    assert sign_flip_p(DARWIN) == 1726 / 2**15


@QUICK
@given(st.lists(st.integers(-8, 8), min_size=2, max_size=9))
def test_the_p_value_is_that_of_scipy(differences: list[int]):
    values = np.array(differences, dtype=float) / 3
    wanted = scipy.stats.permutation_test(
        (values, np.zeros(values.size)),
        lambda x, y: np.round(np.sum(x - y), 9),
        permutation_type="samples",
        vectorized=False,
        n_resamples=np.inf,
    ).pvalue
    assert sign_flip_p(values) == pytest.approx(wanted)


@pytest.mark.parametrize("changed", [5, 12, 20, 21, 60, 400])
def test_differences_of_one_are_mcnemar_s_test(changed: int):
    for lost in range(0, changed // 2 + 1, max(1, changed // 12)):
        differences = np.array([1.0] * (changed - lost) + [-1.0] * lost + [0.0] * 7)
        assert sign_flip_p(differences) == pytest.approx(mcnemar_p(changed - lost, lost), rel=1e-9)
        assert sign_flip_p(differences / 3) == sign_flip_p(differences)


def _by_all_flips(sizes: Floats, total: float) -> float:
    sums = sizes[:1]
    for size in sizes[1:]:
        sums = np.concatenate([sums + size, sums - size])
    return float(np.mean(sums >= total - 1e-9)) / 2 + float(np.mean(-sums >= total - 1e-9)) / 2


DRAWS: dict[str, Callable[[np.random.Generator], Floats]] = {
    "normal": lambda random: random.normal(0.3, 1, 21),
    "skewed": lambda random: random.exponential(1, 21) - 0.6,
    "marks": lambda random: random.integers(-2, 4, 21) / 4,
    "thirds and halves": lambda random: random.integers(0, 4, 21) / 3 - random.integers(0, 3, 21) / 2 + 0.2,
}


@pytest.mark.parametrize("draw", ["normal", "skewed"])
def test_beyond_all_flips_the_approximation_is_close(draw: str):
    random = np.random.default_rng(7)
    errors = []
    for _ in range(30):
        differences = DRAWS[draw](random)
        wanted = _by_all_flips(np.abs(differences), abs(differences.sum()))
        if 1e-3 < wanted < 0.1:
            errors.append(abs(sign_flip_p(differences) / (2 * wanted) - 1))
    assert len(errors) > 4
    assert max(errors) < 0.1
    assert np.median(errors) < 0.02


@pytest.mark.parametrize("draw", ["marks", "thirds and halves"])
def test_shares_and_marks_are_tested_exactly(draw: str):
    random = np.random.default_rng(8)
    for _ in range(10):
        differences = DRAWS[draw](random)
        sizes, total = np.abs(differences[differences != 0]), abs(differences.sum())
        wanted = min(1.0, 2 * _by_all_flips(sizes, total))
        assert sign_flip_p(differences) == pytest.approx(wanted, rel=1e-9)


def _steps(*sizes: float) -> list[int] | None:
    steps = whole_steps(np.array(sizes))
    return None if steps is None else steps.tolist()


def test_the_unit_of_shares_is_found():
    assert _steps(1 / 3, 2 / 3, 1.0) == [1, 2, 3]
    assert _steps(1 / 3, 1 / 2, 1.0) == [2, 3, 6]
    assert _steps(0.7, 0.7) == [1, 1]
    assert _steps(0.3141592653, 0.2718281828, 1.0) is None
    assert whole_steps(np.linspace(0.001, 1, 1000)) is None
    assert whole_steps(np.ones(5000)) is None


def test_the_interval_is_that_of_all_subsets():
    values = DARWIN[:8]
    means = sorted(np.mean(subset) for n in range(1, 9) for subset in itertools.combinations(values, n))
    interval = sign_flip_interval(values)
    assert interval is not None
    # 2^8 * 0.025 = 6.4: the first six of the shifts are rejected.
    assert (interval.low, interval.high) == pytest.approx((means[5], means[-6]))


def test_the_interval_of_darwin_s_plants_is_close_to_student_s():
    interval, wanted = sign_flip_interval(DARWIN), scipy.stats.ttest_1samp(DARWIN, 0).confidence_interval()
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((wanted.low, wanted.high), abs=1.0)


@pytest.mark.parametrize("size", [6, 15, 20, 21, 80])
def test_the_ends_of_the_interval_are_where_the_test_turns(size: int):
    values = np.random.default_rng(size).exponential(1, size)
    interval = sign_flip_interval(values)
    assert interval is not None
    reach = 1e-6
    assert sign_flip_p(values - interval.low - reach) > 0.05 - 1e-3
    assert sign_flip_p(values - interval.low + reach) <= 0.05 + 1e-6
    assert sign_flip_p(values - interval.high + reach) > 0.05 - 1e-3
    assert sign_flip_p(values - interval.high - reach) <= 0.05 + 1e-6


def test_an_interval_ends_at_what_nearly_all_differences_are():
    few = np.array([0.0] * 95 + [1.0] * 5)  # one side of 2^5 flips: 3.1 %
    interval = sign_flip_interval(few)
    assert interval is not None
    assert interval.low == 0.0
    assert interval.high == pytest.approx(0.1, abs=0.02)
    mirrored = sign_flip_interval(-few)
    assert mirrored is not None
    assert (mirrored.low, mirrored.high) == (-interval.high, 0.0)
    more = sign_flip_interval(np.array([0.0] * 94 + [1.0] * 6))
    assert more is not None
    assert 0 < more.low < 0.06


def test_large_samples_agree_with_student():
    values = np.random.default_rng(3).normal(0.06, 1, 2000)
    interval, wanted = sign_flip_interval(values), scipy.stats.ttest_1samp(values, 0).confidence_interval()
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((wanted.low, wanted.high), abs=2e-4)
    assert sign_flip_p(values) == pytest.approx(scipy.stats.ttest_1samp(values, 0).pvalue, rel=0.02)


def test_special_samples():
    assert sign_flip_p(np.zeros(30)) == 1.0
    assert sign_flip_p(np.array([])) == 1.0
    assert sign_flip_p(np.array([1.0, -1.0] * 15)) == 1.0
    assert sign_flip_p(np.ones(30)) == 2 / 2**30
    assert sign_flip_interval(np.ones(5)) is None
    interval = sign_flip_interval(np.ones(30))
    assert interval is not None
    assert (interval.low, interval.high) == (1.0, 1.0)
