"""Runs side by side, a row a case."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.comparing.alignment import Change, Row, align, change_of
from evalyard_core.domain.comparing.outcomes import NOTHING, Case, cases_of
from evalyard_core.domain.ids import itemless_key
from evalyard_core.domain.records import Verdict
from tests.fixtures.core import QUICK
from tests.fixtures.outcomes import case, outcome, run

PASSED, FAILED, ERRORED = Verdict
REGRESSED, IMPROVED, UNCHANGED, ADDED, REMOVED = Change

VERDICTS = st.lists(st.sampled_from([*Verdict, None]), max_size=4)
RUNS = st.dictionaries(st.sampled_from("abcdef"), VERDICTS.filter(bool))


def shown(rows: Sequence[Row]) -> list[tuple[str, int, list[Change | None]]]:
    return [(row.key, len(row.baseline.outcomes), [cell.change for cell in row.cells]) for row in rows]


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ([PASSED], [PASSED], UNCHANGED),
        ([PASSED], [FAILED], REGRESSED),
        ([PASSED], [ERRORED], REGRESSED),
        ([FAILED], [PASSED], IMPROVED),
        ([ERRORED], [PASSED], IMPROVED),
        ([FAILED], [ERRORED], UNCHANGED),
        ([PASSED, FAILED, FAILED], [PASSED, FAILED, FAILED, PASSED, FAILED, FAILED], UNCHANGED),
        ([PASSED, PASSED, FAILED], [PASSED, FAILED], REGRESSED),
        ([PASSED, FAILED], [PASSED, PASSED, FAILED], IMPROVED),
        ([None], [PASSED], UNCHANGED),
        ([PASSED], [None], UNCHANGED),
        ([PASSED, None], [PASSED], UNCHANGED),
        ([], [FAILED], ADDED),
        ([PASSED], [], REMOVED),
        ([], [], None),
    ],
)
def test_a_case_changes_with_the_share_of_its_trials_that_pass(before, after, change):
    assert change_of(case(*before), case(*after)) is change


@QUICK
@given(VERDICTS, VERDICTS)
def test_what_regresses_one_way_improves_the_other(one, other):
    opposite = {REGRESSED: IMPROVED, IMPROVED: REGRESSED, ADDED: REMOVED, REMOVED: ADDED}
    there, back = change_of(case(*one), case(*other)), change_of(case(*other), case(*one))
    assert back is opposite.get(there, there)


def test_rows_are_the_baselines_cases_then_what_candidates_added():
    rows = align(
        run("base", b=[PASSED], a=[FAILED], gone=[PASSED]),
        [run("one", new=[PASSED], a=[PASSED], b=[FAILED]), run("two", late=[FAILED], b=[PASSED], new=[FAILED])],
    )
    assert shown(rows) == [
        ("b", 1, [REGRESSED, UNCHANGED]),
        ("a", 1, [IMPROVED, REMOVED]),
        ("gone", 1, [REMOVED, REMOVED]),
        ("new", 0, [ADDED, ADDED]),
        ("late", 0, [None, ADDED]),
    ]
    assert [row.item_id for row in rows] == ["b", "a", "gone", "new", "late"]
    assert [row.key for row in rows if row.has(ADDED)] == ["new", "late"]
    assert [row.key for row in rows if row.has(REGRESSED)] == ["b"]


def test_the_trials_of_a_case_stay_in_one_row_in_their_order():
    mixed = [outcome("r", key, trial, PASSED) for key, trial in (("a", 2), ("b", 1), ("a", 10), ("a", 1))]
    [row, _] = align(cases_of(mixed), [])
    assert [entry.trial for entry in row.baseline.outcomes] == [1, 2, 10]


def test_inputs_without_an_item_are_aligned_where_they_are_equal():
    same, other = itemless_key({"x": 1, "y": 2}), itemless_key({"x": 2})
    baseline = cases_of([outcome("one", same, 1, PASSED), outcome("one", other, 1, PASSED)])
    candidate = cases_of([outcome("two", itemless_key({"y": 2, "x": 1}), 1, FAILED)])
    rows = align(baseline, [candidate])
    assert shown(rows) == [(same, 1, [REGRESSED]), (other, 1, [REMOVED])]
    assert [row.item_id for row in rows] == [None, None]


@QUICK
@given(RUNS, st.lists(RUNS, max_size=3))
def test_each_case_has_one_row_whatever_the_runs(baseline, candidates):
    runs = [run("base", **baseline), *(run(f"c{place}", **cases) for place, cases in enumerate(candidates))]
    rows = align(runs[0], runs[1:])
    keys = [row.key for row in rows]
    assert sorted(keys) == sorted({key for cases in (baseline, *candidates) for key in cases})
    assert keys[: len(baseline)] == list(baseline)
    assert Counter(entry.record_id for row in rows for entry in row.baseline.outcomes) == Counter(
        entry.record_id for cases in runs[0].values() for entry in cases.outcomes
    )


@QUICK
@given(RUNS)
def test_a_run_beside_itself_is_unchanged(verdicts):
    cases = run("r", **verdicts)
    assert {cell.change for row in align(cases, [cases]) for cell in row.cells} <= {UNCHANGED}


def test_the_mean_of_a_score_is_over_the_trials_that_have_it():
    outcomes = [outcome("r", "a", 1, PASSED, e=1.0), outcome("r", "a", 2, PASSED), outcome("r", "a", 3, PASSED, e=2.0)]
    trials = Case.of(outcomes)
    assert (trials.mean("e"), trials.mean("f"), NOTHING.mean("e")) == (1.5, None, None)
    assert (case(PASSED, ERRORED, None).pass_share, case(None).pass_share) == (0.5, None)
