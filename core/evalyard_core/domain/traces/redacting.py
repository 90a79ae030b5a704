"""Redaction of spans."""

from dataclasses import replace

from evalyard_core.domain.redaction import Redactor

from .spans import ReceivedSpan


def redacted(span: ReceivedSpan, redactor: Redactor) -> ReceivedSpan:
    """Return a span without what must not be stored: in its attributes, and in whatever else it says."""
    if redactor.is_idle:
        return span
    return replace(
        span,
        name=redactor.text(span.name),
        status_message=None if span.status_message is None else redactor.text(span.status_message),
        attributes=redactor.value(span.attributes),
        resource=redactor.value(span.resource),
        events=tuple(
            replace(event, name=redactor.text(event.name), attributes=redactor.value(event.attributes))
            for event in span.events
        ),
        links=tuple(replace(link, attributes=redactor.value(link.attributes)) for link in span.links),
    )
