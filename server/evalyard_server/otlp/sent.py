"""What a request holds, whichever encoding it came in."""

from dataclasses import dataclass, field
from typing import Any, Final

from evalyard_core.domain.traces.spans import LAST_NS, OtelKind, ReceivedSpan, SpanStatus

#: As `Span.SpanKind` numbers them.
KINDS: Final = (
    OtelKind.UNSPECIFIED,
    OtelKind.INTERNAL,
    OtelKind.SERVER,
    OtelKind.CLIENT,
    OtelKind.PRODUCER,
    OtelKind.CONSUMER,
)
#: As `Status.StatusCode` numbers them.
STATUSES: Final = (SpanStatus.UNSET, SpanStatus.OK, SpanStatus.ERROR)

#: Attributes are nested no deeper; a payload of a record may be as deep.
MOST_LEVELS: Final = 64

_NO_TRACE: Final = "0" * 32
_NO_SPAN: Final = "0" * 16


class Malformed(Exception):
    """A body that is no request; the message says where."""


class BadSpan(Exception):
    """A span that can't be stored; the message says why."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The spans of one resource, and why others of its spans are rejected."""

    resource: dict[str, Any]
    spans: list[ReceivedSpan] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)


def check_span(span: ReceivedSpan) -> ReceivedSpan:
    """Return a span whose ids are those that the W3C's trace context allows, and whose times are some.

    Raises BadSpan for any other.
    """
    if len(span.trace_id) != 32 or span.trace_id == _NO_TRACE:
        raise BadSpan("a trace id has 16 bytes, not all of them zero")
    if len(span.span_id) != 16 or span.span_id == _NO_SPAN:
        raise BadSpan("a span id has 8 bytes, not all of them zero")
    if span.parent_span_id is not None and len(span.parent_span_id) != 16:
        raise BadSpan("the id of a parent has 8 bytes, or none")
    if not 0 < span.start_ns <= LAST_NS or span.end_ns > LAST_NS:
        raise BadSpan("a span begins after 1970, and ends before 2262")
    return span


def parent_of(text: str) -> str | None:
    """Return a parent's id, None where there is no parent."""
    return None if not text or text == _NO_SPAN else text


def entry_of(table: tuple[Any, ...], number: int) -> Any:
    """Return what a number of an enumeration stands for; what is unknown is its first."""
    return table[number] if 0 <= number < len(table) else table[0]
