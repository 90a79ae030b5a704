"""Which runs are meant, and in which order."""

from datetime import datetime

import strawberry

from evalyard_core.domain import filters as domain
from evalyard_core.domain.limits import check_search, check_tags
from evalyard_schema.described import input_type
from evalyard_schema.enums import OrderDirection, RunOrderField, RunSource, RunStatus
from evalyard_schema.given import given
from evalyard_schema.ids import decode_given


@input_type
class RunFilter:
    """Which runs are meant: all that is given must hold, and one of each list."""

    search: str | None = strawberry.field(
        description="Looks in the run's, the system's (agent's) and the dataset's names."
    )
    status: list[RunStatus] | None
    source: list[RunSource] | None
    dataset_id: strawberry.ID | None
    system_id: strawberry.ID | None
    system_version_id: strawberry.ID | None
    evaluator_id: strawberry.ID | None
    started_after: datetime | None = strawberry.field(description="The moment itself included.")
    started_before: datetime | None = strawberry.field(description="The moment itself included.")
    tags: list[str] | None = strawberry.field(description="All of them.")

    def to_domain(self) -> domain.RunFilter:
        """Return the filter with raw ids, or refuse an id."""
        return domain.RunFilter(
            search=check_search(self.search, field="filter.search"),
            status=tuple(self.status or ()),
            source=tuple(self.source or ()),
            dataset_id=decode_given(self.dataset_id, "Dataset", field="filter.datasetId"),
            system_id=decode_given(self.system_id, "System", field="filter.systemId"),
            system_version_id=decode_given(self.system_version_id, "SystemVersion", field="filter.systemVersionId"),
            evaluator_id=decode_given(self.evaluator_id, "Evaluator", field="filter.evaluatorId"),
            started_after=self.started_after,
            started_before=self.started_before,
            tags=check_tags(self.tags, field="filter.tags"),
        )


@input_type
class RunOrder:
    """How runs are sorted; those with equal values by age."""

    field: RunOrderField
    direction: OrderDirection = OrderDirection.DESC


def wanted_runs(filter: RunFilter | None) -> domain.RunFilter:
    """Return which runs are meant; all where nothing is said."""
    chosen = given(filter)
    return domain.RunFilter() if chosen is None else chosen.to_domain()


def run_order(order: RunOrder | None) -> domain.RunOrder:
    """Return how runs are sorted; newest first where nothing is said."""
    chosen = given(order)
    return domain.RunOrder() if chosen is None else domain.RunOrder(field=chosen.field, direction=chosen.direction)
