"""Records that something started elsewhere is to submit, and what becomes of them when it does not."""

from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Problem
from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.domain.scores import skipped_scores
from evalyard_core.storage import Store


async def finish_overdue(store: Store, run: Run) -> Run | None:
    """Let a run that takes records in take no more when its deadline has passed; None where it goes on."""
    if run.dispatch is None or now() < run.dispatch.deadline_at:
        return None
    there = run.progress.running + run.progress.completed
    return await store.runs.move(
        run.id,
        RunStatus.SCORING,
        of=[RunStatus.RUNNING],
        at=now(),
        reason=f"By the deadline {there:,} of {run.progress.total:,} records had been submitted.",
    )


async def give_up_missing(store: Store, run: Run) -> None:
    """Make errors of the records that were never submitted to a run which takes no more in; may be done twice."""
    if not run.is_dispatched or run.status is not RunStatus.SCORING:
        return
    reason = run.status_reason or "The run was finished without an output for this item and trial."
    moment = now()
    await store.records.give_up(
        run.id, Problem("NOT_SUBMITTED", reason), skipped_scores(run.evaluators, moment), moment
    )
