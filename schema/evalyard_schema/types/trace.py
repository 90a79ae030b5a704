"""Traces: recorded executions."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry import UNSET

from evalyard_core.domain.lists import RecordList, SpanList
from evalyard_core.domain.traces import breakdown
from evalyard_core.domain.traces import trace as domain
from evalyard_core.domain.traces.spans import Span
from evalyard_core.services.traces.reading import SpanOfTrace
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.ids import encode
from evalyard_schema.trace_enums import SpanKind, SpanStatus
from evalyard_schema.types import project, record, span
from evalyard_schema.types.connection import Connection, connect
from evalyard_schema.types.edges import follow
from evalyard_schema.types.lazy import LazyProject, LazyRecord, LazySpan
from evalyard_schema.types.node import Node

_DEFAULT_SPANS = 100


@object_type
class LatencyShare:
    """The time of one kind of work."""

    kind: SpanKind
    duration_ms: float
    share: float = strawberry.field(description="Of the trace's duration, 0 to 1.")
    span_count: int

    @classmethod
    def of(cls, share: breakdown.LatencyShare) -> Self:
        """Return a share."""
        return cls(kind=share.kind, duration_ms=share.duration_ms, share=share.share, span_count=share.span_count)


@object_type
class Trace(Node):
    """A recorded execution, as of the spans that have come in."""

    trace: strawberry.Private[domain.Trace]
    trace_id: str = strawberry.field(description="As OpenTelemetry writes it: 32 hexadecimal digits.")
    name: str = strawberry.field(description="That of the root that began first.")
    started_at: datetime
    duration_ms: float = strawberry.field(description="From the begin of the first span to the end of the last.")
    status: SpanStatus = strawberry.field(description="That of the root: an error that was dealt with is counted only.")
    span_count: int
    error_count: int
    total_tokens: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cost_usd: float
    session: str | None
    user: str | None
    tags: list[str]
    models: list[str] = strawberry.field(description="Those that were called, the first fifty by name.")

    @classmethod
    def of(cls, trace: domain.Trace) -> Self:
        """Return a trace."""
        usage = trace.usage
        return cls(
            id=encode("Trace", trace.id),
            trace=trace,
            trace_id=trace.trace_id,
            name=trace.name,
            started_at=trace.started_at,
            duration_ms=trace.duration_ms,
            status=trace.status,
            span_count=trace.span_count,
            error_count=trace.error_count,
            total_tokens=trace.total_tokens,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cached_tokens=usage.cached_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            cost_usd=usage.cost_usd,
            session=trace.session.value if trace.session else None,
            user=trace.user.value if trace.user else None,
            tags=list(trace.tags),
            models=list(trace.models),
        )

    @field
    def project(self, info: Info) -> LazyProject:
        """The project that it belongs to."""
        return follow(info.context.loaders.projects, self.trace.project_id, project.Project.of, what="project")

    @field
    async def spans(self, info: Info, first: int | None = 100, after: str | None = UNSET) -> Connection[LazySpan]:
        """Its spans in the order in which they began; `parentSpanId` makes a tree of them."""
        spans = SpanList(project_id=self.trace.project_id, trace=self.trace.id)

        def make(entry: Span) -> span.Span:
            return span.Span.of(SpanOfTrace(entry, self.trace))

        size = _DEFAULT_SPANS if first is None else first
        return await connect(info.context.loaders.lists.spans, spans, make, first=size, after=after)

    @field
    async def latency_breakdown(self, info: Info) -> list[LatencyShare]:
        """Time by kind of work, children's time taken out of their parents'; most of it first.

        What runs in parallel shares the time, so that all of it together is the trace's duration. Time at which no span
        was under way is UNKNOWN.
        """
        shares = await info.context.loaders.latency_breakdowns.load(self.trace)
        return [LatencyShare.of(share) for share in shares]

    @field
    async def records(self, info: Info, first: int | None = 20, after: str | None = UNSET) -> Connection[LazyRecord]:
        """The records that it is the trace of, newest first."""
        records = RecordList(project_id=self.trace.project_id, trace_id=self.trace.trace_id)
        return await connect(info.context.loaders.lists.records, records, record.Record.of, first=first, after=after)
