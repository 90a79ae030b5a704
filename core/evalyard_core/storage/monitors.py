"""Monitors, found by when they are due; and which traces each of them has taken."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from evalyard_core.domain.errors import Conflict
from evalyard_core.domain.lists import MonitorList
from evalyard_core.domain.monitors import Monitor, Sighting

from .codec import Document
from .collection import Repository, Session
from .listed import Listed, Selection
from .pages import Order

_BY_AGE = Order()


class MonitorRepository(Listed[Monitor, MonitorList]):
    """Monitors; names are unique in a project."""

    name = "monitors"

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        super().__init__(database, Monitor)

    async def add(self, monitor: Monitor) -> None:
        """Store a new monitor, or refuse a name that is taken."""
        try:
            await self.insert(monitor)
        except DuplicateKeyError as error:
            raise _taken(monitor.name) from error

    async def change(self, monitor: Monitor, *, session: Session | None = None) -> Monitor | None:
        """Replace a monitor by what it has become, unless somebody has changed it since it was read."""
        document = self._codec.encode(replace(monitor, revision=monitor.revision + 1))
        try:
            return await self._update(
                {"_id": monitor.id, "revision": monitor.revision}, {"$set": document}, session=session
            )
        except DuplicateKeyError as error:
            raise _taken(monitor.name) from error

    async def due(self, moment: datetime, most: int) -> list[Monitor]:
        """Return monitors that wait no longer, those that have waited longest first."""
        rows = self._rows.find({"next_at": {"$lte": moment}}).sort("next_at").limit(most)
        return [self._codec.decode(row) async for row in rows]

    def selection(self, wanted: MonitorList) -> Selection:
        """Return a project's monitors by age."""
        return Selection({"project_id": wanted.project_id}, _BY_AGE)


class SightingRepository(Repository[Sighting]):
    """What monitors have taken; kept for a month, so that a trace which grows meanwhile is not taken again."""

    name = "sightings"

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        super().__init__(database, Sighting)

    async def add(self, sightings: Sequence[Sighting], *, session: Session) -> None:
        """Store sightings, all of which have to be new."""
        await self._rows.insert_many([self._codec.encode(sighting) for sighting in sightings], session=session)

    async def known(self, identifiers: Sequence[str]) -> set[str]:
        """Return those of the ids that are there."""
        rows = self._rows.find({"_id": {"$in": list(identifiers)}}, projection={"_id": 1}, batch_size=10_000)
        return {row["_id"] async for row in rows}

    async def of_run(self, run_id: str, most: int) -> AsyncIterator[list[Sighting]]:
        """Yield the sightings of a run in its order, so many at a time."""
        rows = self._rows.find({"run_id": run_id}, batch_size=most).sort("seq")
        while batch := await rows.to_list(most):
            yield [self._codec.decode(row) for row in batch]


def _taken(name: str) -> Conflict:
    return Conflict(f"There is a monitor {name!r} in this project already; choose another name.", field="input.name")
