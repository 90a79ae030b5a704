"""Spans: the steps of a trace."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry.scalars import JSON

from evalyard_core.domain.traces import spans as domain
from evalyard_core.domain.traces.trace import moment_of
from evalyard_core.services.traces.reading import SpanOfTrace
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.ids import encode
from evalyard_schema.trace_enums import SpanKind, SpanStatus
from evalyard_schema.types import record, span_score, trace
from evalyard_schema.types.edges import follow
from evalyard_schema.types.lazy import LazyAnnotation, LazySpanScore, LazyTrace
from evalyard_schema.types.node import Node


@object_type
class SpanEvent:
    """Something that happened at one moment of a span."""

    name: str
    at: datetime
    attributes: JSON

    @classmethod
    def of(cls, event: domain.SpanEvent) -> Self:
        """Return an event."""
        return cls(name=event.name, at=moment_of(event.at_ns), attributes=JSON(event.attributes))


@object_type
class SpanError:
    """What went wrong in a span."""

    type: str = strawberry.field(description="The class of the exception, or the code of the error.")
    message: str

    @classmethod
    def of(cls, error: domain.SpanError | None) -> Self | None:
        """Return an error where there is one."""
        return None if error is None else cls(type=error.type, message=error.message)


@object_type
class SpanToolCall:
    """A tool that a model asked for, or that a span of the kind TOOL ran."""

    name: str
    arguments: JSON | None


@object_type
class CutPart:
    """A part of a span that was shortened before it was stored."""

    path: str
    bytes: int = strawberry.field(description="How many it had.")


@object_type
class Span(Node):
    """A step of a trace: a call of a model or a tool, a retrieval, or what holds such steps together."""

    span: strawberry.Private[domain.Span]
    of_trace: strawberry.Private[SpanOfTrace]
    span_id: str
    parent_span_id: str | None = strawberry.field(description="Null for a root; the parent may not have come in yet.")
    name: str
    kind: SpanKind
    status: SpanStatus
    status_message: str | None
    started_at: datetime
    duration_ms: float
    start_offset_ms: float = strawberry.field(description="How long after the begin of the trace it began.")
    input: JSON | None
    output: JSON | None
    attributes: JSON = strawberry.field(description="All that was sent, whether or not it is understood.")
    resource: JSON = strawberry.field(description="What was sent of the process that recorded it.")
    model: str | None
    provider: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    cached_tokens: int | None = strawberry.field(description="Those of the prompt's that were not read anew.")
    reasoning_tokens: int | None = strawberry.field(description="Those of the completion's that are no part of it.")
    cost_usd: float | None

    @classmethod
    def of(cls, of_trace: SpanOfTrace) -> Self:
        """Return a span of a trace."""
        span = of_trace.span
        received, meaning = span.received, span.meaning
        return cls(
            id=encode("Span", span.id),
            span=span,
            of_trace=of_trace,
            span_id=received.span_id,
            parent_span_id=received.parent_span_id,
            name=received.name,
            kind=meaning.kind,
            status=received.status,
            status_message=received.status_message,
            started_at=moment_of(received.start_ns),
            duration_ms=received.duration_ms,
            start_offset_ms=(received.start_ns - of_trace.trace.start_ns) / domain.NANOSECONDS_A_MILLISECOND,
            input=meaning.input,
            output=meaning.output,
            attributes=JSON(received.attributes),
            resource=JSON(received.resource),
            model=meaning.model,
            provider=meaning.provider,
            prompt_tokens=meaning.prompt_tokens,
            completion_tokens=meaning.completion_tokens,
            cached_tokens=meaning.cached_tokens,
            reasoning_tokens=meaning.reasoning_tokens,
            cost_usd=meaning.cost_usd,
        )

    @field
    def trace(self, info: Info) -> LazyTrace:
        """The trace that it is a part of."""
        return follow(info.context.loaders.traces, self.span.trace, trace.Trace.of, what="trace")

    @field
    async def scores(self, info: Info) -> list[LazySpanScore]:
        """What people have said of it, by name."""
        notes = await info.context.loaders.span_notes.load(self.span.id)
        return [span_score.SpanScore.current(score, self.of_trace) for score in (notes.scores if notes else ())]

    @field
    async def annotations(self, info: Info) -> list[LazyAnnotation]:
        """What people noted, oldest first."""
        notes = await info.context.loaders.span_notes.load(self.span.id)
        return [record.Annotation.of(note, self.span.id) for note in (notes.annotations if notes else ())]

    @field
    def events(self) -> list[SpanEvent]:
        """What happened meanwhile."""
        return [SpanEvent.of(event) for event in self.span.received.events]

    @field
    def error(self) -> SpanError | None:
        """What went wrong in it."""
        return SpanError.of(self.span.meaning.error)

    @field
    def tool_calls(self) -> list[SpanToolCall]:
        """The tools that a model asked for, or the one that it ran."""
        return [SpanToolCall(name=call.name, arguments=call.arguments) for call in self.span.meaning.tool_calls]

    @field
    def truncated(self) -> list[CutPart]:
        """What of it was shortened before it was stored."""
        return [CutPart(path=cut.path, bytes=cut.bytes) for cut in self.span.truncated]
