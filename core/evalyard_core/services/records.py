"""Records as they are read, scored by people and annotated."""

from collections.abc import Sequence
from typing import Any

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.errors import BadInput, Conflict, NotFound
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.limits import check_name, check_range, check_text
from evalyard_core.domain.payload import now, payload_size
from evalyard_core.domain.records import (
    RECORD_TERMINAL,
    Annotation,
    Record,
    Score,
    ScoreSource,
    ScoreStatus,
    verdict_of,
)
from evalyard_core.domain.scores import with_value
from evalyard_core.storage import Store
from evalyard_core.storage.collection import Session


class RecordService:
    """Reads records, and takes in what people say of them."""

    def __init__(self, store: Store) -> None:
        self._store = store

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
            raise NotFound("There is no such record.", field=field)
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
        """Give a record a person's score; it replaces the one of the same evaluator or name, which stays readable."""
        record = await self.require(actor=actor, record_id=record_id, role=Role.EDITOR, field="input.recordId")
        if record.status not in RECORD_TERMINAL:
            raise Conflict("The record is not done yet; score it when it is.", field="input.recordId")
        payload_size(value, field="input.value", most=100_000)
        score = with_value(
            Score(
                evaluator_id=evaluator_id,
                name=await self._score_name(record, evaluator_id, name),
                status=ScoreStatus.OK,
                source=ScoreSource.HUMAN,
                created_at=now(),
                explanation=check_text(explanation, field="input.explanation") if explanation else None,
                author=actor.name,
            ),
            value,
            passed=passed,
        )
        return await self._replace_score(record, score), score

    async def annotate(
        self, *, actor: Actor, record_id: str, rating: int | None = None, comment: str | None = None
    ) -> Record:
        """Note something about a record."""
        record = await self.require(actor=actor, record_id=record_id, role=Role.EDITOR, field="recordId")
        if rating is None and not comment:
            raise BadInput("Give a rating, a comment, or both.", field="comment")
        annotation = Annotation(
            id=new_id(),
            author=actor.name,
            created_at=now(),
            rating=None if rating is None else check_range(rating, 1, 5, field="rating"),
            comment=check_text(comment, field="comment") if comment else None,
        )
        return await self._store.records.annotate(record.id, annotation) or record

    async def _score_name(self, record: Record, evaluator_id: str | None, name: str | None) -> str:
        if evaluator_id is None:
            if not name:
                raise BadInput("Name the score, or the evaluator that it is for.", field="input.name")
            return check_name(name, field="input.name")
        evaluator = await self._store.evaluators.get(evaluator_id)
        if evaluator is None or evaluator.deleted_at is not None or evaluator.project_id != record.project_id:
            raise NotFound("There is no such evaluator.", field="input.evaluatorId")
        return evaluator.name

    async def _replace_score(self, record: Record, score: Score) -> Record:
        kept = tuple(old for old in record.scores if old.key != score.key)
        replaced = [(record.id, old) for old in record.scores if old.key == score.key]
        scores = (*kept, score)

        async def write(session: Session) -> Record:
            stored = await self._store.records.set_scores(record, scores, verdict_of(scores), session=session)
            if stored is None:
                raise Conflict("Somebody else has just scored this record; read it again.", field="input.recordId")
            await self._store.score_history.add(record.project_id, record.run_id, replaced, session=session)
            await self._store.runs.touch(record.run_id, session=session)
            return stored

        return await self._store.transaction(write)
