"""Schedules, found by when they are due."""

from dataclasses import replace
from datetime import datetime

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from evalyard_core.domain.errors import Conflict
from evalyard_core.domain.lists import ScheduleList
from evalyard_core.domain.schedules import Schedule

from .codec import Document
from .collection import Session
from .listed import Listed, Selection
from .pages import Order

_BY_AGE = Order()


class ScheduleRepository(Listed[Schedule, ScheduleList]):
    """Schedules; names are unique in a project."""

    name = "schedules"

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        super().__init__(database, Schedule)

    async def add(self, schedule: Schedule) -> None:
        """Store a new schedule, or refuse a name that is taken."""
        try:
            await self.insert(schedule)
        except DuplicateKeyError as error:
            raise _taken(schedule.name) from error

    async def change(self, schedule: Schedule, *, session: Session | None = None) -> Schedule | None:
        """Replace a schedule by what it has become, unless somebody has changed it since it was read."""
        document = self._codec.encode(replace(schedule, revision=schedule.revision + 1))
        try:
            return await self._update(
                {"_id": schedule.id, "revision": schedule.revision}, {"$set": document}, session=session
            )
        except DuplicateKeyError as error:
            raise _taken(schedule.name) from error

    async def due(self, moment: datetime, most: int) -> list[Schedule]:
        """Return schedules that wait no longer, those that have waited longest first."""
        rows = self._rows.find({"next_at": {"$lte": moment}}).sort("next_at").limit(most)
        return [self._codec.decode(row) async for row in rows]

    def selection(self, wanted: ScheduleList) -> Selection:
        """Return a project's schedules by age."""
        return Selection({"project_id": wanted.project_id}, _BY_AGE)


def _taken(name: str) -> Conflict:
    return Conflict(f"There is a schedule {name!r} in this project already; choose another name.", field="input.name")
