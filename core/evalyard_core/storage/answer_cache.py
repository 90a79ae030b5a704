"""Outputs that may be used again. They are the records' own: what is deleted with its run is not used any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pymongo.asynchronous.database import AsyncDatabase

from evalyard_core.domain.caching import AnswerOrigin, CachedAnswer
from evalyard_core.domain.payload import load_json

from .codec import Document
from .records import RecordRepository

#: More than a lane looks up at once, so that all of it comes in one answer of the database.
_MOST_ROWS: Final = 1000
_MOST_CHARACTERS: Final = 16 * 1024 * 1024

_TOOK: Final = ("attempts", "latency_ms", "cost_usd", "prompt_tokens", "completion_tokens")
_READ: Final = dict.fromkeys(("output", "response", "trace_id", *_TOOK), 1)


@dataclass(frozen=True, slots=True)
class FoundAnswers:
    """Answers by their keys; where they are not `complete`, because they are large, there may be others."""

    answers: dict[str, CachedAnswer]
    complete: bool


class AnswerCacheRepository:
    """Finds outputs by what was asked for them."""

    name = RecordRepository.name

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._rows = database[self.name]

    async def newest(self, project_id: str, keys: Sequence[str], *, since: datetime) -> FoundAnswers:
        """Return the newest output of each key for which a system of the project was called at `since` or later.

        One round trip, unless they are large.
        """
        answers: dict[str, CachedAnswer] = {}
        characters = 0
        async with await self._rows.aggregate(_newest(project_id, keys, since), batchSize=_MOST_ROWS) as rows:
            async for row in rows:
                answers[row["_id"]] = _answer(row["record"])
                characters += len(row["record"]["output"] or "")
                if characters > _MOST_CHARACTERS:
                    return FoundAnswers(answers, complete=False)
        return FoundAnswers(answers, complete=True)


def _newest(project_id: str, keys: Sequence[str], since: datetime) -> list[Document]:
    """Return a pipeline that finds records in an index, and reads of each key the newest only."""
    newest = {"$top": {"sortBy": {"started_at": -1}, "output": "$_id"}}
    return [
        {"$match": {"project_id": project_id, "answer_key": {"$in": list(keys)}, "started_at": {"$gte": since}}},
        {"$group": {"_id": "$answer_key", "newest": newest}},
        {
            "$lookup": {
                "from": AnswerCacheRepository.name,
                "localField": "newest",
                "foreignField": "_id",
                "pipeline": [{"$project": _READ}],
                "as": "record",
            }
        },
        {"$unwind": "$record"},
    ]


def _answer(row: Document) -> CachedAnswer:
    return CachedAnswer(
        output=load_json(row["output"]),
        response=load_json(row["response"]),
        trace_id=row["trace_id"],
        origin=AnswerOrigin(record_id=row["_id"], **{name: row[name] for name in _TOOK}),
    )
