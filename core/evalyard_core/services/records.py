"""Records as they are read, scored by people and annotated."""

from collections.abc import Sequence
from typing import Any, Final

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.errors import LimitExceeded, NotFound
from evalyard_core.domain.evaluators import Evaluator
from evalyard_core.domain.limits import check_text
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Record, Score, ScoreSource, ScoreStatus
from evalyard_core.queue import Queue
from evalyard_core.storage import Store

from .human_scoring import HumanScore, HumanScoring, check_done, no_record
from .noting import MOST_ANNOTATIONS, check_value, new_annotation, own_name

_UNNAMED: Final = "Name the score, or the evaluator that it is for."


class RecordService:
    """Reads records, and takes in what people say of them."""

    def __init__(self, store: Store, queue: Queue) -> None:
        self._store = store
        self._scoring = HumanScoring(store, queue)

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
            raise no_record(field)
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
        check_done(record)
        check_value(value)
        evaluator = await self._evaluator(record, evaluator_id)
        score = Score(
            evaluator_id=evaluator_id,
            name=evaluator.name if evaluator else own_name(name, remedy=_UNNAMED),
            status=ScoreStatus.OK,
            source=ScoreSource.HUMAN,
            created_at=now(),
            explanation=check_text(explanation, field="input.explanation") if explanation else None,
            author=actor.name,
        )
        return await self._scoring.add(record_id, HumanScore(score, value, passed, evaluator))

    async def annotate(
        self, *, actor: Actor, record_id: str, rating: int | None = None, comment: str | None = None
    ) -> Record:
        """Note something about a record."""
        record = await self.require(actor=actor, record_id=record_id, role=Role.EDITOR, field="recordId")
        annotation = new_annotation(actor, rating, comment)
        noted = await self._store.records.annotate(record.id, annotation, most=MOST_ANNOTATIONS)
        if noted is not None:
            return noted
        if await self._store.records.get(record.id) is None:
            raise no_record("recordId")
        raise LimitExceeded(f"A record may have {MOST_ANNOTATIONS} annotations at most.", field="recordId")

    async def _evaluator(self, record: Record, evaluator_id: str | None) -> Evaluator | None:
        if evaluator_id is None:
            return None
        evaluator = await self._store.evaluators.get(evaluator_id)
        if evaluator is None or evaluator.deleted_at is not None or evaluator.project_id != record.project_id:
            raise NotFound("There is no such evaluator.", field="input.evaluatorId")
        return evaluator
