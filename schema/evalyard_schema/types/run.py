"""Runs."""

from datetime import datetime
from functools import partial
from typing import Self

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from evalyard_core.domain import runs as domain
from evalyard_core.domain.explaining import warnings_of
from evalyard_core.domain.lists import RecordList
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.enums import RunSource, RunStatus
from evalyard_schema.ids import encode
from evalyard_schema.inputs.record_filters import RecordFilter, RecordOrder, record_order, wanted_records
from evalyard_schema.types import dataset, monitor, project, record, schedule, system
from evalyard_schema.types.caching import RunCache
from evalyard_schema.types.connection import Connection, connect
from evalyard_schema.types.dispatch import RunDispatch
from evalyard_schema.types.edges import follow, follow_if_there
from evalyard_schema.types.evaluator_summary import EvaluatorSummary
from evalyard_schema.types.figures import RunProgress, RunSummary
from evalyard_schema.types.lazy import (
    LazyDataset,
    LazyMonitor,
    LazyProject,
    LazyRecord,
    LazyRun,
    LazySchedule,
    LazySystem,
    LazySystemVersion,
)
from evalyard_schema.types.node import Node
from evalyard_schema.types.run_results import RunResults


@object_type
class Run(RunResults, Node):
    """One execution of a system version over a dataset version, scored by evaluators: a point-in-time snapshot."""

    number: int = strawberry.field(description="1, 2, 3 … in the project.")
    name: str
    dataset_name: str | None = strawberry.field(description="The dataset's name when the run started.")
    dataset_version: int | None = strawberry.field(description="The dataset version that the run uses.")
    source: RunSource
    status: RunStatus
    status_reason: str | None = strawberry.field(description="Why the run was stopped.")
    created_at: datetime
    scheduled_for: datetime | None = strawberry.field(description="The tick that a schedule started it for.")
    started_at: datetime | None
    finished_at: datetime | None
    notes: str
    tags: list[str]
    metadata: JSON | None
    trials: int
    concurrency: int
    max_attempts: int
    max_consecutive_failures: int
    timeout_seconds: float
    sample_size: int | None
    item_tags: list[str]
    max_cost_usd: float | None
    max_duration_seconds: float | None
    cache: RunCache

    @classmethod
    def of(cls, run: domain.Run) -> Self:
        """Return a run."""
        return cls(
            id=encode("Run", run.id),
            run=run,
            number=run.number,
            name=run.name,
            dataset_name=run.dataset.name if run.dataset else None,
            dataset_version=run.dataset.version if run.dataset else None,
            source=run.source,
            status=run.status,
            status_reason=run.status_reason,
            created_at=run.created_at,
            scheduled_for=run.scheduled_for,
            started_at=run.started_at,
            finished_at=run.finished_at,
            notes=run.notes,
            tags=list(run.tags),
            metadata=run.metadata,
            trials=run.settings.trials,
            concurrency=run.settings.concurrency,
            max_attempts=run.settings.max_attempts,
            max_consecutive_failures=run.settings.max_consecutive_failures,
            timeout_seconds=run.settings.timeout_seconds,
            sample_size=run.settings.sample_size,
            item_tags=list(run.settings.item_tags),
            max_cost_usd=run.settings.max_cost_usd,
            max_duration_seconds=run.settings.max_duration_seconds,
            cache=RunCache.of(run.settings.cache),
        )

    @field
    def project(self, info: Info) -> LazyProject:
        """The project that it belongs to."""
        return follow(info.context.loaders.projects, self.run.project_id, project.Project.of, what="project")

    @field
    def dataset(self, info: Info) -> LazyDataset | None:
        """The dataset as it is now; null when there was none, or it was deleted since."""
        pin = self.run.dataset
        return follow_if_there(info.context.loaders.datasets, pin.id if pin else None, dataset.Dataset.of)

    @field
    def system(self, info: Info) -> LazySystem | None:
        """The system that it calls; null when outputs were submitted."""
        pin = self.run.system
        return follow_if_there(info.context.loaders.systems, pin.system_id if pin else None, system.System.of)

    @field
    def system_version(self, info: Info) -> LazySystemVersion | None:
        """The system version that it calls, with the config that it uses; null when outputs were submitted."""
        pin = self.run.system
        if pin is None:
            return None
        return follow_if_there(
            info.context.loaders.system_versions, pin.version_id, partial(system.SystemVersion.pinned, pin)
        )

    @field
    def dispatch(self) -> RunDispatch | None:
        """What was started elsewhere to carry it out; null where the workers do, or nobody has yet."""
        return RunDispatch.of(self.run.dispatch)

    @field
    def warnings(self) -> list[str]:
        """What went wrong with it as a whole though it went on: a system or an evaluator that is not asked any more."""
        return warnings_of(self.run)

    @field
    def progress(self) -> RunProgress:
        """How its records stand."""
        return RunProgress.of(self.run)

    @field
    def summary(self) -> RunSummary:
        """Its figures: exact once it has ended, until then what is known so far."""
        return RunSummary.of(self.run)

    @field
    def evaluators(self) -> list[EvaluatorSummary]:
        """Its evaluators, with what each made of it."""
        return [EvaluatorSummary.of(self.run, snapshot) for snapshot in self.run.evaluators]

    @field
    async def records(
        self,
        info: Info,
        *,
        first: int | None = 20,
        after: str | None = UNSET,
        filter: RecordFilter | None = UNSET,
        order_by: RecordOrder | None = UNSET,
    ) -> Connection[LazyRecord]:
        """Its records, in the order of the dataset unless ordered otherwise."""
        records = RecordList(
            project_id=self.run.project_id,
            run_id=self.run.id,
            wanted=wanted_records(filter),
            order=record_order(order_by),
        )
        return await connect(info.context.loaders.lists.records, records, record.Record.of, first=first, after=after)

    @field
    def schedule(self, info: Info) -> LazySchedule | None:
        """The schedule that started it; null where none did, or it was deleted since."""
        return follow_if_there(info.context.loaders.schedules, self.run.schedule_id, schedule.Schedule.of)

    @field
    def monitor(self, info: Info) -> LazyMonitor | None:
        """The monitor that made it of traces; null where none did, or it was deleted since."""
        return follow_if_there(info.context.loaders.monitors, self.run.monitor_id, monitor.Monitor.of)

    @field
    async def rerun_of(self, info: Info) -> LazyRun | None:
        """The run that this one repeats."""
        found = await info.context.loaders.runs.load(self.run.rerun_of) if self.run.rerun_of else None
        return None if found is None or found.hidden else Run.of(found)

    @field
    async def previous(self, info: Info) -> LazyRun | None:
        """The run before this one of the same dataset and system."""
        found = await info.context.loaders.previous_runs.load(self.run)
        return None if found is None else Run.of(found)
