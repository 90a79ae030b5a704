"""Scores that may be used again. They are the records' own, as their outputs are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pymongo.asynchronous.database import AsyncDatabase

from evalyard_core.domain.records import Score

from .codec import Document, PartCodec
from .records import RecordRepository

#: More than a batch looks up at once, so that all of it comes in one answer of the database.
_MOST_ROWS: Final = 10_000

_SCORES: Final = PartCodec(tuple[Score, ...])


@dataclass(frozen=True, slots=True)
class CachedScores:
    """What an evaluator said of a record: its own score, and behind it those that its plugin gave beside it."""

    record_id: str
    scores: tuple[Score, ...]


class ScoreCacheRepository:
    """Finds scores by what was scored."""

    name = RecordRepository.name

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._rows = database[self.name]

    async def newest(self, project_id: str, keys: Sequence[str], *, since: datetime) -> dict[str, CachedScores]:
        """Return the newest scores of each key that were made in the project at `since` or later; in one round trip."""
        rows = await self._rows.aggregate(_newest(project_id, keys, since), batchSize=_MOST_ROWS)
        return {row["_id"]: _cached(row["newest"]) async for row in rows}


def _newest(project_id: str, keys: Sequence[str], since: datetime) -> list[Document]:
    """Return a pipeline that reads records which have such scores, and keeps of each key one evaluator's of one."""
    wanted = {"$in": list(keys)}
    evaluator = {"$ifNull": ["$scores.evaluator_id", "$scores.part_of"]}
    newest = {"$top": {"sortBy": {"at": -1}, "output": {"record_id": "$_id.record", "scores": "$scores"}}}
    return [
        {"$match": {"project_id": project_id, "scores.cache_key": wanted}},
        {"$project": {"scores": 1}},
        {"$unwind": "$scores"},
        {"$match": {"scores.cache_key": wanted, "scores.created_at": {"$gte": since}}},
        {
            "$group": {
                "_id": {"key": "$scores.cache_key", "record": "$_id", "evaluator": evaluator},
                "at": {"$max": "$scores.created_at"},
                "scores": {"$push": "$scores"},
            }
        },
        {"$group": {"_id": "$_id.key", "newest": newest}},
    ]


def _cached(row: Document) -> CachedScores:
    scores = _SCORES.decode(row["scores"])
    # The evaluator's own is the first that a record has of it.
    return CachedScores(row["record_id"], tuple(sorted(scores, key=lambda score: score.evaluator_id is None)))
