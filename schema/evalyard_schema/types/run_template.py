"""What a schedule's runs are started with."""

from typing import Self

import strawberry
from strawberry.scalars import JSON

from evalyard_core.domain import schedules as domain
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.types import dataset, evaluator, system
from evalyard_schema.types.caching import RunCache
from evalyard_schema.types.edges import follow_if_there
from evalyard_schema.types.lazy import LazyDataset, LazyEvaluator, LazySystem, LazySystemVersion


@object_type
class RunTemplate:
    """What a schedule's runs are started with."""

    template: strawberry.Private[domain.RunTemplate]
    dataset_version: int | None = strawberry.field(description="Null is the newest of the time.")
    name: str = strawberry.field(description="With {schedule}, {date} and {time}, which each run replaces.")
    notes: str
    tags: list[str]
    metadata: JSON | None
    trials: int
    concurrency: int
    max_attempts: int
    timeout_seconds: float
    sample_size: int | None
    item_tags: list[str]
    max_cost_usd: float | None
    max_duration_seconds: float | None
    cache: RunCache

    @classmethod
    def of(cls, template: domain.RunTemplate) -> Self:
        """Return a template."""
        settings = template.settings
        return cls(
            template=template,
            dataset_version=template.dataset_version,
            name=template.name,
            notes=template.notes,
            tags=list(template.tags),
            metadata=template.metadata,
            trials=settings.trials,
            concurrency=settings.concurrency,
            max_attempts=settings.max_attempts,
            timeout_seconds=settings.timeout_seconds,
            sample_size=settings.sample_size,
            item_tags=list(settings.item_tags),
            max_cost_usd=settings.max_cost_usd,
            max_duration_seconds=settings.max_duration_seconds,
            cache=RunCache.of(settings.cache),
        )

    @field
    def dataset(self, info: Info) -> LazyDataset | None:
        """The dataset; null where it was deleted since."""
        return follow_if_there(info.context.loaders.datasets, self.template.dataset_id, dataset.Dataset.of)

    @field
    def system(self, info: Info) -> LazySystem | None:
        """The system whose production version of the time is called; null where a version is named."""
        return follow_if_there(info.context.loaders.systems, self.template.system_id, system.System.of)

    @field
    def system_version(self, info: Info) -> LazySystemVersion | None:
        """The system version that is called; null where it is the production version of the time."""
        loader = info.context.loaders.system_versions
        return follow_if_there(loader, self.template.system_version_id, system.SystemVersion.of)

    @field
    async def evaluators(self, info: Info) -> list[LazyEvaluator] | None:
        """The evaluators, deleted ones too; null where they are those that are attached to the dataset at the time."""
        chosen = self.template.evaluator_ids
        if chosen is None:
            return None
        found = await info.context.loaders.evaluators.load_many(chosen)
        return [evaluator.Evaluator.of(one) for one in found if one is not None]
