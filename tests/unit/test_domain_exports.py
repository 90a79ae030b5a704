"""Columns of scores, and names that clash."""

from dataclasses import replace

import pytest

from evalyard_core.domain.errors import LimitExceeded
from evalyard_core.domain.evaluators import ScoreType
from evalyard_core.domain.exports import ScoreColumn, StoredScore, ValueKind, score_columns, unique_names
from evalyard_server.exports.records import RecordRows
from tests.fixtures.core import a_score, a_snapshot
from tests.fixtures.objects import a_record, a_run

EXACT = a_snapshot(evaluator_id="e1", name="exact", score_type=ScoreType.BOOLEAN)
LENGTH = a_snapshot(evaluator_id="e2", name="length", score_type=ScoreType.NUMERIC)


def stored(evaluator_id: str | None, name: str, kind: ValueKind | None) -> StoredScore:
    return StoredScore(evaluator_id=evaluator_id, name=name, kind=kind)


def test_a_runs_evaluators_come_first_and_in_their_order_then_other_scores_by_name():
    found = score_columns(
        [LENGTH, EXACT],
        [
            stored(None, "taste", ValueKind.TEXT),
            stored("e1", "exact", ValueKind.BOOLEAN),
            stored(None, "care", ValueKind.NUMBER),
            stored("e2", "length", None),
        ],
    )
    assert found == (
        ScoreColumn(key="e2", name="length", kind=ValueKind.NUMBER),
        ScoreColumn(key="e1", name="exact", kind=ValueKind.BOOLEAN),
        ScoreColumn(key="~care", name="care", kind=ValueKind.NUMBER),
        ScoreColumn(key="~taste", name="taste", kind=ValueKind.TEXT),
    )


def test_an_evaluator_that_scores_runs_as_a_whole_has_no_column():
    whole = a_snapshot(name="bleu", scores_records=False, scores_runs=True)
    assert [column.name for column in score_columns([whole, EXACT], [])] == ["exact"]


def test_scores_that_a_plugin_gave_beside_its_own_have_columns_of_their_own():
    parts = [replace(stored(None, "recall", ValueKind.NUMBER), part_of=key) for key in ("e1", "e2")]
    found = score_columns([EXACT], [stored("e1", "exact", ValueKind.BOOLEAN), *parts])
    assert [(column.key, column.name) for column in found] == [
        ("e1", "exact"),
        ("e1~recall", "recall"),
        ("e2~recall", "recall"),
    ]


def test_an_evaluator_without_scores_has_the_kind_of_its_score_type():
    kinds = [score_columns([a_snapshot(score_type=kind)], [])[0].kind for kind in ScoreType]
    assert kinds == [ValueKind.BOOLEAN, ValueKind.NUMBER, ValueKind.TEXT, ValueKind.TEXT]


def test_values_of_several_kinds_are_json():
    found = score_columns([EXACT], [stored("e1", "exact", ValueKind.BOOLEAN), stored("e1", "exact", ValueKind.TEXT)])
    assert [column.kind for column in found] == [ValueKind.JSON]


def test_an_evaluator_that_was_renamed_has_one_column():
    found = score_columns([], [stored("e1", "old", ValueKind.NUMBER), stored("e1", "new", ValueKind.NUMBER)])
    assert [(column.key, column.name) for column in found] == [("e1", "new")]


def test_more_scores_than_a_table_takes_are_refused():
    many = [stored(None, f"score {n}", ValueKind.NUMBER) for n in range(501)]
    assert len(score_columns([], many[:500])) == 500
    with pytest.raises(LimitExceeded, match="501 different scores"):
        score_columns([], many)


def test_a_group_of_names_that_clashes_is_numbered_as_a_whole():
    groups = unique_names([["exact", "exact.passed"], ["exact", "exact.passed"], ["a", "a.passed"]], ["a"])
    assert groups == [["exact", "exact.passed"], ["exact (2)", "exact (2).passed"], ["a (2)", "a (2).passed"]]


def test_a_name_that_looks_like_anothers_companion_is_numbered_too():
    groups = unique_names([["x", "x.passed"], ["x.passed", "x.passed.passed"]], [])
    assert groups == [["x", "x.passed"], ["x.passed (2)", "x.passed (2).passed"]]


def test_a_record_has_a_value_for_every_column_and_none_for_a_score_that_it_lacks():
    rows = RecordRows([ScoreColumn(key="e1", name="input", kind=ValueKind.BOOLEAN)])
    names = [column.name for column in rows.columns]
    run = a_run()

    scored = dict(zip(names, rows.row(a_record(run, 0, scores=(a_score(evaluator_id="e1"),))), strict=True))
    bare = dict(zip(names, rows.row(a_record(run, 1)), strict=True))

    assert len(names) == len(set(names)) == 26
    assert (scored["input"], scored["input (2)"], scored["input (2).passed"]) == ({"question": 0}, True, True)
    assert [bare[name] for name in names[-4:]] == [None] * 4
