"""pass@k and pass^k against all draws, and against the estimator of the paper."""

import itertools
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.runs import PassAtK
from evalyard_core.domain.statistics import pass_at_k
from tests.fixtures.core import QUICK


def _pass_at_k_by_enumeration(n: int, c: int, k: int) -> tuple[float, float]:
    draws = list(itertools.combinations([True] * c + [False] * (n - c), k))
    return sum(map(any, draws)) / len(draws), sum(map(all, draws)) / len(draws)


@pytest.mark.parametrize(("n", "c"), [(n, c) for n in range(1, 8) for c in range(n + 1)])
def test_pass_at_k_is_the_share_of_all_draws(n: int, c: int):
    points = pass_at_k([(n, c)], most=n)
    assert [point.k for point in points] == list(range(1, n + 1))
    for point in points:
        assert (point.any_passes, point.all_pass) == pytest.approx(_pass_at_k_by_enumeration(n, c, point.k))


def _humaneval_estimator(n: int, c: int, k: int) -> float:
    """Return pass@k as the numerically stable script of Chen et al. (2021), figure 3, computes it."""
    if n - c < k:
        return 1.0
    return float(1.0 - np.prod(1.0 - k / np.arange(n - c + 1, n + 1)))


@QUICK
@given(
    st.lists(st.tuples(st.integers(1, 100), st.integers(0, 100)).map(lambda t: (t[0], min(t))), min_size=1, max_size=20)
)
def test_pass_at_k_is_the_mean_over_the_items_with_enough_trials(items: list[tuple[int, int]]):
    points = pass_at_k(items, most=100)
    assert [point.k for point in points] == list(range(1, max(n for n, _ in items) + 1))
    for point in points:
        wanted = [_humaneval_estimator(n, c, point.k) for n, c in items if n >= point.k]
        assert point.any_passes == pytest.approx(statistics.fmean(wanted), abs=1e-9)
        assert 0 <= point.all_pass <= point.any_passes + 1e-12 <= 1 + 2e-12


def test_pass_at_k_of_a_worked_example():
    # Two items of three trials: one passed once, the other twice.
    assert pass_at_k([(3, 1), (3, 2)], most=3) == (
        PassAtK(k=1, any_passes=0.5, all_pass=0.5),
        PassAtK(k=2, any_passes=pytest.approx(5 / 6), all_pass=pytest.approx(1 / 6)),
        PassAtK(k=3, any_passes=1.0, all_pass=0.0),
    )
    assert pass_at_k([], most=3) == ()
    assert [point.k for point in pass_at_k([(1, 1)], most=5)] == [1]
