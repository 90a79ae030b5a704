"""Which traces are meant, and in which order."""

from datetime import datetime

import strawberry

from evalyard_core.domain import filters as domain
from evalyard_core.domain.limits import check_search, check_tags
from evalyard_schema.described import input_type
from evalyard_schema.enums import OrderDirection
from evalyard_schema.given import given
from evalyard_schema.trace_enums import SpanStatus, TraceOrderField


@input_type
class TraceFilter:
    """Which traces are meant: all that is given must hold."""

    search: str | None = strawberry.field(
        description=(
            "Looks in names, errors, models, tags, session, user and trace id, and in the beginnings of the root's "
            "input and output."
        )
    )
    started_after: datetime | None = strawberry.field(description="The moment itself included.")
    started_before: datetime | None = strawberry.field(description="The moment itself included.")
    status: SpanStatus | None
    name: str | None = strawberry.field(description="The whole name.")
    min_duration_ms: float | None
    session: str | None
    user: str | None
    tags: list[str] | None = strawberry.field(description="All of them.")

    def to_domain(self) -> domain.TraceFilter:
        """Return the filter, or refuse what can't be looked for."""
        return domain.TraceFilter(
            search=check_search(self.search, field="filter.search"),
            started_after=self.started_after,
            started_before=self.started_before,
            status=self.status,
            name=check_search(self.name, field="filter.name"),
            min_duration_ms=self.min_duration_ms,
            session=check_search(self.session, field="filter.session"),
            user=check_search(self.user, field="filter.user"),
            tags=check_tags(self.tags, field="filter.tags"),
        )


@input_type
class TraceOrder:
    """How traces are sorted; newest first where nothing is said."""

    field: TraceOrderField
    direction: OrderDirection = OrderDirection.DESC


def wanted_traces(filter: TraceFilter | None) -> domain.TraceFilter:
    """Return which traces are meant; all where nothing is said."""
    chosen = given(filter)
    return domain.TraceFilter() if chosen is None else chosen.to_domain()


def trace_order(order: TraceOrder | None) -> domain.TraceOrder:
    """Return how traces are sorted; newest first where nothing is said."""
    chosen = given(order)
    return domain.TraceOrder() if chosen is None else domain.TraceOrder(field=chosen.field, direction=chosen.direction)
