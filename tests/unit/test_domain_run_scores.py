"""How it stands with evaluators that score runs, and what plugins give beside their scores."""

from typing import Any

import pytest

from evalyard_core.domain.explaining import explain_scoring, scoring_status
from evalyard_core.domain.records import Problem, RunScore, ScoreStatus, score_key
from evalyard_core.domain.runs import Progress, Run, RunStatus, ScoringStatus, Tally
from evalyard_core.domain.scored import scores_beside, spent_by
from evalyard_core.domain.scores import skipped_scores
from evalyard_core.domain.summaries import RunAccumulator
from tests.fixtures.core import a_score, a_snapshot
from tests.fixtures.objects import a_run

KEY = "e" * 24
DONE = Progress(total=4, completed=4)
OK = RunScore(score=a_score(), cases=4)
BAD = RunScore(score=a_score(status=ScoreStatus.ERROR, value=None, error=Problem("EXCEPTION", "It broke. ")))
SKIPPED = RunScore(score=a_score(status=ScoreStatus.SKIPPED, value=None, explanation="No case fits."))
PARTIAL = RunScore(score=a_score(), cases=1, left_out=3, left_out_reason="'expected' has no value.")


def scored(said: RunScore | None, status: RunStatus = RunStatus.COMPLETED, *, records: bool = False, **run: Any) -> Run:
    """Return a run with one evaluator that scores runs."""
    return a_run(
        status=status,
        evaluators=(a_snapshot(evaluator_id=KEY, name="Mine", scores_records=records, scores_runs=True),),
        run_scores={} if said is None else {KEY: said},
        **{"progress": DONE, **run},
    )


@pytest.mark.parametrize(
    ("run", "status", "explanation"),
    [
        (
            scored(None, RunStatus.RUNNING, progress=Progress(total=4, completed=3)),
            ScoringStatus.PENDING,
            "The run is scored as a whole when its records are done.",
        ),
        (
            scored(None, RunStatus.SCORING),
            ScoringStatus.RUNNING,
            "The run is scored as a whole when its records are done.",
        ),
        (scored(OK), ScoringStatus.COMPLETED, "The run was scored as a whole, over 4 records."),
        (
            scored(PARTIAL),
            ScoringStatus.COMPLETED,
            "The run was scored as a whole, over 1 record, 3 left out: 'expected' has no value.",
        ),
        (scored(BAD), ScoringStatus.FAILED, "The run could not be scored as a whole: It broke."),
        (scored(SKIPPED), ScoringStatus.COMPLETED, "The run was not scored as a whole: No case fits."),
        (
            scored(None, RunStatus.CANCELLED),
            ScoringStatus.FAILED,
            "The run was stopped before it was scored as a whole.",
        ),
        (
            scored(BAD, records=True, tallies={KEY: Tally(scored=4)}),
            ScoringStatus.COMPLETED_WITH_ERRORS,
            "4 of 4 records scored. The run could not be scored as a whole: It broke.",
        ),
        (
            scored(OK, records=True, tallies={KEY: Tally(scored=3, errored=1)}),
            ScoringStatus.COMPLETED_WITH_ERRORS,
            "3 of 4 records scored, 1 error. The run was scored as a whole, over 4 records.",
        ),
        (
            scored(BAD, records=True, tallies={KEY: Tally(errored=4)}),
            ScoringStatus.FAILED,
            "0 of 4 records scored, 4 errors. The run could not be scored as a whole: It broke.",
        ),
    ],
)
def test_how_it_stands_with_an_evaluator_of_runs(run: Run, status: ScoringStatus, explanation: str):
    assert scoring_status(run, KEY) is status
    assert explain_scoring(run, KEY) == explanation


def test_only_an_evaluator_of_runs_that_has_said_nothing_is_waited_for():
    waiting, done = scored(None), scored(OK)
    of_records = a_run(evaluators=(a_snapshot(),))

    assert waiting.unscored_by == waiting.evaluators
    assert done.unscored_by == of_records.unscored_by == ()


def test_a_record_without_output_is_not_scored_by_an_evaluator_of_runs_only():
    snapshots = [a_snapshot(name="both", scores_runs=True), a_snapshot(scores_records=False, scores_runs=True)]

    assert [score.name for score in skipped_scores(snapshots, a_score().created_at)] == ["both"]


def test_scores_beside_the_main_one_have_keys_of_their_own():
    main = a_score(evaluator_id=KEY, name="Mine")
    beside = a_score(evaluator_id=None, part_of=KEY, name="Mine: p.95 $%")
    human = a_score(evaluator_id=None, name="Mine: p.95 $%")

    assert [main.key, beside.key, human.key] == [
        KEY,
        f"{KEY}~Mine: p%2E95 %24%25",
        "~Mine: p%2E95 %24%25",
    ]
    assert [main.given_by, beside.given_by, human.given_by] == [KEY, KEY, None]


def test_what_an_evaluator_has_spent_is_that_of_all_its_scores():
    name = "Mine: p.95 $%"
    key = score_key(None, name, KEY)
    said = RunScore(
        score=a_score(cost_usd=1.0, prompt_tokens=3), others=(a_score(cost_usd=0.5, completion_tokens=4),), cases=4
    )
    other = {"f" * 24: Tally(cost_usd=9.0, tokens=9)}
    tallies = {KEY: Tally(scored=4, cost_usd=2.0, tokens=10), key: Tally(scored=4, cost_usd=0.25, tokens=1), **other}
    run = scored(said, records=True, tallies=tallies)

    assert scores_beside(run, run.evaluators[0]) == {"p.95 $%": key}
    spent = spent_by(run, run.evaluators[0])
    assert (spent.scored, spent.cost_usd, spent.tokens) == (4, 3.75, 18)


def test_what_scoring_the_run_costs_is_a_part_of_its_figures():
    collected = RunAccumulator()
    collected.add_run_score(RunScore(score=a_score(cost_usd=1.0, prompt_tokens=3), others=(a_score(cost_usd=0.5),)))

    assert (collected.progress().cost_usd, collected.progress().tokens) == (1.5, 3)
