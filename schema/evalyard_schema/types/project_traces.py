"""The traces of a project."""

import strawberry
from strawberry import UNSET

from evalyard_core.domain.limits import check_search
from evalyard_core.domain.lists import TraceList
from evalyard_core.domain.traces.context import as_trace_id
from evalyard_core.domain.traces.spans import trace_key
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.inputs.trace_filters import TraceFilter, TraceOrder, trace_order, wanted_traces
from evalyard_schema.types import trace
from evalyard_schema.types.connection import Connection, connect
from evalyard_schema.types.edges import follow_if_there
from evalyard_schema.types.lazy import LazyTrace


@object_type
class ProjectTraces:
    """The part of `Project` that looks at its traces."""

    raw_id: strawberry.Private[str]

    @field
    async def traces(
        self,
        info: Info,
        *,
        first: int | None = 20,
        after: str | None = UNSET,
        filter: TraceFilter | None = UNSET,
        order_by: TraceOrder | None = UNSET,
    ) -> Connection[LazyTrace]:
        """The project's traces, newest first unless ordered otherwise."""
        traces = TraceList(project_id=self.raw_id, wanted=wanted_traces(filter), order=trace_order(order_by))
        return await connect(info.context.loaders.lists.traces, traces, trace.Trace.of, first=first, after=after)

    @field
    def trace(self, info: Info, trace_id: str) -> LazyTrace | None:
        """A trace by the id that its application gave it; null where no span of it has come in."""
        key = trace_key(self.raw_id, as_trace_id(check_search(trace_id, field="traceId") or ""))
        return follow_if_there(info.context.loaders.traces, key, trace.Trace.of)
