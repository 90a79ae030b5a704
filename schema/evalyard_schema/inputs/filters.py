"""Which runs and records are meant, and in which order."""

from datetime import datetime

import strawberry

from evalyard_core.domain import filters as domain
from evalyard_core.domain.limits import check_count, check_search, check_tags
from evalyard_schema.described import input_type
from evalyard_schema.enums import (
    OrderDirection,
    RecordOrderField,
    RecordStatus,
    RunOrderField,
    RunSource,
    RunStatus,
    ScoreStatus,
    Verdict,
)
from evalyard_schema.given import given
from evalyard_schema.ids import decode, decode_given, decode_many

_MOST_SCORE_FILTERS = 20


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


@input_type
class ScoreFilter:
    """What a record's score by an evaluator must be; bounds include their ends."""

    evaluator_id: strawberry.ID
    passed: bool | None
    min: float | None
    max: float | None
    label: str | None
    status: ScoreStatus | None = strawberry.field(description="OK unless given.")

    def to_domain(self, *, field: str) -> domain.ScoreFilter:
        """Return the filter with a raw id, or refuse the id."""
        return domain.ScoreFilter(
            evaluator_id=decode(self.evaluator_id, "Evaluator", field=f"{field}.evaluatorId"),
            passed=self.passed,
            min=self.min,
            max=self.max,
            label=check_search(self.label, field=f"{field}.label"),
            status=self.status,
        )


@input_type
class RecordFilter:
    """Which records are meant: all that is given must hold, and one of each list."""

    search: str | None = strawberry.field(description="Looks in input, expected output and output.")
    run_ids: list[strawberry.ID] | None
    dataset_ids: list[strawberry.ID] | None
    item_ids: list[strawberry.ID] | None
    system_version_ids: list[strawberry.ID] | None
    status: list[RecordStatus] | None
    verdict: list[Verdict] | None
    tags: list[str] | None = strawberry.field(description="All of them.")
    min_latency_ms: float | None
    max_latency_ms: float | None
    finished_after: datetime | None = strawberry.field(description="The moment itself included.")
    finished_before: datetime | None = strawberry.field(description="The moment itself included.")
    scores: list[ScoreFilter] | None = strawberry.field(description="All must hold.")

    def to_domain(self) -> domain.RecordFilter:
        """Return the filter with raw ids, or refuse an id."""
        check_count(self.scores or (), _MOST_SCORE_FILTERS, field="filter.scores")
        return domain.RecordFilter(
            search=check_search(self.search, field="filter.search"),
            run_ids=tuple(decode_many(self.run_ids or (), "Run", field="filter.runIds")),
            dataset_ids=tuple(decode_many(self.dataset_ids or (), "Dataset", field="filter.datasetIds")),
            item_ids=tuple(decode_many(self.item_ids or (), "DatasetItem", field="filter.itemIds")),
            system_version_ids=tuple(
                decode_many(self.system_version_ids or (), "SystemVersion", field="filter.systemVersionIds")
            ),
            status=tuple(self.status or ()),
            verdict=tuple(self.verdict or ()),
            tags=check_tags(self.tags, field="filter.tags"),
            min_latency_ms=self.min_latency_ms,
            max_latency_ms=self.max_latency_ms,
            finished_after=self.finished_after,
            finished_before=self.finished_before,
            scores=tuple(
                score.to_domain(field=f"filter.scores[{place}]") for place, score in enumerate(self.scores or ())
            ),
        )


@input_type
class RecordOrder:
    """How records are sorted; those with equal values by age."""

    field: RecordOrderField
    direction: OrderDirection = OrderDirection.DESC
    evaluator_id: strawberry.ID | None = strawberry.field(description="Whose score counts, for SCORE.")

    def to_domain(self) -> domain.RecordOrder:
        """Return the order with a raw id, or refuse the id."""
        return domain.RecordOrder(
            field=self.field,
            direction=self.direction,
            evaluator_id=decode_given(self.evaluator_id, "Evaluator", field="orderBy.evaluatorId"),
        )


def wanted_runs(filter: RunFilter | None) -> domain.RunFilter:
    """Return which runs are meant; all where nothing is said."""
    chosen = given(filter)
    return domain.RunFilter() if chosen is None else chosen.to_domain()


def run_order(order: RunOrder | None) -> domain.RunOrder:
    """Return how runs are sorted; newest first where nothing is said."""
    chosen = given(order)
    return domain.RunOrder() if chosen is None else domain.RunOrder(field=chosen.field, direction=chosen.direction)


def wanted_records(filter: RecordFilter | None) -> domain.RecordFilter:
    """Return which records are meant; all where nothing is said."""
    chosen = given(filter)
    return domain.RecordFilter() if chosen is None else chosen.to_domain()


def record_order(order: RecordOrder | None) -> domain.RecordOrder | None:
    """Return how records are sorted, None where nothing is said."""
    chosen = given(order)
    return None if chosen is None else chosen.to_domain()
