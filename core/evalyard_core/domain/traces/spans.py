"""Spans: the steps of a recorded execution.

Times are nanoseconds since 1970 in UTC, as OpenTelemetry counts them. Attributes are plain JSON: lists for arrays,
objects for lists of keys and values, base64 texts for bytes.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Final

import orjson

from evalyard_core.domain.payload import AsText, Json, load_json

NANOSECONDS_A_MILLISECOND: Final = 1_000_000
#: The last time that a span can have, in the year 2262: the store counts in 64 bits with a sign.
LAST_NS: Final = 2**63 - 1


class SpanKind(StrEnum):
    """What kind of work a span is."""

    AGENT = "AGENT"
    CHAIN = "CHAIN"
    LLM = "LLM"
    TOOL = "TOOL"
    RETRIEVER = "RETRIEVER"
    EMBEDDING = "EMBEDDING"
    RERANKER = "RERANKER"
    GUARDRAIL = "GUARDRAIL"
    EVALUATOR = "EVALUATOR"
    UNKNOWN = "UNKNOWN"


class SpanStatus(StrEnum):
    """How a span ended, as its application says."""

    OK = "OK"
    ERROR = "ERROR"
    UNSET = "UNSET"


class OtelKind(StrEnum):
    """OpenTelemetry's own kind of a span: its place between processes."""

    UNSPECIFIED = "UNSPECIFIED"
    INTERNAL = "INTERNAL"
    SERVER = "SERVER"
    CLIENT = "CLIENT"
    PRODUCER = "PRODUCER"
    CONSUMER = "CONSUMER"


def _dump_parts(parts: Any) -> str | None:
    """Return the JSON text of several parts; where there are none, nothing needs to be stored."""
    return orjson.dumps(parts).decode() if parts else None


#: Attributes by name; stored as one JSON text.
Attributes = Annotated[dict[str, Any], AsText(_dump_parts, load_json)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanEvent:
    """Something that happened at one moment of a span."""

    name: str
    at_ns: int
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanLink:
    """Another span, of this or of another trace, that has to do with this one."""

    trace_id: str
    span_id: str
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What recorded a span: the instrumentation library."""

    name: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedSpan:
    """A span as it was sent: ids in lower-case hexadecimal digits, 32 of the trace and 16 of the span."""

    trace_id: str
    span_id: str
    name: str
    start_ns: int
    end_ns: int
    parent_span_id: str | None = None
    otel_kind: OtelKind = OtelKind.UNSPECIFIED
    status: SpanStatus = SpanStatus.UNSET
    status_message: str | None = None
    attributes: Attributes = field(default_factory=dict)
    events: Annotated[tuple[SpanEvent, ...], AsText(_dump_parts, load_json)] = ()
    links: Annotated[tuple[SpanLink, ...], AsText(_dump_parts, load_json)] = ()
    resource: Attributes = field(default_factory=dict)
    scope: Scope = field(default_factory=Scope)

    @property
    def duration_ms(self) -> float:
        """How long it took."""
        return (self.end_ns - self.start_ns) / NANOSECONDS_A_MILLISECOND

    def is_fuller_than(self, other: "ReceivedSpan") -> bool:
        """Tell which of two that were sent under the same ids is kept, whichever came first.

        It is the one that ended later, then the one that says more; what is left is settled by its text.
        """
        return self != other and _fullness(self) > _fullness(other)


def _fullness(span: ReceivedSpan) -> tuple[int, int, int, bytes]:
    return span.end_ns, len(span.attributes), len(span.events), orjson.dumps(span)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool that a model asked for; `arguments` is None where nothing is said of them."""

    name: str
    arguments: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanError:
    """What went wrong in a span: the type of the exception or error, and what it says."""

    type: str
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What the conventions understand of a span; None is what it does not say."""

    kind: SpanKind = SpanKind.UNKNOWN
    input: Json = None
    output: Json = None
    model: str | None = None
    provider: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_usd: float | None = None
    session: str | None = None
    user: str | None = None
    tags: tuple[str, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    error: SpanError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A part of a span that was shortened before it was stored: its path, and the bytes that it had."""

    path: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span of a project as it is kept."""

    id: str
    project_id: str
    received: ReceivedSpan
    meaning: Meaning
    truncated: tuple[Cut, ...] = ()

    @property
    def trace(self) -> str:
        """The id of its trace."""
        return trace_key(self.project_id, self.received.trace_id)


def trace_key(project_id: str, trace_id: str) -> str:
    """Return the one id that a project's trace can have."""
    return f"{project_id}.{trace_id}"


def span_key(project_id: str, trace_id: str, span_id: str) -> str:
    """Return the one id that a span of a project's trace can have."""
    return f"{project_id}.{trace_id}.{span_id}"
