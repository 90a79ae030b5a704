"""Which records are meant, and in which order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import strawberry
from strawberry.scalars import JSON

from evalyard_core.domain import filters as domain
from evalyard_core.domain.errors import BadInput
from evalyard_core.domain.facets import facet, is_plain
from evalyard_core.domain.limits import check_count, check_search, check_tags, check_unicode
from evalyard_schema.described import input_type
from evalyard_schema.enums import OrderDirection, RecordOrderField, RecordStatus, ScoreStatus, Verdict
from evalyard_schema.given import given
from evalyard_schema.ids import decode, decode_given, decode_many

_MOST_SCORE_FILTERS: Final = 20
_MOST_METADATA_FILTERS: Final = 20


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
class MetadataFilter:
    """What a record's metadata must say at its top: a key and its value, a text, a number, true or false."""

    key: str
    value: JSON

    def to_domain(self, *, field: str) -> str:
        """Return the facet that is meant, or refuse what can't be one."""
        if not is_plain(self.key):
            raise BadInput("A key of metadata that can be looked for has 200 characters at most.", field=f"{field}.key")
        if not is_plain(self.value):
            raise BadInput(
                "Look for a text of at most 200 characters, a number, true or false; `search` looks for others.",
                field=f"{field}.value",
            )
        if isinstance(self.value, str):
            check_unicode(self.value, field=f"{field}.value")
        return facet(check_unicode(self.key, field=f"{field}.key"), self.value)


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
    metadata: list[MetadataFilter] | None = strawberry.field(description="All must hold.")
    error_codes: list[str] | None = strawberry.field(description="Of the error for which there is no output.")
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
            facets=_facets(self.metadata or ()),
            error_codes=check_tags(self.error_codes, field="filter.errorCodes"),
            min_latency_ms=self.min_latency_ms,
            max_latency_ms=self.max_latency_ms,
            finished_after=self.finished_after,
            finished_before=self.finished_before,
            scores=tuple(
                score.to_domain(field=f"filter.scores[{place}]") for place, score in enumerate(self.scores or ())
            ),
        )


def _facets(filters: Sequence[MetadataFilter]) -> tuple[str, ...]:
    check_count(filters, _MOST_METADATA_FILTERS, field="filter.metadata")
    return tuple(entry.to_domain(field=f"filter.metadata[{place}]") for place, entry in enumerate(filters))


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


def wanted_records(filter: RecordFilter | None) -> domain.RecordFilter:
    """Return which records are meant; all where nothing is said."""
    chosen = given(filter)
    return domain.RecordFilter() if chosen is None else chosen.to_domain()


def record_order(order: RecordOrder | None) -> domain.RecordOrder | None:
    """Return how records are sorted, None where nothing is said."""
    chosen = given(order)
    return None if chosen is None else chosen.to_domain()
