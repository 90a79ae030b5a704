"""Live workers and the library that they publish."""

from datetime import datetime, timedelta

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from evalyard_core.domain.payload import now
from evalyard_core.domain.plugins import EvaluatorPlugin, Worker

from .codec import SCHEMA_VERSION, Document, PartCodec
from .collection import Repository

#: A worker that was not seen for so long is gone.
LIVE_FOR = timedelta(seconds=10)

_PLUGIN = PartCodec(EvaluatorPlugin)


class WorkerRepository(Repository[Worker]):
    """Worker processes with a heartbeat; what they once offered is remembered when they are gone."""

    name = "workers"

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        super().__init__(database, Worker)
        self._catalogue = database["plugins"]

    async def publish(self, worker: Worker) -> None:
        """Make known what a worker process has installed, and that it lives."""
        document = self._codec.encode(worker) | {"seen_at": now(), "refresh": False}
        await self._rows.replace_one({"_id": worker.id}, document, upsert=True)
        offers = [
            UpdateOne(
                {"_id": plugin["key"]}, {"$set": {"plugin": plugin, "schema_version": SCHEMA_VERSION}}, upsert=True
            )
            for plugin in document["evaluators"]
            if plugin["problem"] is None
        ]
        if offers:
            await self._catalogue.bulk_write(offers, ordered=False)

    async def beat(self, identifier: str) -> bool | None:
        """Note that a worker lives; tell whether somebody asked it to look for plugins, or None where it is unknown."""
        row = await self._rows.find_one_and_update(
            {"_id": identifier}, {"$set": {"seen_at": now(), "refresh": False}}, projection={"refresh": 1}
        )
        return None if row is None else bool(row["refresh"])

    async def remove(self, identifier: str) -> None:
        """Forget a worker that stops."""
        await self._rows.delete_one({"_id": identifier})

    async def ask_for_refresh(self) -> None:
        """Ask every live worker to look for newly installed plugins."""
        await self._rows.update_many({}, {"$set": {"refresh": True}})

    async def live(self) -> list[Worker]:
        """Return the workers that live."""
        rows = self._rows.find({"seen_at": {"$gt": _threshold()}})
        return [self._codec.decode(row) async for row in rows]

    async def live_count(self) -> int:
        """Return how many workers live."""
        return await self._rows.count_documents({"seen_at": {"$gt": _threshold()}})

    async def remembered(self) -> list[EvaluatorPlugin]:
        """Return each evaluator plugin that any worker ever offered, as it was last."""
        rows = self._catalogue.find({})
        return [_PLUGIN.decode(row["plugin"]) async for row in rows]


def _threshold() -> datetime:
    return now() - LIVE_FOR
