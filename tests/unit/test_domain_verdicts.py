"""What scores say of a record, and what a value makes of a score."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from evalyard_core.domain.evaluators import Threshold, ThresholdOperator
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Problem, Score, ScoreSource, ScoreStatus, Verdict, verdict_of
from evalyard_core.domain.scores import blank_score, failed, passes, skipped, skipped_scores, with_value
from tests.fixtures.core import a_snapshot

BLANK = Score(name="tone", status=ScoreStatus.OK, source=ScoreSource.PLUGIN, created_at=now())
PASSED = replace(BLANK, passed=True)
FAILED = replace(BLANK, passed=False)
UNASKED = replace(BLANK, passed=None)
SKIPPED = skipped(BLANK, "nothing to score")
ERROR = failed(BLANK, Problem("EXCEPTION", "it raised"))


@pytest.mark.parametrize(
    ("scores", "verdict"),
    [
        ((), None),
        ((UNASKED,), None),
        ((SKIPPED,), None),
        ((SKIPPED, UNASKED), None),
        ((PASSED,), Verdict.PASSED),
        ((PASSED, PASSED, UNASKED, SKIPPED), Verdict.PASSED),
        ((FAILED,), Verdict.FAILED),
        ((PASSED, FAILED), Verdict.FAILED),
        ((FAILED, UNASKED, PASSED, SKIPPED), Verdict.FAILED),
        ((ERROR,), Verdict.ERRORED),
        ((ERROR, PASSED), Verdict.ERRORED),
        ((ERROR, FAILED, PASSED), Verdict.ERRORED),
        ((ERROR, UNASKED), Verdict.ERRORED),
        ((ERROR, SKIPPED), Verdict.ERRORED),
    ],
)
def test_a_record_errs_before_it_fails_and_fails_before_it_passes(scores: tuple[Score, ...], verdict: Verdict | None):
    assert {verdict_of(order) for order in permutations(scores)} == {verdict}


@pytest.mark.parametrize(
    ("value", "number", "label", "passed"),
    [
        (True, 1.0, None, True),
        (False, 0.0, None, False),
        (0.25, 0.25, None, None),
        (3, 3.0, None, None),
        (-1e100, -1e100, None, None),
        (1.1e100, None, None, None),
        (float("nan"), None, None, None),
        (float("-inf"), None, None, None),
        (10**400, None, None, None),
        ("good", None, "good", None),
        ("x" * 200, None, "x" * 200, None),
        ("x" * 201, None, None, None),
        (None, None, None, None),
        ([1], None, None, None),
        ({"a": 1}, None, None, None),
    ],
)
def test_a_value_gives_a_score_its_number_its_label_and_whether_it_passes(
    value: Any, number: float | None, label: str | None, passed: bool | None
):
    score = with_value(BLANK, value)
    assert (score.number, score.label, score.passed) == (number, label, passed)
    assert score.value is value


@pytest.mark.parametrize(
    ("value", "said", "threshold", "passed"),
    [
        (0.9, None, None, None),
        (0.9, False, None, False),
        (False, None, None, False),
        (False, True, None, True),
        (True, False, None, False),
        (0.9, False, Threshold(operator=ThresholdOperator.GTE, value=0.5), True),
        (0.4, True, Threshold(operator=ThresholdOperator.GTE, value=0.5), False),
        (True, None, Threshold(operator=ThresholdOperator.EQ, value=False), False),
        (None, True, Threshold(operator=ThresholdOperator.GTE, value=0.5), False),
    ],
)
def test_a_threshold_decides_then_what_was_said_then_a_boolean(
    value: Any, said: bool | None, threshold: Threshold | None, passed: bool | None
):
    assert passes(value, said=said, threshold=threshold) is passed


def test_a_score_names_the_evaluator_version_plugin_version_and_config_that_made_it():
    moment = now()
    snapshot = a_snapshot(name="exact", version=3, plugin_version="1.2.0")
    score = blank_score(snapshot, moment)
    assert (score.evaluator_id, score.name, score.evaluator_version) == (snapshot.evaluator_id, "exact", 3)
    assert (score.plugin, score.plugin_version, score.config_hash) == (snapshot.plugin, "1.2.0", snapshot.config_hash)
    assert (score.source, score.created_at, score.value) == (ScoreSource.PLUGIN, moment, None)
    assert blank_score(snapshot, moment, plugin_version="1.3.0").plugin_version == "1.3.0"


def test_a_record_without_an_output_has_a_skipped_score_of_each_evaluator():
    one, two = a_snapshot(name="one"), a_snapshot(name="two")
    scores = skipped_scores([one, two], now())
    assert [(score.name, score.status) for score in scores] == [
        ("one", ScoreStatus.SKIPPED),
        ("two", ScoreStatus.SKIPPED),
    ]
    assert {score.explanation for score in scores} == {"The system gave no output."}
    assert verdict_of(scores) is None


def test_scores_are_told_apart_by_evaluator_or_else_by_name():
    assert replace(BLANK, evaluator_id="e1", name="a").key == replace(BLANK, evaluator_id="e1", name="b").key
    assert replace(BLANK, name="a").key != replace(BLANK, name="b").key
    assert replace(BLANK, name="e1").key != replace(BLANK, evaluator_id="e1").key
