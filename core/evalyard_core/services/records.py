"""Records as they are read, scored by people and annotated."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, NamedTuple

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.counting import change_of
from evalyard_core.domain.errors import BadInput, Conflict, LimitExceeded, NotFound
from evalyard_core.domain.evaluators import Evaluator, EvaluatorSnapshot
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.limits import check_name, check_range, check_text
from evalyard_core.domain.payload import now, payload_size
from evalyard_core.domain.records import (
    RECORD_TERMINAL,
    Annotation,
    Record,
    RecordStatus,
    Score,
    ScoreSource,
    ScoreStatus,
    Verdict,
    verdict_of,
)
from evalyard_core.domain.runs import Run
from evalyard_core.domain.scores import judged_by_person, with_value
from evalyard_core.domain.tasks import Task, figures_task
from evalyard_core.queue import Queue
from evalyard_core.storage import Store
from evalyard_core.storage.collection import Session

from .runs import HINT_SECONDS

MOST_ANNOTATIONS: Final = 100
#: Of one record: it holds them, and a document has an end.
MOST_NAMED_SCORES: Final = 50
_MOST_VALUE_BYTES: Final = 100_000


class _Given(NamedTuple):
    """A score as a person gave it."""

    score: Score
    value: Any
    passed: bool | None
    evaluator: Evaluator | None


class _Taken(NamedTuple):
    """A score with the record that has it, and the task of which a worker is to be told."""

    record: Record
    score: Score
    task: Task | None


class RecordService:
    """Reads records, and takes in what people say of them."""

    def __init__(self, store: Store, queue: Queue) -> None:
        self._store = store
        self._queue = queue

    async def get(self, *, actor: Actor, record_id: str) -> Record | None:
        """Return a record that the actor sees, or None."""
        return (await self.get_many(actor=actor, ids=[record_id])).get(record_id)

    async def get_many(self, *, actor: Actor, ids: Sequence[str]) -> dict[str, Record]:
        """Return those of these records that the actor sees, by id."""
        return actor.visible(await self._store.records.get_many(ids))

    async def require(self, *, actor: Actor, record_id: str, role: Role, field: str) -> Record:
        """Return a record in whose project the actor has `role`, or refuse."""
        record = await self.get(actor=actor, record_id=record_id)
        if record is None:
            raise _no_record(field)
        actor.require_role(role)
        return record

    async def add_score(
        self,
        *,
        actor: Actor,
        record_id: str,
        value: Any,
        evaluator_id: str | None = None,
        name: str | None = None,
        passed: bool | None = None,
        explanation: str | None = None,
    ) -> tuple[Record, Score]:
        """Give a record a person's score, which takes the place of the one of the same evaluator or name.

        That one stays readable in the history, whoever gave it. The run counts the new one at once; where it has
        ended, a worker makes its exact figures anew. People who score at once come one after the other.
        """
        record = await self.require(actor=actor, record_id=record_id, role=Role.EDITOR, field="input.recordId")
        _check_done(record)
        payload_size(value, field="input.value", most=_MOST_VALUE_BYTES)
        evaluator = await self._evaluator(record, evaluator_id)
        score = Score(
            evaluator_id=evaluator_id,
            name=evaluator.name if evaluator else _own_name(name),
            status=ScoreStatus.OK,
            source=ScoreSource.HUMAN,
            created_at=now(),
            explanation=check_text(explanation, field="input.explanation") if explanation else None,
            author=actor.name,
        )
        given = _Given(score, value, passed, evaluator)

        async def write(session: Session) -> _Taken:
            return await self._take(record_id, given, session)

        taken = await self._store.transaction(write)
        await self._queue.hint([taken.task] if taken.task else [])
        return taken.record, taken.score

    async def annotate(
        self, *, actor: Actor, record_id: str, rating: int | None = None, comment: str | None = None
    ) -> Record:
        """Note something about a record."""
        record = await self.require(actor=actor, record_id=record_id, role=Role.EDITOR, field="recordId")
        if rating is None and not (comment and comment.strip()):
            raise BadInput("Give a rating, a comment, or both.", field="comment")
        annotation = Annotation(
            id=new_id(),
            author=actor.name,
            created_at=now(),
            rating=None if rating is None else check_range(rating, 1, 5, field="rating"),
            comment=check_text(comment, field="comment") if comment and comment.strip() else None,
        )
        noted = await self._store.records.annotate(record.id, annotation, most=MOST_ANNOTATIONS)
        if noted is not None:
            return noted
        if await self._store.records.get(record.id) is None:
            raise _no_record("recordId")
        raise LimitExceeded(f"A record may have {MOST_ANNOTATIONS} annotations at most.", field="recordId")

    async def _evaluator(self, record: Record, evaluator_id: str | None) -> Evaluator | None:
        if evaluator_id is None:
            return None
        evaluator = await self._store.evaluators.get(evaluator_id)
        if evaluator is None or evaluator.deleted_at is not None or evaluator.project_id != record.project_id:
            raise NotFound("There is no such evaluator.", field="input.evaluatorId")
        return evaluator

    async def _take(self, record_id: str, given: _Given, session: Session) -> _Taken:
        """Write a score, the history, the run's counters and the call for its figures: all of them or none."""
        before, run = await self._read(record_id, session)
        score = _score(before, run, given)
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
            raise _no_record("input.recordId")
        _check_done(record)
        run = (await self._store.runs.get_many([record.run_id], session=session)).get(record.run_id)
        if run is None or run.hidden:
            raise _no_record("input.recordId")
        return record, run

    async def _count(self, run: Run, before: Record, after: Record, session: Session) -> Task | None:
        """Count a record anew; where the run has its exact figures, have them made anew."""
        progress, tallies = change_of(before, after)
        ended = run.is_terminal and run.summary is not None
        await self._store.runs.add_progress(run.id, progress, tallies, outdates=ended, session=session)
        if not ended:
            return None
        task = figures_task(run.id, run.project_id, now())
        return await self._store.tasks.call(task, due_seconds=HINT_SECONDS, session=session)


def _no_record(field: str) -> NotFound:
    return NotFound("There is no such record.", field=field)


def _check_done(record: Record) -> None:
    if record.status not in RECORD_TERMINAL:
        raise Conflict("The record is not done yet; score it when it is.", field="input.recordId")


def _own_name(name: str | None) -> str:
    if not name:
        raise BadInput("Name the score, or the evaluator that it is for.", field="input.name")
    return check_name(name, field="input.name")


def _check_room(kept: Sequence[Score], score: Score) -> None:
    named = sum(old.given_by is None for old in kept)
    if score.evaluator_id is None and named >= MOST_NAMED_SCORES:
        raise LimitExceeded(
            f"A record may have {MOST_NAMED_SCORES} scores of their own names at most.", field="input.name"
        )


def _as_used(run: Run, evaluator: Evaluator | None) -> Evaluator | EvaluatorSnapshot | None:
    """Return an evaluator as the run uses it; where the run does not, as it is now."""
    if evaluator is None:
        return None
    return next((entry for entry in run.evaluators if entry.evaluator_id == evaluator.id), evaluator)


def _score(record: Record, run: Run, given: _Given) -> Score:
    """Return a person's score as the record is to have it: with what follows from it in this run."""
    replaced = next((old for old in record.scores if old.key == given.score.key), None)
    passed = judged_by_person(given.value, said=given.passed, evaluator=_as_used(run, given.evaluator))
    score = with_value(given.score, given.value, passed=passed)
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
