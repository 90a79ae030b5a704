"""Schedules."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry import UNSET

from evalyard_core.domain import schedules as domain
from evalyard_core.domain.lists import RunList
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.ids import encode
from evalyard_schema.schedule_enums import MissedTicks, OverlapPolicy
from evalyard_schema.types import project, run
from evalyard_schema.types.connection import Connection, connect
from evalyard_schema.types.edges import follow, follow_if_there
from evalyard_schema.types.lazy import LazyProject, LazyRun
from evalyard_schema.types.node import Node
from evalyard_schema.types.run_template import RunTemplate
from evalyard_schema.types.start_error import StartError, started_run


@object_type
class Schedule(Node):
    """Starts runs from a template at the times of a cron expression."""

    schedule: strawberry.Private[domain.Schedule]
    name: str
    cron: str
    time_zone: str
    missed_ticks: MissedTicks
    overlap: OverlapPolicy
    paused: bool
    created_at: datetime
    updated_at: datetime
    next_run_at: datetime | None = strawberry.field(description="Null while it is paused.")
    last_tick_at: datetime | None = strawberry.field(description="The newest tick that came, whatever came of it.")

    @classmethod
    def of(cls, schedule: domain.Schedule) -> Self:
        """Return a schedule."""
        return cls(
            id=encode("Schedule", schedule.id),
            schedule=schedule,
            name=schedule.name,
            cron=schedule.cron,
            time_zone=schedule.time_zone,
            missed_ticks=schedule.missed_ticks,
            overlap=schedule.overlap,
            paused=schedule.paused,
            created_at=schedule.created_at,
            updated_at=schedule.updated_at,
            next_run_at=schedule.next_at,
            last_tick_at=schedule.last_tick_at,
        )

    @field
    def project(self, info: Info) -> LazyProject:
        """The project that it belongs to."""
        loader = info.context.loaders.projects
        return follow(loader, self.schedule.project_id, project.Project.of, what="project")

    @field
    def run(self) -> RunTemplate:
        """What its runs are started with."""
        return RunTemplate.of(self.schedule.template)

    @field
    def last_error(self) -> StartError | None:
        """Why the newest tick started no run; null once one does."""
        return StartError.of(self.schedule.last_error)

    @field
    def last_run(self, info: Info) -> LazyRun | None:
        """The newest run that it has started; null where there is none, or it was deleted since."""
        return follow_if_there(info.context.loaders.runs, self.schedule.last_run_id, started_run)

    @field
    async def runs(self, info: Info, first: int | None = 20, after: str | None = UNSET) -> Connection[LazyRun]:
        """The runs that it has started, newest first."""
        started = RunList(project_id=self.schedule.project_id, schedule_id=self.schedule.id)
        return await connect(info.context.loaders.lists.runs, started, run.Run.of, first=first, after=after)

    @field
    async def upcoming(self, info: Info, count: int | None = 5) -> list[datetime]:
        """The next times at which it starts a run, 20 at most; none while it is paused."""
        wanted = 5 if count is None else count
        return await info.context.services.schedules.upcoming(schedule=self.schedule, count=wanted)
