"""Datasets."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from evalyard_core.domain import datasets as domain
from evalyard_core.domain.limits import check_range, check_search, check_tags
from evalyard_core.domain.lists import ItemList, RunList
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.enums import ItemSource
from evalyard_schema.given import given
from evalyard_schema.ids import encode
from evalyard_schema.inputs.run_filters import RunFilter, RunOrder, run_order, wanted_runs
from evalyard_schema.types import evaluator, failing, item, project, run
from evalyard_schema.types.connection import Connection, connect
from evalyard_schema.types.edges import follow
from evalyard_schema.types.gate import GatePolicy
from evalyard_schema.types.lazy import LazyDatasetItem, LazyEvaluator, LazyFlakyItem, LazyProject, LazyRun
from evalyard_schema.types.mapping import Threshold, VariableMapping
from evalyard_schema.types.node import Node


@object_type
class DatasetEvaluator:
    """An evaluator that future runs of the dataset use."""

    evaluator_id: strawberry.Private[str]
    mapping: list[VariableMapping] = strawberry.field(
        description="Used instead of the evaluator's own mapping, unless it is empty."
    )
    threshold: Threshold | None = strawberry.field(description="Used instead of the evaluator's own threshold.")

    @classmethod
    def of(cls, attached: domain.AttachedEvaluator) -> Self:
        """Return an attached evaluator."""
        return cls(
            evaluator_id=attached.evaluator_id,
            mapping=[VariableMapping.of(entry) for entry in attached.mapping],
            threshold=Threshold.of(attached.threshold),
        )

    @field
    def evaluator(self, info: Info) -> LazyEvaluator:
        """The evaluator as it is now."""
        loader = info.context.loaders.evaluators
        return follow(loader, self.evaluator_id, evaluator.Evaluator.of, what="evaluator")


@object_type
class Dataset(Node):
    """A versioned collection of test cases."""

    dataset: strawberry.Private[domain.Dataset]
    name: str
    description: str
    tags: list[str]
    created_at: datetime
    updated_at: datetime
    input_schema: JSON | None = strawberry.field(
        description="JSON Schema that each item's input must meet; items that do not are kept, with validationErrors."
    )
    version: int = strawberry.field(
        description="Grows by one with each change of the items; a run pins the version it started from."
    )
    item_count: int = strawberry.field(description="How many items the newest version has.")

    @classmethod
    def of(cls, dataset: domain.Dataset) -> Self:
        """Return a dataset."""
        return cls(
            id=encode("Dataset", dataset.id),
            dataset=dataset,
            name=dataset.name,
            description=dataset.description,
            tags=list(dataset.tags),
            created_at=dataset.created_at,
            updated_at=dataset.updated_at,
            input_schema=dataset.input_schema,
            version=dataset.version,
            item_count=dataset.item_count,
        )

    @field
    def project(self, info: Info) -> LazyProject:
        """The project that it belongs to."""
        loader = info.context.loaders.projects
        return follow(loader, self.dataset.project_id, project.Project.of, what="project")

    @field
    async def items(
        self,
        info: Info,
        *,
        first: int | None = 20,
        after: str | None = UNSET,
        version: int | None = UNSET,
        search: str | None = UNSET,
        tags: list[str] | None = UNSET,
        source: ItemSource | None = UNSET,
    ) -> Connection[LazyDatasetItem]:
        """The items of a version, the newest unless one is named, in the order in which they were added.

        `search` looks in input and expected output; all the `tags` must be there.
        """
        chosen = given(version)
        items = ItemList(
            project_id=self.dataset.project_id,
            dataset_id=self.dataset.id,
            version=None if chosen is None else check_range(chosen, 0, self.dataset.version, field="version"),
            search=check_search(given(search), field="search"),
            tags=check_tags(given(tags), field="tags"),
            source=given(source),
        )
        return await connect(info.context.loaders.lists.items, items, item.DatasetItem.of, first=first, after=after)

    @field
    def evaluators(self) -> list[DatasetEvaluator]:
        """The evaluators that runs over this dataset use unless they name others."""
        return [DatasetEvaluator.of(attached) for attached in self.dataset.evaluators]

    @field
    def gate_policy(self) -> GatePolicy | None:
        """What runs over this dataset must meet, unless `Run.gate` is told otherwise."""
        policy = self.dataset.gate_policy
        return None if policy is None else GatePolicy.of(policy)

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
        """The runs over this dataset, newest first unless ordered otherwise."""
        runs = RunList(
            project_id=self.dataset.project_id,
            dataset_id=self.dataset.id,
            wanted=wanted_runs(filter),
            order=run_order(order_by),
        )
        return await connect(info.context.loaders.lists.runs, runs, run.Run.of, first=first, after=after)

    @field
    async def consistent_failures(
        self, info: Info, last_runs: int | None = 5, first: int | None = 20, after: str | None = UNSET
    ) -> Connection[LazyDatasetItem]:
        """Items that failed in every one of the last runs.

        Of the last completed runs, 50 at most, those in which the item has a verdict: no trial in any of them passed.
        """
        runs = 5 if last_runs is None else last_runs
        return await failing.consistent_failures(info, self.dataset, last_runs=runs, first=first, after=after)

    @field
    async def flaky_items(
        self, info: Info, last_runs: int | None = 10, first: int | None = 20, after: str | None = UNSET
    ) -> Connection[LazyFlakyItem]:
        """Items whose verdict flips between runs or trials of the same system version, most unstable first.

        Looked at are the last completed runs, 50 at most; a run without a system version is a version of its own.
        """
        runs = 10 if last_runs is None else last_runs
        return await failing.flaky_items(info, self.dataset, last_runs=runs, first=first, after=after)
