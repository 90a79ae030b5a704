"""People's scores on their way into records, and what runs make of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from evalyard_core.domain.counting import change_of
from evalyard_core.domain.errors import Conflict, LimitExceeded, NotFound
from evalyard_core.domain.evaluators import Evaluator, EvaluatorSnapshot
from evalyard_core.domain.ids import run_of_record
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import RECORD_TERMINAL, Record, RecordStatus, Score, Verdict, verdict_of
from evalyard_core.domain.runs import Run
from evalyard_core.domain.scores import judged_by_person, with_value
from evalyard_core.domain.tasks import Task, TaskKind, run_task
from evalyard_core.queue import Queue
from evalyard_core.storage import Store
from evalyard_core.storage.collection import Session

from .noting import MOST_NAMED_SCORES


class HumanScore(NamedTuple):
    """A score as a person gave it: what it says of the value follows from the record's run."""

    score: Score
    value: Any
    passed: bool | None
    evaluator: Evaluator | None


class _Taken(NamedTuple):
    """A score with the record that has it, and the task of which a worker is to be told."""

    record: Record
    score: Score
    task: Task | None


class HumanScoring:
    """Puts people's scores into records; each of them in one transaction with all that follows from it."""

    def __init__(self, store: Store, queue: Queue) -> None:
        self._store = store
        self._queue = queue
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def add(self, record_id: str, given: HumanScore) -> tuple[Record, Score]:
        """Store a score and return it with its record; whoever scores at the same time comes before or after."""

        async def write(session: Session) -> _Taken:
            return await self._take(record_id, given, session)

        # All scores of a run write the run. Those of other processes meet in the database, which has one of them begin
        # again; here they need not.
        async with self._turns.setdefault(run_of_record(record_id), asyncio.Lock()):
            taken = await self._store.transaction(write)
        await self._queue.hint([taken.task] if taken.task else [])
        return taken.record, taken.score

    async def _take(self, record_id: str, given: HumanScore, session: Session) -> _Taken:
        """Write the score, the history, the run's counters and the call for its figures."""
        before, run = await self._read(record_id, session)
        score = _scored(before, run, given)
        kept = tuple(old for old in before.scores if old.key != score.key)
        replaced = [(before.id, old) for old in before.scores if old.key == score.key]
        _check_room(kept, score)
        scores = (*kept, score)
        verdict = Verdict.ERRORED if before.status is RecordStatus.ERRORED else verdict_of(scores)
        after = await self._store.records.set_scores(
            before, scores, verdict, judged=score.evaluator_id, session=session
        )
        if after is None:
            raise Conflict("Somebody else has just scored this record; read it again.", field="input.recordId")
        await self._store.score_history.add(before.project_id, before.run_id, replaced, session=session)
        return _Taken(after, score, await self._count(run, before, after, session))

    async def _read(self, record_id: str, session: Session) -> tuple[Record, Run]:
        record = (await self._store.records.get_many([record_id], session=session)).get(record_id)
        if record is None:
            raise no_record("input.recordId")
        check_done(record)
        run = (await self._store.runs.get_many([record.run_id], session=session)).get(record.run_id)
        if run is None or run.hidden:
            raise no_record("input.recordId")
        return record, run

    async def _count(self, run: Run, before: Record, after: Record, session: Session) -> Task | None:
        """Count a record anew; where the run has its exact figures, have them made anew."""
        progress, tallies = change_of(before, after)
        ended = run.is_terminal and run.summary is not None
        await self._store.runs.add_progress(run.id, progress, tallies, outdates=ended, session=session)
        if not ended:
            return None
        task = run_task(TaskKind.FIGURES, run.id, run.project_id, now())
        return await self._store.tasks.call(task, due_seconds=self._store.tasks.hint_seconds, session=session)


def no_record(field: str) -> NotFound:
    """Return the refusal of a record that does not exist for whoever asks."""
    return NotFound("There is no such record.", field=field)


def check_done(record: Record) -> None:
    """Refuse to score a record that a worker has not done with."""
    if record.status not in RECORD_TERMINAL:
        raise Conflict("The record is not done yet; score it when it is.", field="input.recordId")


def _check_room(kept: Sequence[Score], score: Score) -> None:
    named = sum(old.given_by is None for old in kept)
    if score.evaluator_id is None and named >= MOST_NAMED_SCORES:
        raise LimitExceeded(
            f"A record may have {MOST_NAMED_SCORES} scores of their own names at most; use one that is there.",
            field="input.name",
        )


def _scored(record: Record, run: Run, given: HumanScore) -> Score:
    """Return a person's score as the record is to have it.

    It stands for the one that it replaces in what the run has cost: that was spent.
    """
    passed = judged_by_person(given.value, said=given.passed, evaluator=_as_used(run, given.evaluator))
    score = with_value(given.score, given.value, passed=passed)
    replaced = next((old for old in record.scores if old.key == score.key), None)
    if replaced is None:
        return score
    return replace(
        score,
        # The history is in the order of time, and knows its scores by it.
        created_at=max(score.created_at, replaced.created_at + timedelta(milliseconds=1)),
        cost_usd=replaced.cost_usd,
        prompt_tokens=replaced.prompt_tokens,
        completion_tokens=replaced.completion_tokens,
    )


def _as_used(run: Run, evaluator: Evaluator | None) -> Evaluator | EvaluatorSnapshot | None:
    """Return an evaluator as the run uses it; where the run does not, as it is now."""
    if evaluator is None:
        return None
    return next((entry for entry in run.evaluators if entry.evaluator_id == evaluator.id), evaluator)
