"""What a run's figures tell while it is at work, and how it stands with each evaluator, in words."""

from datetime import timedelta
from typing import Any

import pytest

from evalyard_core.domain.explaining import (
    Pace,
    explain_scoring,
    pace_of,
    scoring_status,
    shown_distribution,
    shown_summary,
)
from evalyard_core.domain.payload import now
from evalyard_core.domain.runs import Distribution, Progress, Run, RunStatus, RunSummary, ScoringStatus, Tally
from tests.fixtures.core import a_snapshot
from tests.fixtures.objects import a_run

KEY = "e" * 24
RUNNING, SCORING, COMPLETED = RunStatus.RUNNING, RunStatus.SCORING, RunStatus.COMPLETED
FAILED, CANCELLED = RunStatus.FAILED, RunStatus.CANCELLED


def scored(status: RunStatus = RUNNING, total: int = 1_319, first_error: str | None = None, **tally: int) -> Run:
    """Return a run with one evaluator."""
    return a_run(
        status=status,
        evaluators=(a_snapshot(evaluator_id=KEY),),
        progress=Progress(total=total),
        tallies={KEY: Tally(**tally)} if tally else {},
        distributions={KEY: Distribution(mean=0.5, first_error=first_error)} if first_error else {},
    )


@pytest.mark.parametrize(
    ("run", "status", "explanation"),
    [
        (scored(RunStatus.PENDING, 0), ScoringStatus.PENDING, "The run has no records yet."),
        (scored(), ScoringStatus.PENDING, "0 of 1,319 records scored, 1,319 left."),
        (scored(scored=1, passed=1), ScoringStatus.RUNNING, "1 of 1,319 records scored, 1,318 left."),
        (
            scored(scored=1_300, errored=3),
            ScoringStatus.RUNNING,
            "1,300 of 1,319 records scored, 3 errors, 16 left.",
        ),
        (
            scored(SCORING, scored=1_000, errored=1, skipped=9),
            ScoringStatus.RUNNING,
            "1,000 of 1,319 records scored, 1 error, 9 skipped, 309 left.",
        ),
        (scored(COMPLETED, 1, scored=1), ScoringStatus.COMPLETED, "1 of 1 record scored."),
        (scored(COMPLETED, 0), ScoringStatus.COMPLETED, "The run has no records."),
        (scored(COMPLETED, 3, skipped=3), ScoringStatus.COMPLETED, "0 of 3 records scored, 3 skipped."),
        (
            scored(COMPLETED, 10, "Rate limit. ", scored=8, errored=2),
            ScoringStatus.COMPLETED_WITH_ERRORS,
            "8 of 10 records scored, 2 errors: Rate limit.",
        ),
        (
            scored(COMPLETED, 10, "x" * 400, errored=9, skipped=1),
            ScoringStatus.FAILED,
            f"0 of 10 records scored, 9 errors: {'x' * 300}, 1 skipped.",
        ),
        (
            scored(CANCELLED, 10, scored=4),
            ScoringStatus.COMPLETED,
            "4 of 10 records scored, 6 not reached before the run was stopped.",
        ),
        (
            scored(FAILED, 10),
            ScoringStatus.FAILED,
            "0 of 10 records scored, 10 not reached before the run was stopped.",
        ),
    ],
)
def test_how_it_stands_with_an_evaluator(run: Run, status: ScoringStatus, explanation: str):
    assert scoring_status(run, KEY) is status
    assert explain_scoring(run, KEY) == explanation


def test_an_evaluator_that_scores_again_says_so():
    again = a_run(
        status=SCORING,
        progress=Progress(total=10, running=7, completed=3),
        tallies={KEY: Tally(scored=10)},
        rescoring=(KEY,),
    )
    assert scoring_status(again, KEY) is ScoringStatus.RUNNING
    assert explain_scoring(again, KEY) == "Scoring again: 3 of 10 records done."


def test_the_first_error_of_an_earlier_end_is_not_told_again():
    run = scored(RUNNING, 10, "Rate limit.", scored=5, errored=1)
    assert explain_scoring(run, KEY) == "5 of 10 records scored, 1 error, 4 left."


def test_while_it_is_at_work_a_run_shows_what_its_counters_tell():
    progress = Progress(total=10, completed=4, passed=2, failed=1, errored=1, cost_usd=0.5, tokens=70)
    shown = shown_summary(a_run(progress=progress))
    assert shown == RunSummary(total_cost_usd=0.5, total_tokens=70, pass_rate=0.5, passed=2, failed=1, errored=1)
    assert shown_summary(a_run()).pass_rate is None


@pytest.mark.parametrize(
    ("status", "is_exact"), [(RUNNING, False), (SCORING, False), (COMPLETED, True), (FAILED, True)]
)
def test_the_exact_summary_is_shown_once_the_run_has_ended(status: RunStatus, is_exact: bool):
    exact = RunSummary(total_cost_usd=9.0, p95_latency_ms=3.0)
    assert (shown_summary(a_run(status=status, summary=exact)) == exact) is is_exact


def test_a_run_that_was_stopped_shows_its_counters_until_its_summary_is_made():
    assert shown_summary(a_run(status=CANCELLED, progress=Progress(passed=3))).passed == 3


def test_the_statistics_of_an_evaluator_are_shown_at_the_end():
    exact = Distribution(mean=0.4, pass_rate=0.9)
    tallies = {KEY: Tally(scored=4, passed=3, failed=1)}
    at_work = a_run(tallies=tallies, distributions={KEY: exact})
    assert shown_distribution(at_work, KEY) == Distribution(pass_rate=0.75)
    assert shown_distribution(a_run(status=COMPLETED, tallies=tallies, distributions={KEY: exact}), KEY) == exact
    assert shown_distribution(a_run(), KEY) == Distribution()


def a_running_run(**changes: Any) -> Run:
    plain = {"started_at": now(), "progress": Progress(total=100, running=10, completed=30, cancelled=20)}
    return a_run(**{**plain, **changes})


def test_the_pace_is_the_mean_since_the_start():
    run = a_running_run()
    assert run.started_at is not None
    assert pace_of(run, run.started_at + timedelta(seconds=10)) == Pace(3.0, 50 / 3)


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        ({"status": COMPLETED}, 10),
        ({"status": RunStatus.PENDING}, 10),
        ({"started_at": None}, 10),
        ({"progress": Progress(total=100)}, 10),
        ({"summary": RunSummary()}, 10),
        ({}, 0),
        ({}, -5),
    ],
)
def test_no_pace_can_be_told(changes: dict[str, Any], seconds: int):
    run = a_running_run(**changes)
    assert pace_of(run, (run.started_at or now()) + timedelta(seconds=seconds)) == Pace(None, None)
