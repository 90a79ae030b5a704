"""What went wrong in a span: the exception that it recorded, else the type of error that it names."""

from typing import Final

from evalyard_core.domain.traces.spans import ReceivedSpan, SpanError, SpanStatus

from .values import text_of

#: What OpenTelemetry's conventions put for `error.type` where there is no better word.
_OTHER: Final = "_OTHER"


def error_of(span: ReceivedSpan) -> SpanError | None:
    """Return the error of a span that failed, or that recorded one and does not say that it succeeded."""
    if span.status is SpanStatus.OK:
        return None
    for event in reversed(span.events):
        if event.name == "exception":
            said = event.attributes
            return SpanError(
                type=text_of(said.get("exception.type")) or _named(span),
                message=text_of(said.get("exception.message")) or span.status_message or "",
            )
    if span.status is SpanStatus.ERROR or "error.type" in span.attributes:
        return SpanError(type=_named(span), message=span.status_message or "")
    return None


def _named(span: ReceivedSpan) -> str:
    return text_of(span.attributes.get("error.type")) or _OTHER
