"""What starts the runs of a project by itself."""

import strawberry
from strawberry import UNSET

from evalyard_core.domain.lists import MonitorList, ScheduleList
from evalyard_schema.context import Info
from evalyard_schema.described import field
from evalyard_schema.types import monitor, schedule
from evalyard_schema.types.connection import Connection, connect
from evalyard_schema.types.lazy import LazyMonitor, LazySchedule


@strawberry.type
class StartedByThemselves:
    """The part of `Project` that starts runs by itself."""

    raw_id: strawberry.Private[str]

    @field
    async def schedules(
        self, info: Info, first: int | None = 20, after: str | None = UNSET
    ) -> Connection[LazySchedule]:
        """The project's schedules, by age."""
        schedules = ScheduleList(project_id=self.raw_id)
        loader = info.context.loaders.lists.schedules
        return await connect(loader, schedules, schedule.Schedule.of, first=first, after=after)

    @field
    async def monitors(self, info: Info, first: int | None = 20, after: str | None = UNSET) -> Connection[LazyMonitor]:
        """The project's monitors, by age."""
        monitors = MonitorList(project_id=self.raw_id)
        loader = info.context.loaders.lists.monitors
        return await connect(loader, monitors, monitor.Monitor.of, first=first, after=after)
