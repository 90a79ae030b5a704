"""Records whose scoring is put off: their documents also keep `score_at`, before which nobody looks at them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from pymongo import UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from evalyard_core.domain.records import RecordStatus

from .codec import Document

#: Every record that was put off has a later time.
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


class PutOffRecords:
    """Records that wait for their scores, and for something else before that."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._rows: AsyncCollection[Document] = database["records"]

    async def add(self, until: Mapping[str, datetime]) -> None:
        """Have records that wait for their scores scored no sooner than at a time each."""
        writes = [
            UpdateOne({"_id": identifier, "status": RecordStatus.SCORING}, {"$set": {"score_at": moment}})
            for identifier, moment in until.items()
        ]
        await self._rows.bulk_write(writes, ordered=False)

    async def next_in_lane(self, run_id: str, lane: int) -> datetime | None:
        """Return when the first of a lane's records that were put off is to be scored."""
        query = {"run_id": run_id, "lane": lane, "status": RecordStatus.SCORING, "score_at": {"$gt": _LONG_AGO}}
        first: list[Document] = [{"$match": query}, {"$group": {"_id": None, "at": {"$min": "$score_at"}}}]
        async for row in await self._rows.aggregate(first):
            at: datetime = row["at"]
            return at
        return None
