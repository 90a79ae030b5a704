"""What failing records share against scipy, numpy and statsmodels."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.statistics import FailureGroup, failure_groups, holm
from evalyard_core.domain.statistics.failure_groups import fisher_p
from tests.fixtures.core import QUICK

Record = tuple[bool, set[tuple[str, str]]]


@QUICK
@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_the_p_value_is_fisher_s_of_scipy(a: int, b: int, c: int, d: int):
    wanted = scipy.stats.fisher_exact([[a, b], [c, d]], alternative="greater").pvalue
    assert fisher_p(a, a + b, a + c, a + b + c + d) == pytest.approx(wanted, rel=1e-9)


def test_the_p_value_of_a_published_example():
    # R. A. Fisher, "The Design of Experiments" (1935), chapter 2: the lady who tastes 3, or all, of 4 cups right.
    assert fisher_p(3, 4, 4, 8) == pytest.approx(17 / 70)
    assert fisher_p(4, 4, 4, 8) == pytest.approx(1 / 70)


def test_the_p_value_of_a_million_records():
    wanted = scipy.stats.hypergeom.sf(10_499, 1_000_000, 100_000, 100_000)
    assert fisher_p(10_500, 100_000, 100_000, 1_000_000) == pytest.approx(wanted, rel=1e-6)


def _german_failures() -> list[Record]:
    """Of 100 records 12 are German, of which 9 fail; 5 of the others do, as many of each length."""
    records: list[Record] = []
    for number in range(100):
        is_german = number < 12
        failed = number < 9 if is_german else number % 18 == 0
        features = {("tag", "german" if is_german else "english"), ("length", "short" if number % 2 else "long")}
        records.append((failed, features | {("run", "1"), ("id", str(number))}))
    return records


def test_all_the_german_ones_are_seen():
    records = _german_failures()
    groups = failure_groups(records)
    # Looked at were German and both lengths; what all or one of the records have was not, nor English: if all the
    # failing records had it, that would be no less likely than one in seven.
    assert fisher_p(14, 88, 14, 100) > 1 / 7
    p_values = holm([fisher_p(9, 12, 14, 100), *(_of_length(length) for length in LENGTHS)])
    assert groups[0] == FailureGroup(
        kind="tag",
        value="german",
        count=12,
        failed=9,
        failure_rate=0.75,
        other_failure_rate=5 / 88,
        strength=pytest.approx(np.corrcoef([is_german(r) for r in records], [r[0] for r in records])[0, 1]),
        p_value=pytest.approx(p_values[0]),
    )
    assert {(group.kind, group.value) for group in groups} <= {("tag", "german"), ("length", "long")}
    assert groups[0].p_value < 1e-5
    assert all(group.p_value > 0.05 for group in groups[1:])


LENGTHS = ("long", "short")


def is_german(record: Record) -> bool:
    return ("tag", "german") in record[1]


def _of_length(length: str) -> float:
    having = [failed for failed, features in _german_failures() if ("length", length) in features]
    return fisher_p(sum(having), len(having), 14, 100)


@QUICK
@given(
    st.lists(
        st.tuples(st.booleans(), st.sets(st.tuples(st.just("tag"), st.sampled_from("abcd")))), min_size=1, max_size=60
    ),
    st.randoms(),
)
def test_groups_do_not_depend_on_the_order_of_the_records(records: list[Record], random):
    groups = failure_groups(records)
    assert failure_groups(random.sample(records, len(records))) == groups
    assert [group.strength for group in groups] == sorted((group.strength for group in groups), reverse=True)
    failed = [record[0] for record in records]
    for group in groups:
        having = [(group.kind, group.value) in features for _, features in records]
        assert group.strength == pytest.approx(np.corrcoef(having, failed)[0, 1])
        assert (group.count, group.failed) == (sum(having), sum(map(bool.__and__, having, failed)))
        assert 0 <= group.other_failure_rate < group.failure_rate <= 1
        assert 0 < group.strength <= 1


def test_nothing_is_shared_where_all_or_none_fail():
    assert failure_groups([]) == []
    for failed in (True, False):
        assert failure_groups([(failed, {("tag", str(number % 2))}) for number in range(40)]) == []


def test_a_group_that_is_exactly_what_fails_has_strength_one():
    [group] = failure_groups([(number < 5, {("error", "TIMEOUT")} if number < 5 else set()) for number in range(50)])
    assert (group.strength, group.failure_rate, group.other_failure_rate) == (1.0, 1.0, 0.0)
    assert group.p_value == pytest.approx(fisher_p(5, 5, 5, 50))
