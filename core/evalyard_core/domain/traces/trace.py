"""Traces: what the spans of one execution come to.

A trace may be made of its spans in any order and in any parts, and comes to the same: sums, extremes, and the smallest
so many of a set.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from evalyard_core.domain.payload import dump_json

from .spans import LAST_NS, NANOSECONDS_A_MILLISECOND, Span, SpanKind, SpanStatus

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

#: The most models, tags and texts that a trace lists.
MOST_LISTED: Final = 50
#: How much of a head's input and of its output, and of other texts, is looked through by a search.
_LONGEST_EXCERPT: Final = 1_000
_LONGEST_TEXT: Final = 120

#: Kinds whose spans repeat what the model calls inside them used.
_WHOLES: Final = frozenset({SpanKind.AGENT, SpanKind.CHAIN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What models read and wrote, and what that cost; cached tokens are of the prompt's, reasoning of the others."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: float = 0.0

    @property
    def rank(self) -> tuple[int, float]:
        """What is largest for the most use."""
        return self.prompt_tokens + self.completion_tokens, self.cost_usd

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            cost_usd=self.cost_usd + other.cost_usd,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The span that a trace goes by: the root that began first or, while there is none, the span that did."""

    is_root: bool
    start_ns: int
    span_id: str
    name: str
    status: SpanStatus
    text: str

    @property
    def rank(self) -> tuple[bool, int, str]:
        """What is smallest for the head."""
        return not self.is_root, self.start_ns, self.span_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What some span says of its whole trace: the one that began first, of those that say it."""

    start_ns: int
    span_id: str
    value: str

    @property
    def rank(self) -> tuple[int, str]:
        """What is smallest for the one that counts."""
        return self.start_ns, self.span_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What is known of one execution, as of the spans that have come in; `received_at` is when the last did.

    `calls` is what the spans of model calls used, `claimed` the most that an agent's or chain's span says it did.
    `texts` is looked through by a search beside the head's own: names of spans, and what errors say.
    """

    id: str
    project_id: str
    trace_id: str
    head: Head
    start_ns: int
    end_ns: int
    received_at: datetime
    span_count: int
    error_count: int
    calls: Usage
    claimed: Usage
    session: Said | None = None
    user: Said | None = None
    tags: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    hidden: bool = False

    @property
    def name(self) -> str:
        """The name of its head."""
        return self.head.name

    @property
    def status(self) -> SpanStatus:
        """How its head ended: an error that was dealt with inside is counted, and does not make the trace one."""
        return self.head.status

    @property
    def started_at(self) -> datetime:
        """When its first span began."""
        return moment_of(self.start_ns)

    @property
    def duration_ms(self) -> float:
        """From the begin of the first span to the end of the last."""
        return (self.end_ns - self.start_ns) / NANOSECONDS_A_MILLISECOND

    @property
    def usage(self) -> Usage:
        """What its models used: as its model calls say or, where none of them does, as an agent or chain does."""
        return self.calls if self.calls.rank > (0, 0.0) else self.claimed

    @property
    def total_tokens(self) -> int:
        """What its models read and wrote."""
        return self.usage.prompt_tokens + self.usage.completion_tokens

    def joined(self, other: "Trace") -> "Trace":
        """Return the trace of the spans of both parts, which have none in common."""
        return replace(
            self,
            head=min(self.head, other.head, key=lambda head: head.rank),
            start_ns=min(self.start_ns, other.start_ns),
            end_ns=max(self.end_ns, other.end_ns),
            received_at=max(self.received_at, other.received_at),
            span_count=self.span_count + other.span_count,
            error_count=self.error_count + other.error_count,
            calls=self.calls + other.calls,
            claimed=max(self.claimed, other.claimed, key=lambda usage: usage.rank),
            session=_first([self.session, other.session]),
            user=_first([self.user, other.user]),
            tags=_listed([*self.tags, *other.tags]),
            models=_listed([*self.models, *other.models]),
            texts=_listed([*self.texts, *other.texts]),
        )


def moment_of(nanoseconds: int) -> datetime:
    """Return a time of a span to the microsecond, which is what a datetime holds."""
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)


def nanoseconds_of(moment: datetime) -> int:
    """Return a time as spans have it, or the nearest that the store can hold."""
    return max(-LAST_NS, min(LAST_NS, (moment - _EPOCH) // timedelta(microseconds=1) * 1000))


def traces_of(spans: Iterable[Span], received_at: datetime) -> dict[str, Trace]:
    """Return what spans, each of them there once, add to their traces, by the traces' ids."""
    by_trace: defaultdict[str, list[Span]] = defaultdict(list)
    for span in spans:
        by_trace[span.trace].append(span)
    return {key: _trace_of(key, parts, received_at) for key, parts in by_trace.items()}


def _trace_of(key: str, spans: Sequence[Span], received_at: datetime) -> Trace:
    received = [span.received for span in spans]
    return Trace(
        id=key,
        project_id=spans[0].project_id,
        trace_id=received[0].trace_id,
        head=_head_of(spans),
        start_ns=min(span.start_ns for span in received),
        end_ns=max(span.end_ns for span in received),
        received_at=received_at,
        span_count=len(spans),
        error_count=sum(span.status is SpanStatus.ERROR for span in received),
        calls=_usage_of([span for span in spans if span.meaning.kind not in _WHOLES]),
        claimed=max(
            (_usage_of([span]) for span in spans if span.meaning.kind in _WHOLES),
            key=lambda usage: usage.rank,
            default=Usage(),
        ),
        session=_first([_said(span, span.meaning.session) for span in spans]),
        user=_first([_said(span, span.meaning.user) for span in spans]),
        tags=_listed([tag for span in spans for tag in span.meaning.tags]),
        models=_listed([span.meaning.model for span in spans if span.meaning.model]),
        texts=_listed([text[:_LONGEST_TEXT] for span in spans for text in _texts_of(span)]),
    )


def _head_of(spans: Sequence[Span]) -> Head:
    def rank(span: Span) -> tuple[bool, int, str]:
        return span.received.parent_span_id is not None, span.received.start_ns, span.received.span_id

    head = min(spans, key=rank)
    return Head(
        is_root=head.received.parent_span_id is None,
        start_ns=head.received.start_ns,
        span_id=head.received.span_id,
        name=head.received.name,
        status=head.received.status,
        text="\n".join(filter(None, (_excerpt(head.meaning.input), _excerpt(head.meaning.output)))),
    )


def _usage_of(spans: Sequence[Span]) -> Usage:
    meanings = [span.meaning for span in spans]
    return Usage(
        prompt_tokens=sum(meaning.prompt_tokens or 0 for meaning in meanings),
        completion_tokens=sum(meaning.completion_tokens or 0 for meaning in meanings),
        cached_tokens=sum(meaning.cached_tokens or 0 for meaning in meanings),
        reasoning_tokens=sum(meaning.reasoning_tokens or 0 for meaning in meanings),
        cost_usd=sum(meaning.cost_usd or 0.0 for meaning in meanings),
    )


def _said(span: Span, value: str | None) -> Said | None:
    if value is None:
        return None
    return Said(start_ns=span.received.start_ns, span_id=span.received.span_id, value=value)


def _first(said: Iterable[Said | None]) -> Said | None:
    return min((one for one in said if one is not None), key=lambda one: one.rank, default=None)


def _listed(values: Iterable[str]) -> tuple[str, ...]:
    """Return the smallest of a set, so that it comes to the same in whichever order they are found."""
    return tuple(sorted(set(values))[:MOST_LISTED])


def _texts_of(span: Span) -> Iterable[str]:
    yield span.received.name
    if span.received.status_message:
        yield span.received.status_message
    if span.meaning.error is not None:
        yield f"{span.meaning.error.type} {span.meaning.error.message}"


def _excerpt(value: Any) -> str:
    """Return the begin of a value, texts without quotes."""
    text = value if isinstance(value, str) else dump_json(value) or ""
    return text[:_LONGEST_EXCERPT]
