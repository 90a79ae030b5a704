"""The states of a run, its settings and its progress."""

from itertools import product

import pytest

from evalyard_core.domain.errors import Conflict
from evalyard_core.domain.records import RECORD_TERMINAL, RecordStatus
from evalyard_core.domain.runs import (
    ACTIVE,
    STOPPABLE,
    TERMINAL,
    TRANSITIONS,
    Progress,
    RunSettings,
    RunStatus,
    Tally,
    check_transitions,
)
from evalyard_core.domain.tasks import TaskKind, TaskState, lane_task, run_task
from tests.fixtures.objects import a_run

PENDING, RUNNING, SCORING, COMPLETED, FAILED, CANCELLED = RunStatus

ALLOWED = {
    (PENDING, RUNNING),
    (PENDING, FAILED),
    (PENDING, CANCELLED),
    (RUNNING, SCORING),
    (RUNNING, COMPLETED),
    (RUNNING, FAILED),
    (RUNNING, CANCELLED),
    (SCORING, COMPLETED),
    (SCORING, FAILED),
    (SCORING, CANCELLED),
    (COMPLETED, RUNNING),
    (COMPLETED, SCORING),
    (FAILED, RUNNING),
    (FAILED, SCORING),
    (CANCELLED, SCORING),
}


@pytest.mark.parametrize(("before", "after"), list(product(RunStatus, RunStatus)))
def test_a_run_goes_only_from_and_to_what_the_table_says(before: RunStatus, after: RunStatus):
    assert (after in TRANSITIONS[before]) is ((before, after) in ALLOWED)
    if (before, after) in ALLOWED:
        check_transitions([before], after)
    else:
        with pytest.raises(ValueError, match=f"never goes from {before} to {after}"):
            check_transitions([before], after)


def test_one_forbidden_beginning_forbids_the_transition():
    with pytest.raises(ValueError, match="never goes from PENDING to SCORING"):
        check_transitions([RUNNING, PENDING], SCORING)


def test_a_run_has_ended_or_can_be_stopped():
    assert frozenset(RunStatus) == STOPPABLE | TERMINAL
    assert frozenset() == STOPPABLE & TERMINAL
    assert {PENDING} == STOPPABLE - ACTIVE
    assert {status for status in RunStatus if a_run(status=status).is_terminal} == TERMINAL
    assert frozenset(RecordStatus) - RECORD_TERMINAL == {
        RecordStatus.PENDING,
        RecordStatus.RUNNING,
        RecordStatus.SCORING,
    }


@pytest.mark.parametrize("status", list(RunStatus))
def test_an_action_is_refused_with_the_statuses_that_allow_it(status: RunStatus):
    run = a_run(status=status, number=7)
    if status in TERMINAL:
        run.require(*TERMINAL, action="rerun it")
        return
    with pytest.raises(Conflict) as refused:
        run.require(*TERMINAL, action="rerun it")
    assert refused.value.message == f"Run 7 is {status}; to rerun it it must be COMPLETED or FAILED or CANCELLED."


@pytest.mark.parametrize("concurrency", range(1, 101))
def test_the_shares_of_the_lanes_add_up_to_the_concurrency(concurrency: int):
    settings = RunSettings(concurrency=concurrency)
    shares = [settings.lane_concurrency(lane) for lane in range(settings.lanes)]
    assert sum(shares) == concurrency
    assert min(shares) >= 1
    assert max(shares) - min(shares) <= 1
    assert len(shares) == min(4, concurrency)


@pytest.mark.parametrize(
    ("progress", "pending", "percent"),
    [
        (Progress(), 0, 0.0),
        (Progress(total=4), 4, 0.0),
        (Progress(total=4, running=1, completed=1), 2, 25.0),
        (Progress(total=4, completed=2, cancelled=2), 0, 100.0),
        # Counters that lag, or run ahead, after a crash between two writes never show nonsense.
        (Progress(total=4, completed=5), 0, 100.0),
    ],
)
def test_progress_tells_what_is_left(progress: Progress, pending: int, percent: float):
    assert (progress.pending, progress.percent) == (pending, percent)


def test_an_evaluator_is_done_with_what_it_scored_skipped_or_failed_at():
    assert Tally(scored=3, passed=1, failed=1, errored=2, skipped=4).done == 9


def test_tasks_have_the_ids_of_their_run_and_place():
    run = a_run()
    plan = run_task(TaskKind.PLAN, run.id, run.project_id, run.created_at)
    lane = lane_task(run.id, run.project_id, 3, TaskState.IDLE, run.created_at)
    assert (plan.id, plan.kind, plan.state, plan.ticket) == (f"{run.id}.plan", TaskKind.PLAN, TaskState.READY, 1)
    assert (lane.id, lane.kind, lane.state, lane.lane) == (f"{run.id}.3", TaskKind.EXECUTE, TaskState.IDLE, 3)
    assert (lane.owner, lane.takeovers) == (None, 0)
