"""A candidate's figures beside the baseline's. The statistics have tests of their own."""

from typing import Any

import pytest

from evalyard_core.domain.comparing.alignment import Change, align
from evalyard_core.domain.comparing.comparison import Comparison
from evalyard_core.domain.comparing.figures import CandidateFigures, Figure, evaluators_of, figures_of
from evalyard_core.domain.comparing.outcomes import Cases, cases_of
from evalyard_core.domain.evaluators import EvaluatorSnapshot, ScoreType, Threshold, ThresholdOperator
from evalyard_core.domain.records import RunScore, Verdict
from evalyard_core.domain.statistics import ComparisonVerdict, PairedTest
from tests.fixtures.core import a_score, a_snapshot
from tests.fixtures.objects import a_run
from tests.fixtures.outcomes import outcome, spelt

BELOW = Threshold(operator=ThresholdOperator.LTE, value=2)
LENGTH = a_snapshot(evaluator_id="length", score_type=ScoreType.NUMERIC)


def compared(baseline: Cases, candidate: Cases, *evaluators: EvaluatorSnapshot) -> Comparison:
    before, after = a_run(number=1, evaluators=evaluators), a_run(number=2, evaluators=evaluators)
    return Comparison(before, (after,), align(baseline, [candidate]))


def numbered(name: str, **values: list[float]) -> Cases:
    return cases_of(
        outcome(name, key, trial, Verdict.PASSED, length=value)
        for key, trials in values.items()
        for trial, value in enumerate(trials, 1)
    )


def figures(baseline: Cases, candidate: Cases, *evaluators: EvaluatorSnapshot) -> CandidateFigures:
    return figures_of(compared(baseline, candidate, *evaluators), 0)


def test_changes_are_counted_over_all_rows():
    comparison = compared(spelt("one", a="P", b="F", c="P", d="P"), spelt("two", a="F", b="P", d="P", e="P"))
    assert comparison.changes(0) == {
        Change.REGRESSED: 1,
        Change.IMPROVED: 1,
        Change.REMOVED: 1,
        Change.UNCHANGED: 1,
        Change.ADDED: 1,
    }
    assert [row.key for row in comparison.having(Change.REGRESSED)] == ["a"]
    assert len(comparison.having(None)) == 5


def test_pass_rates_are_over_the_cases_that_both_have_a_verdict_of():
    found = figures(spelt("one", a="P", b="F", c="P", d="-"), spelt("two", a="F", b="F", d="P", e="P")).pass_rate
    assert (found.baseline, found.candidate, found.paired.pairs, found.paired.delta) == (0.5, 0.0, 2, -0.5)


def test_the_trials_of_a_case_count_once():
    found = figures(spelt("one", a="PPFF", b="P"), spelt("two", a="PPPF", b="P")).pass_rate
    assert (found.baseline, found.candidate, found.paired.pairs) == (0.75, 0.875, 2)
    assert found.paired.test is PairedTest.SIGN_FLIP


def test_scores_are_the_means_of_the_trials_that_both_runs_have():
    [found] = figures(
        numbered("one", a=[1, 3], b=[4], c=[9]), numbered("two", a=[5], b=[4, 6]), LENGTH
    ).evaluators.values()
    assert (found.baseline, found.candidate, found.paired.pairs, found.paired.delta) == (3, 5, 2, 2)


@pytest.mark.parametrize(("threshold", "verdict"), [(None, ComparisonVerdict.WORSE), (BELOW, ComparisonVerdict.BETTER)])
def test_small_numbers_are_better_where_the_threshold_says_so(threshold: Threshold | None, verdict: ComparisonVerdict):
    keys = "abcdefgh"
    before, after = (numbered(name, **{key: [value] for key in keys}) for name, value in (("one", 3.0), ("two", 1.0)))
    snapshot = a_snapshot(evaluator_id="length", score_type=ScoreType.NUMERIC, threshold=threshold)
    assert figures(before, after, snapshot).evaluators["length"].corrected.verdict is verdict


def test_many_evaluators_are_corrected_for():
    snapshots = [a_snapshot(evaluator_id=key) for key in ("length", "other", "third")]
    before, after = (numbered(name, **{key: [value] for key in "abcdefg"}) for name, value in (("one", 0), ("two", 1)))
    found = figures(before, after, *snapshots).evaluators
    assert found["length"].paired.p_value == pytest.approx(2 / 2**7)
    # One of three, and the other two have no pairs, so that there is nothing to correct for.
    assert found["length"].corrected.p_value == found["length"].paired.p_value
    assert (found["other"].paired.pairs, found["other"].corrected.verdict) == (0, ComparisonVerdict.TOO_FEW_CASES)


def test_evaluators_of_both_runs_are_there_as_the_candidate_uses_them():
    old, new, gone, added = (
        a_snapshot(evaluator_id=key, version=version) for key, version in (("a", 1), ("a", 2), ("b", 1), ("c", 1))
    )
    found = evaluators_of(a_run(evaluators=(old, gone)), a_run(evaluators=(added, new)))
    assert [(entry.evaluator_id, entry.version) for entry in found] == [("a", 2), ("b", 1), ("c", 1)]


def run_scored(number: float | None, snapshot: EvaluatorSnapshot) -> Any:
    said = {"bleu": RunScore(score=a_score(evaluator_id="bleu", number=number))} if number is not None else {}
    return a_run(evaluators=(snapshot,), run_scores=said)


@pytest.mark.parametrize(("before", "after", "delta"), [(20.0, 25.0, 5.0), (None, 25.0, None), (20.0, None, None)])
def test_scores_of_whole_runs_stand_beside_each_other_and_are_not_tested(before: Any, after: Any, delta: Any):
    bleu = a_snapshot(evaluator_id="bleu", scores_records=False, scores_runs=True)
    comparison = Comparison(run_scored(before, bleu), (run_scored(after, bleu),), ())
    found: Figure = figures_of(comparison, 0).evaluators["bleu"]
    assert (found.baseline, found.candidate, found.paired.delta) == (before, after, delta)
    assert (found.paired.p_value, found.corrected.verdict) == (None, ComparisonVerdict.TOO_FEW_CASES)
