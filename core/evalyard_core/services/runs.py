"""Runs: started, controlled and read."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.budgets import seconds_left, took_too_long
from evalyard_core.domain.client_scores import is_given_by_client
from evalyard_core.domain.datasets import AttachedEvaluator
from evalyard_core.domain.errors import BadInput, Conflict, NotFound
from evalyard_core.domain.limits import check_count, check_name, check_tags, check_text
from evalyard_core.domain.payload import now
from evalyard_core.domain.runs import (
    ACTIVE,
    STOPPABLE,
    TERMINAL,
    Run,
    RunSource,
    RunStatus,
)
from evalyard_core.domain.summaries import RunAccumulator
from evalyard_core.domain.tasks import TaskKind, run_task
from evalyard_core.queue import Queue
from evalyard_core.storage import Store
from evalyard_core.storage.runs import Figures

from .awaiting import finish_overdue, give_up_missing
from .evaluators import EvaluatorService
from .library import Library
from .starting import MOST_EVALUATORS, NewRun, Starter


class RunService:
    """Starts, controls, changes and reads runs."""

    def __init__(self, store: Store, queue: Queue, library: Library) -> None:
        self._store = store
        self._queue = queue
        self._evaluators = EvaluatorService(store, library)
        self._starter = Starter(store, queue, library, self._evaluators)

    async def start(self, *, actor: Actor, new: NewRun) -> Run:
        """Start a run; the same idempotency key in the same project returns the run that it first started."""
        return await self._starter.start(actor=actor, new=new)

    async def rerun(self, *, actor: Actor, run_id: str, changes: Mapping[str, Any]) -> Run:
        """Start a run like an ended one over the same dataset version, with what `changes` names changed."""
        old = await self.require(actor=actor, run_id=run_id, role=Role.EDITOR, field="runId")
        old.require(*TERMINAL, action="run it again")
        if old.system is None and "system_version_id" not in changes:
            how = "were submitted" if old.is_external else "are those of traces"
            raise Conflict(f"The outputs of this run {how}; name a systemVersionId to call.", field="runId")
        changed = {name: changes[name] for name in ("trials", "cache") if name in changes}
        return await self.start(
            actor=actor,
            new=NewRun(
                project_id=old.project_id,
                dataset_id=old.dataset.id if old.dataset else None,
                dataset_version=old.dataset.version if old.dataset else None,
                system_version_id=changes.get("system_version_id") or (old.system.version_id if old.system else None),
                evaluator_ids=changes.get("evaluator_ids", [entry.evaluator_id for entry in old.evaluators]),
                name=changes.get("name"),
                source=changes.get("source", RunSource.KICKOFF),
                tags=old.tags,
                metadata=old.metadata,
                settings=replace(old.settings, **changed),
                rerun_of=old.id,
            ),
        )

    async def cancel(self, *, actor: Actor, run_id: str) -> Run:
        """Stop a run; what was stored stays."""
        run = await self.require(actor=actor, run_id=run_id, role=Role.EDITOR, field="runId")
        run.require(*STOPPABLE, action="cancel it")
        return await self.stop(run=run, status=RunStatus.CANCELLED, reason=f"Cancelled by {actor.name}.")

    async def stop(self, *, run: Run, status: RunStatus, reason: str) -> Run:
        """End a run early, and wake its lanes, the last of which makes the summary."""
        moment = now()
        stopped = await self._store.runs.move(run.id, status, of=STOPPABLE, at=moment, reason=reason)
        if stopped is None:
            raise Conflict(f"Run {run.number} has ended in the meantime.", field="runId")
        await self._store.records.cancel_open(run.id, moment)
        await self._wake(run.id)
        return stopped

    async def finish(self, *, actor: Actor, run_id: str) -> Run:
        """Say that no more records will be submitted; finishing twice is the same as once."""
        run = await self.require(actor=actor, run_id=run_id, role=Role.EDITOR, field="runId")
        if not run.is_external:
            raise Conflict("The workers carry this run out and finish it themselves.", field="runId")
        if run.status is RunStatus.SCORING or run.status is RunStatus.COMPLETED:
            return run
        run.require(RunStatus.RUNNING, action="finish it")
        finished = await self._store.runs.move(run.id, RunStatus.SCORING, of=[RunStatus.RUNNING], at=now())
        await self._wake(run.id)
        return finished or await self._store.runs.get(run.id) or run

    async def retry_errored(self, *, actor: Actor, run_id: str) -> Run:
        """Carry out again the records of an ended run that errored, in the same run; the others stay."""
        run = await self.require(actor=actor, run_id=run_id, role=Role.EDITOR, field="runId")
        run.require(RunStatus.COMPLETED, RunStatus.FAILED, action="retry its errored records")
        if run.monitor_id is not None:
            raise Conflict("This run has traces for records, and calls nothing again.", field="runId")
        if run.is_external:
            raise Conflict("The outputs of this run were submitted; submit the errored ones again.", field="runId")
        if not run.progress.errored:
            raise Conflict(f"Run {run.number} has no errored records.", field="runId")
        return await self._reopen(run, replace(run, run_scores={}, circuits=()), RunStatus.RUNNING, rescoring=())

    async def rescore(self, *, actor: Actor, run_id: str, evaluator_ids: Sequence[str] | None = None) -> Run:
        """Score the stored outputs of an ended run again, without calling the system."""
        run = await self.require(actor=actor, run_id=run_id, role=Role.EDITOR, field="runId")
        run.require(*TERMINAL, action="score it again")
        if evaluator_ids is not None and not evaluator_ids:
            raise BadInput("Name an evaluator, or leave evaluatorIds out for all of the run's.", field="evaluatorIds")
        chosen = list(dict.fromkeys(evaluator_ids or _of_workers(run)))
        if not chosen:
            raise BadInput("The run has no evaluators that workers score with; name some.", field="evaluatorIds")
        check_count(chosen, MOST_EVALUATORS, field="evaluatorIds")
        attached = {entry.evaluator_id: entry for entry in await self._attached(run)}
        entries = [attached.get(identifier, AttachedEvaluator(evaluator_id=identifier)) for identifier in chosen]
        snapshots = await self._evaluators.snapshots(entries, project_id=run.project_id, field="evaluatorIds")
        for place, snapshot in enumerate(snapshots):
            if is_given_by_client(snapshot):
                raise BadInput("Its scores came with the records; submit a new run.", field=f"evaluatorIds[{place}]")
        kept = tuple(entry for entry in run.evaluators if entry.evaluator_id not in chosen)
        # In a cancelled run there may be records now that its scores as a whole are not over.
        still = {} if run.status is RunStatus.CANCELLED else run.run_scores
        run_scores = {identifier: score for identifier, score in still.items() if identifier not in chosen}
        circuits = tuple(circuit for circuit in run.circuits if circuit.key not in chosen)
        changed = replace(run, evaluators=(*kept, *snapshots), run_scores=run_scores, circuits=circuits)
        return await self._reopen(run, changed, RunStatus.SCORING, rescoring=tuple(chosen))

    async def update(self, *, actor: Actor, run_id: str, changes: Mapping[str, Any]) -> Run:
        """Change a run's name, notes or tags."""
        run = await self.require(actor=actor, run_id=run_id, role=Role.EDITOR, field="id")
        checked: dict[str, Any] = {}
        if "name" in changes:
            checked["name"] = check_name(changes["name"], field="input.name")
        if "notes" in changes:
            checked["notes"] = check_text(changes["notes"], field="input.notes")
        if "tags" in changes:
            checked["tags"] = check_tags(changes["tags"], field="input.tags")
        return (await self._store.runs.change(run.id, checked) if checked else None) or run

    async def delete(self, *, actor: Actor, run_id: str) -> None:
        """Remove an ended run with its records and scores."""
        run = await self.require(actor=actor, run_id=run_id, role=Role.ADMIN, field="id")
        run.require(*TERMINAL, action="delete it (cancelRun ends it)", field="id")
        await self._store.runs.hide(run.id)
        await self.purge(run_id=run.id)

    async def await_scores(self, *, run_id: str) -> None:
        """Have a run whose records are laid down with their outputs scored; may be done twice."""
        await self._store.runs.move(run_id, RunStatus.SCORING, of=[RunStatus.RUNNING], at=now())
        await self.recount(run_id=run_id)

    async def recount(self, *, run_id: str) -> Run | None:
        """Set a run's counters to what its records say, and return it as it then is."""
        collected = await self._collect(run_id)
        return await self._store.runs.store_figures(
            run_id, Figures(progress=collected.progress(), tallies=collected.tallies())
        )

    async def _collect(self, run_id: str) -> RunAccumulator:
        collected = RunAccumulator()
        async for record in self._store.records.figures(run_id):
            collected.add(record)
        run = await self._store.runs.get(run_id)
        for run_score in run.run_scores.values() if run else ():
            collected.add_run_score(run_score)
        return collected

    async def end(self, *, run_id: str) -> Run | None:
        """Give a run whose work is done its exact summary, and the status COMPLETED unless it was stopped before.

        Returns the run as it then is, None where it is gone. Doing this twice, or at once from two workers, comes to
        the same. A run that takes records in goes on instead, and so does one with records that are not done with, or
        that is yet to be scored as a whole; in a run that was stopped open records are cancelled, since whoever stopped
        it may have been interrupted.
        """
        run = await self._store.runs.get(run_id)
        if run is None or (run.is_external and run.status is RunStatus.RUNNING):
            return await self._finish_overdue(run)
        if run.stopping is not None and run.status in ACTIVE:
            await self._store.runs.move(run.id, RunStatus.FAILED, of=ACTIVE, at=now(), reason=run.stopping)
            return await self.end(run_id=run_id)
        await give_up_missing(self._store, run)
        collected = await self._collect(run_id)
        if collected.has_open_records and run.status in ACTIVE:
            await self._wake(run_id, reopen=True)
            return run
        if run.unscored_by and run.status in ACTIVE:
            return await self._score_as_a_whole(run)
        moment = run.finished_at or now()
        if collected.has_open_records:
            await self._store.records.cancel_open(run_id, moment)
            collected = await self._collect(run_id)
        # Whoever has changed the run meanwhile, say by scoring it again, has made these figures old.
        figures = _exact(run, collected, ended_at=moment)
        return await self._store.runs.conclude(run, figures, at=moment) or await self.end(run_id=run_id)

    async def refresh(self, *, run_id: str) -> None:
        """Make the exact figures of an ended run anew, after people have scored its records.

        A run that is back at work is left alone: its end makes them.
        """
        run = await self._store.runs.get(run_id)
        if run is None or not run.is_terminal or run.finished_at is None:
            return
        collected = await self._collect(run_id)
        if collected.has_open_records:
            return
        figures = _exact(run, collected, ended_at=run.finished_at)
        if await self._store.runs.conclude(run, figures, at=run.finished_at) is None:
            # Somebody goes on scoring and has called for this again: a large run would never get a summary otherwise.
            await self._store.runs.store_outdated_summary(run, figures)

    async def _score_as_a_whole(self, run: Run) -> Run | None:
        """Have the evaluators that score runs do so; the task is there once, however often this is called."""
        await self._store.runs.move(run.id, RunStatus.SCORING, of=[RunStatus.RUNNING], at=now())
        await self._store.tasks.add([run_task(TaskKind.SCORE_RUN, run.id, run.project_id, now())])
        await self._store.tasks.reopen(run.id, due_seconds=self._store.tasks.hint_seconds, kind=TaskKind.SCORE_RUN)
        await self._wake(run.id)
        return await self._store.runs.get(run.id)

    async def _finish_overdue(self, run: Run | None) -> Run | None:
        if run is not None and (seconds_left(run, now()) or 0.0) < 0:
            return await self.stop(run=run, status=RunStatus.FAILED, reason=took_too_long(run))
        finished = await finish_overdue(self._store, run) if run is not None else None
        if finished is not None:
            await self._wake(finished.id)
        return finished or run

    async def purge(self, *, run_id: str) -> None:
        """Remove what is left of a hidden run; whoever is interrupted calls this again."""
        await self._store.tasks.delete_of_run(run_id)
        await self._store.records.delete_of_run(run_id)
        await self._store.score_history.delete_of_run(run_id)
        await self._store.runs.delete(run_id)

    async def get(self, *, actor: Actor, run_id: str) -> Run | None:
        """Return a run that the actor sees, or None."""
        return (await self.get_many(actor=actor, ids=[run_id])).get(run_id)

    async def get_many(self, *, actor: Actor, ids: Sequence[str]) -> dict[str, Run]:
        """Return those of these runs that the actor sees and nobody is deleting, by id."""
        found = actor.visible(await self._store.runs.get_many(ids))
        return {identifier: run for identifier, run in found.items() if not run.hidden}

    async def require(self, *, actor: Actor, run_id: str, role: Role, field: str) -> Run:
        """Return a run in whose project the actor has `role`, or refuse."""
        run = await self.get(actor=actor, run_id=run_id)
        if run is None:
            raise NotFound("There is no such run.", field=field)
        actor.require_role(role)
        return run

    async def _reopen(self, run: Run, changed: Run, status: RunStatus, *, rescoring: Sequence[str]) -> Run:
        """Bring an ended run back to work with what `changed` has; run scores that it lacks become history.

        The run changes first, so that whoever is interrupted leaves a run whose lanes find nothing and end it again.
        """
        dropped = [run.run_scores[identifier] for identifier in run.run_scores.keys() - changed.run_scores.keys()]
        replaced = [(run.id, score) for run_score in dropped for score in run_score.scores]
        await self._store.score_history.add(run.project_id, run.id, replaced)
        reopened = await self._store.runs.reopen(changed, status, rescoring=rescoring)
        if reopened is None:
            raise Conflict(f"Run {run.number} has changed in the meantime; read it again.", field="runId")
        if rescoring:
            await self._store.records.reopen_for_scoring(run.id)
        else:
            # What people have said of a record without an output is not said of the one that it may get.
            said = await self._store.records.said_of_errored(run.id)
            await self._store.score_history.add(run.project_id, run.id, said)
            await self._store.records.reopen_errored(run.id)
        counted = await self.recount(run_id=run.id)
        await self._wake(run.id, reopen=True)
        return counted or reopened

    async def _wake(self, run_id: str, *, reopen: bool = False) -> None:
        if reopen:
            await self._store.tasks.reopen(run_id, due_seconds=self._store.tasks.hint_seconds)
        await self._queue.hint(await self._store.tasks.wake(run_id, due_seconds=self._store.tasks.hint_seconds))

    async def _attached(self, run: Run) -> Sequence[AttachedEvaluator]:
        dataset = await self._store.datasets.get(run.dataset.id) if run.dataset else None
        return dataset.evaluators if dataset else ()


def _exact(run: Run, collected: RunAccumulator, *, ended_at: datetime) -> Figures:
    """Return the figures of a run whose records were collected."""
    summary = collected.summary(started_at=run.started_at, finished_at=ended_at, most_trials=run.settings.trials)
    if run.rescoring and run.summary is not None:
        # What was scored again, maybe days later, did not take longer to carry out.
        summary = replace(summary, total_duration_ms=run.summary.total_duration_ms)
    return Figures(
        progress=collected.progress(),
        tallies=collected.tallies(),
        summary=summary,
        distributions=collected.distributions(),
    )


def _of_workers(run: Run) -> list[str]:
    """Return the evaluators of a run that workers score with."""
    return [entry.evaluator_id for entry in run.evaluators if not is_given_by_client(entry)]
