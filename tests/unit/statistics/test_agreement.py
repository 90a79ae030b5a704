"""Agreement of judges against statsmodels, the krippendorff package and published examples."""

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

from evalyard_core.domain.statistics import (
    cohen_kappa,
    confusion_table,
    interval_alpha,
    nominal_alpha,
    quadratic_kappa,
)
from tests.fixtures.core import QUICK

MARKS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=40)
UNITS = st.lists(st.lists(st.none() | st.integers(0, 4), min_size=3, max_size=3), min_size=2, max_size=20)

#: K. Krippendorff, "Computing Krippendorff's alpha-reliability" (2011), section C: four observers, twelve units.
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]


def test_a_confusion_table_counts_each_pair():
    table = confusion_table(["good", "bad", "good", "fair", "good"], ["good", "bad", "bad", "good", "good"])
    assert table.labels == ("bad", "fair", "good")
    assert table.counts == ((1, 0, 0), (0, 0, 1), (1, 0, 2))
    assert table.total == 5
    assert confusion_table([True, False], [True, True]).counts == ((0, 1), (0, 1))
    assert confusion_table([], []).counts == ()
    with pytest.raises(ValueError, match="shorter"):
        confusion_table([1, 2], [1])


@QUICK
@given(MARKS)
def test_kappa_is_that_of_statsmodels(pairs: list[tuple[int, int]]):
    table = confusion_table([one for one, _ in pairs], [other for _, other in pairs])
    assume(len(table.labels) > 1)
    wanted = cohens_kappa(np.array(table.counts), return_results=False)
    assert cohen_kappa(table) == pytest.approx(float(wanted), abs=1e-12)


def test_kappa_of_a_published_example():
    # J. L. Fleiss, "Statistical Methods for Rates and Proportions", 2nd edition (1981), table 13.1: kappa 0.676.
    counts = {("a", "a"): 75, ("a", "b"): 1, ("a", "c"): 4, ("b", "a"): 5, ("b", "b"): 4, ("b", "c"): 1, ("c", "c"): 10}
    pairs = [pair for pair, count in counts.items() for _ in range(count)]
    table = confusion_table([one for one, _ in pairs], [other for _, other in pairs])
    assert cohen_kappa(table) == pytest.approx(0.676, abs=5e-4)


def test_kappa_of_nothing_to_agree_on_is_none():
    assert cohen_kappa(confusion_table([], [])) is None
    assert cohen_kappa(confusion_table([True] * 5, [True] * 5)) is None
    assert cohen_kappa(confusion_table([1, 2, 3], [1, 2, 3])) == 1.0
    assert quadratic_kappa([], []) is None
    assert quadratic_kappa([2.0, 2.0], [2.0, 2.0]) is None
    assert quadratic_kappa([1.0, 2.0, 4.0], [1.0, 2.0, 4.0]) == 1.0
    with pytest.raises(ValueError, match="2 numbers cannot be paired with 1"):
        quadratic_kappa([1.0, 2.0], [1.0])


@QUICK
@given(MARKS)
def test_quadratic_kappa_is_that_of_statsmodels(pairs: list[tuple[int, int]]):
    first, second = [one for one, _ in pairs], [other for _, other in pairs]
    assume(len({*first, *second}) > 1)
    table = np.zeros((5, 5))
    np.add.at(table, (first, second), 1)
    wanted = cohens_kappa(table, wt="quadratic", return_results=False)
    assert quadratic_kappa(first, second) == pytest.approx(float(wanted), abs=1e-12)
    assert quadratic_kappa(second, first) == pytest.approx(float(wanted), abs=1e-12)


def test_alpha_of_a_published_example():
    units = list(zip(*OBSERVERS, strict=True))
    assert nominal_alpha(units) == pytest.approx(0.743, abs=5e-4)
    assert interval_alpha(units) == pytest.approx(0.849, abs=5e-4)


@QUICK
@given(UNITS)
def test_alpha_is_that_of_the_krippendorff_package(units: list[list[int | None]]):
    pairable = [mark for unit in units for mark in unit if mark is not None and sum(m is not None for m in unit) > 1]
    if len(set(pairable)) < 2:
        assert nominal_alpha(units) is None
        assert interval_alpha(units) is None
        return
    data = np.array(units, dtype=float).T
    for found, level in ((nominal_alpha(units), "nominal"), (interval_alpha(units), "interval")):
        wanted = krippendorff.alpha(reliability_data=data, level_of_measurement=level)
        assert found == pytest.approx(float(wanted), abs=1e-9)


@QUICK
@given(UNITS, st.randoms())
def test_alpha_does_not_depend_on_the_order_of_units_or_judges(units: list[list[int | None]], random):
    shuffled = [random.sample(unit, len(unit)) for unit in random.sample(units, len(units))]
    for alpha in (nominal_alpha, interval_alpha):
        plain = alpha(units)
        assert alpha(shuffled) == (None if plain is None else pytest.approx(plain))
