"""Holm's correction against statsmodels and by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from evalyard_core.domain.statistics import holm
from tests.fixtures.core import QUICK


@QUICK
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_the_corrected_p_values_are_those_of_statsmodels(p_values: list[float]):
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]), rel=1e-12)


def test_the_corrected_p_values_by_hand():
    # 0.005 * 4, 0.01 * 3, 0.03 * 2, and 0.04, which must not fall below the one before it.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.7]) == [0.7]
