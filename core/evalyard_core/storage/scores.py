"""Scores: inside their record while they are current, in a collection of their own once they were replaced."""

from collections.abc import Sequence
from typing import Any, Final

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from evalyard_core.domain.evaluators import EvaluatorSnapshot
from evalyard_core.domain.records import Score

from .codec import SCHEMA_VERSION, Document, PartCodec
from .collection import Session, insert_new

_SCORE: Final = PartCodec(Score)
_SNAPSHOT: Final = PartCodec(EvaluatorSnapshot)


class ScoreHistoryRepository:
    """Scores that another one has replaced."""

    name = "score_history"

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._rows = database[self.name]

    async def add(
        self, project_id: str, run_id: str, replaced: Sequence[tuple[str, Score]], *, session: Session | None = None
    ) -> None:
        """Keep scores of records, given with the records' ids; adding one twice keeps it once."""
        documents = [
            {
                "_id": f"{record_id}.{score.key}.{score.created_at.timestamp():.3f}",
                "project_id": project_id,
                "run_id": run_id,
                "record_id": record_id,
                "score": _SCORE.encode(score),
                "schema_version": SCHEMA_VERSION,
            }
            for record_id, score in replaced
        ]
        if not documents:
            return
        if session is not None:
            # A duplicate would end the transaction.
            await self._rows.bulk_write(
                [UpdateOne({"_id": row["_id"]}, {"$setOnInsert": row}, upsert=True) for row in documents],
                session=session,
            )
            return
        await insert_new(self._rows, documents)

    async def of_records(self, record_ids: Sequence[str]) -> dict[str, list[Score]]:
        """Return the replaced scores of records by record id, newest first."""
        found: dict[str, list[Score]] = {identifier: [] for identifier in record_ids}
        async for row in self._rows.find({"record_id": {"$in": list(record_ids)}}):
            found[row["record_id"]].append(_SCORE.decode(row["score"]))
        for scores in found.values():
            scores.sort(key=lambda score: score.created_at, reverse=True)
        return found

    async def delete_of_run(self, run_id: str) -> None:
        """Remove what a run's records replaced."""
        await self._rows.delete_many({"run_id": run_id})

    async def delete_of_project(self, project_id: str) -> None:
        """Remove what a project's records replaced."""
        await self._rows.delete_many({"project_id": project_id})


def encode_score(score: Score) -> Any:
    """Return a score as plain JSON values, for a worker's answer."""
    part = _SCORE.encode(score)
    part["created_at"] = score.created_at.isoformat()
    return part


def decode_score(part: Any) -> Score:
    """Return the score of `encode_score`."""
    return _SCORE.decode(part)


def encode_snapshot(snapshot: EvaluatorSnapshot) -> Any:
    """Return an evaluator snapshot as plain JSON values, for a question to a worker."""
    return _SNAPSHOT.encode(snapshot)


def decode_snapshot(part: Any) -> EvaluatorSnapshot:
    """Return the snapshot of `encode_snapshot`."""
    return _SNAPSHOT.decode(part)
