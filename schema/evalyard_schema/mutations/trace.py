"""Traces."""

import strawberry

from evalyard_schema.context import Info
from evalyard_schema.described import mutation
from evalyard_schema.ids import decode, decode_many


@strawberry.type
class TraceMutation:
    """What changes traces."""

    @mutation
    async def delete_trace(self, info: Info, id: strawberry.ID) -> strawberry.ID:
        """Remove a trace with its spans; records keep their trace ids, and a span that comes later begins it anew."""
        await info.context.services.trace_keeping.delete(
            actor=info.context.actor, trace_ids=[decode(id, "Trace", field="id")], field="id"
        )
        return id

    @mutation
    async def delete_traces(self, info: Info, ids: list[strawberry.ID]) -> list[strawberry.ID]:
        """Remove traces as `deleteTrace` does, at most 1,000 a call, all or none."""
        await info.context.services.trace_keeping.delete(
            actor=info.context.actor, trace_ids=decode_many(ids, "Trace", field="ids")
        )
        return ids
