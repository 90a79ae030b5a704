"""Projects."""

from datetime import datetime
from functools import partial
from typing import Self

import strawberry
from strawberry import UNSET

from evalyard_core.domain import access as domain
from evalyard_core.domain.limits import check_search, check_tags
from evalyard_core.domain.lists import DatasetList, EvaluatorList, KeyList, RecordList, RunList, SystemList
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.enums import ExportFormat
from evalyard_schema.given import given
from evalyard_schema.ids import decode_many, encode
from evalyard_schema.inputs.record_filters import RecordFilter, RecordOrder, record_order, wanted_records
from evalyard_schema.inputs.run_filters import RunFilter, RunOrder, run_order, wanted_runs
from evalyard_schema.types import access, dataset, evaluator, export_links, history, record, run, system
from evalyard_schema.types.connection import Connection, connect, connection, page_size
from evalyard_schema.types.keeping import Redaction, Retention
from evalyard_schema.types.lazy import (
    LazyApiKey,
    LazyDataset,
    LazyEvaluator,
    LazyHistorySeries,
    LazyRecord,
    LazyRun,
    LazySystem,
)
from evalyard_schema.types.node import Node
from evalyard_schema.types.project_traces import ProjectTraces
from evalyard_schema.types.started import StartedByThemselves


@object_type
class Project(ProjectTraces, StartedByThemselves, Node):
    """A wall around everything that belongs together."""

    name: str
    description: str
    created_at: datetime
    retention: Retention
    redaction: Redaction

    @classmethod
    def of(cls, project: domain.Project) -> Self:
        """Return a project."""
        return cls(
            id=encode("Project", project.id),
            raw_id=project.id,
            name=project.name,
            description=project.description,
            created_at=project.created_at,
            retention=Retention.of(project.retention),
            redaction=Redaction.of(project.redaction),
        )

    @field
    async def api_keys(self, info: Info, first: int | None = 20, after: str | None = UNSET) -> Connection[LazyApiKey]:
        """The project's keys, by age; for the role ADMIN."""
        keys = KeyList(project_id=self.raw_id)
        return await connect(info.context.loaders.lists.api_keys, keys, access.ApiKey.of, first=first, after=after)

    @field
    async def datasets(
        self,
        info: Info,
        *,
        first: int | None = 20,
        after: str | None = UNSET,
        search: str | None = UNSET,
        tags: list[str] | None = UNSET,
    ) -> Connection[LazyDataset]:
        """The project's datasets, by age; `search` looks in their names, all the `tags` must be there."""
        datasets = DatasetList(
            project_id=self.raw_id,
            search=check_search(given(search), field="search"),
            tags=check_tags(given(tags), field="tags"),
        )
        loader = info.context.loaders.lists.datasets
        return await connect(loader, datasets, dataset.Dataset.of, first=first, after=after)

    @field
    async def evaluators(
        self, info: Info, first: int | None = 20, after: str | None = UNSET, search: str | None = UNSET
    ) -> Connection[LazyEvaluator]:
        """The project's evaluators, by age; `search` looks in their names."""
        evaluators = EvaluatorList(project_id=self.raw_id, search=check_search(given(search), field="search"))
        loader = info.context.loaders.lists.evaluators
        return await connect(loader, evaluators, evaluator.Evaluator.of, first=first, after=after)

    @field
    async def systems(
        self, info: Info, first: int | None = 20, after: str | None = UNSET, search: str | None = UNSET
    ) -> Connection[LazySystem]:
        """The project's systems under test, by age; `search` looks in their names."""
        systems = SystemList(project_id=self.raw_id, search=check_search(given(search), field="search"))
        return await connect(info.context.loaders.lists.systems, systems, system.System.of, first=first, after=after)

    @field
    async def runs(
        self,
        info: Info,
        *,
        first: int | None = 20,
        after: str | None = UNSET,
        filter: RunFilter | None = UNSET,
        order_by: RunOrder | None = UNSET,
    ) -> Connection[LazyRun]:
        """The project's runs, newest first unless ordered otherwise."""
        runs = RunList(project_id=self.raw_id, wanted=wanted_runs(filter), order=run_order(order_by))
        return await connect(info.context.loaders.lists.runs, runs, run.Run.of, first=first, after=after)

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
        """The records of all runs, newest first unless ordered otherwise."""
        records = RecordList(project_id=self.raw_id, wanted=wanted_records(filter), order=record_order(order_by))
        return await connect(info.context.loaders.lists.records, records, record.Record.of, first=first, after=after)

    @field
    async def records_export_url(self, info: Info, format: ExportFormat, filter: RecordFilter | None = UNSET) -> str:
        """A link to the records that a filter finds, as a file, for whoever has it and for 15 minutes.

        Newest first; where the filter names runs, run by run, each in its own order. It is relative to the address of
        the API unless EVALYARD_PUBLIC_URL says how clients reach that.
        """
        return await export_links.of_records(info, self.raw_id, given(filter), format)

    @field
    async def history(
        self,
        info: Info,
        evaluator_ids: list[strawberry.ID] | None = UNSET,
        filter: RunFilter | None = UNSET,
        last: int | None = 50,
    ) -> list[LazyHistorySeries]:
        """One series an evaluator, a point a run, oldest first.

        The passing rate of a boolean evaluator, the mean of a numeric one; the passing rate too where texts or labels
        meet a threshold. Of the last runs, 200 at most, that the filter allows: completed ones, unless it names a
        status. Without `evaluatorIds`, of every evaluator that these runs have.
        """
        chosen = given(evaluator_ids)
        return await history.project_history(
            info,
            self.raw_id,
            evaluator_ids=None if chosen is None else decode_many(chosen, "Evaluator", field="evaluatorIds"),
            wanted=wanted_runs(filter),
            last=50 if last is None else last,
        )


async def project_page(info: Info, *, first: int | None, after: str | None) -> Connection[Project]:
    """Return the projects that the actor sees."""
    actor, service = info.context.actor, info.context.services.projects
    page = await service.page(actor=actor, first=page_size(first), after=given(after))
    return connection(page, Project.of, partial(service.count, actor=actor))
