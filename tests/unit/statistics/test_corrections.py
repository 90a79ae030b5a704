"""Holm's correction against statsmodels and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from evalyard_core.domain.statistics import holm
from tests.fixtures.core import QUICK


@pytest.mark.parametrize("tests", [1, 2, 7, 20])
def test_the_corrected_p_values_are_those_of_statsmodels(tests: int):
    p_values = [*list(np.random.default_rng(tests).random(tests) ** 4), 0.01, 0.01]
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]), rel=1e-12)


@QUICK
@given(st.lists(st.floats(0, 1), max_size=20), st.randoms())
def test_the_order_of_the_tests_does_not_matter(p_values: list[float], random):
    places = random.sample(range(len(p_values)), len(p_values))
    assert holm([p_values[place] for place in places]) == [holm(p_values)[place] for place in places]


def test_the_corrected_p_values_by_hand():
    # 0.005 * 4, 0.01 * 3, 0.03 * 2, and 0.04, which must not fall below the one before it.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.7]) == [0.7]
