"""Monitors."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry import UNSET

from evalyard_core.domain import filters
from evalyard_core.domain import monitors as domain
from evalyard_core.domain.lists import RunList
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.ids import encode
from evalyard_schema.trace_enums import SpanStatus
from evalyard_schema.types import evaluator, project, run
from evalyard_schema.types.connection import Connection, connect
from evalyard_schema.types.edges import follow, follow_if_there
from evalyard_schema.types.lazy import LazyEvaluator, LazyProject, LazyRun
from evalyard_schema.types.node import Node
from evalyard_schema.types.start_error import StartError, started_run


@object_type
class MonitorFilter:
    """Which traces a monitor takes: all that is given holds."""

    search: str | None
    started_after: datetime | None
    started_before: datetime | None
    status: SpanStatus | None
    name: str | None
    min_duration_ms: float | None
    session: str | None
    user: str | None
    tags: list[str]

    @classmethod
    def of(cls, wanted: filters.TraceFilter) -> Self:
        """Return a filter."""
        return cls(
            search=wanted.search,
            started_after=wanted.started_after,
            started_before=wanted.started_before,
            status=wanted.status,
            name=wanted.name,
            min_duration_ms=wanted.min_duration_ms,
            session=wanted.session,
            user=wanted.user,
            tags=list(wanted.tags),
        )


@object_type
class Monitor(Node):
    """Scores a share of a project's new traces, in a run a cycle; nothing is called."""

    monitor: strawberry.Private[domain.Monitor]
    name: str
    rate: float = strawberry.field(description="Share of the traces that are scored, 0 to 100 %.")
    interval_seconds: int = strawberry.field(description="Seconds between cycles.")
    quiet_seconds: int = strawberry.field(
        description="A trace is taken once nothing of it has come in for so many seconds."
    )
    tags: list[str] = strawberry.field(description="Of its runs.")
    paused: bool
    created_at: datetime
    updated_at: datetime
    since: datetime = strawberry.field(description="Traces that came in before are none of its own.")
    looked_until: datetime | None = strawberry.field(description="Traces that were quiet by then are dealt with.")
    next_run_at: datetime | None = strawberry.field(description="When its next cycle comes; null while it is paused.")

    @classmethod
    def of(cls, monitor: domain.Monitor) -> Self:
        """Return a monitor."""
        return cls(
            id=encode("Monitor", monitor.id),
            monitor=monitor,
            name=monitor.name,
            rate=monitor.rate,
            interval_seconds=monitor.interval_seconds,
            quiet_seconds=monitor.quiet_seconds,
            tags=list(monitor.tags),
            paused=monitor.paused,
            created_at=monitor.created_at,
            updated_at=monitor.updated_at,
            since=monitor.since,
            looked_until=monitor.looked_until,
            next_run_at=monitor.next_at,
        )

    @field
    def project(self, info: Info) -> LazyProject:
        """The project that it belongs to."""
        loader = info.context.loaders.projects
        return follow(loader, self.monitor.project_id, project.Project.of, what="project")

    @field
    def filter(self) -> MonitorFilter:
        """Which traces it takes."""
        return MonitorFilter.of(self.monitor.wanted)

    @field
    async def evaluators(self, info: Info) -> list[LazyEvaluator]:
        """The evaluators that score, deleted ones too."""
        found = await info.context.loaders.evaluators.load_many(self.monitor.evaluator_ids)
        return [evaluator.Evaluator.of(one) for one in found if one is not None]

    @field
    def last_error(self) -> StartError | None:
        """Why the newest cycle started no run though there were traces; null once one does."""
        return StartError.of(self.monitor.last_error)

    @field
    def last_run(self, info: Info) -> LazyRun | None:
        """The newest run that it has started; null where there is none, or it was deleted since."""
        return follow_if_there(info.context.loaders.runs, self.monitor.last_run_id, started_run)

    @field
    async def runs(self, info: Info, first: int | None = 20, after: str | None = UNSET) -> Connection[LazyRun]:
        """The runs that it has started, newest first."""
        started = RunList(project_id=self.monitor.project_id, monitor_id=self.monitor.id)
        return await connect(info.context.loaders.lists.runs, started, run.Run.of, first=first, after=after)
