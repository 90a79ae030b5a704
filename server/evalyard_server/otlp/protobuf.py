"""Requests in the binary encoding."""

import base64
import math
from collections.abc import Iterable
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

from evalyard_core.domain.traces.spans import ReceivedSpan, Scope, SpanEvent, SpanLink

from .sent import KINDS, MOST_LEVELS, STATUSES, BadSpan, Malformed, Sent, check_span, entry_of, parent_of


def read_protobuf(body: bytes) -> list[Sent]:
    """Return what an ExportTraceServiceRequest holds, or raise Malformed."""
    try:
        request = ExportTraceServiceRequest.FromString(body)
    except DecodeError as error:
        raise Malformed(f"The body is no ExportTraceServiceRequest: {error}.") from error
    return [_of_resource(part) for part in request.resource_spans]


def _of_resource(part: trace_pb2.ResourceSpans) -> Sent:
    sent = Sent(_attributes(part.resource.attributes))
    for group in part.scope_spans:
        scope = Scope(name=group.scope.name, version=group.scope.version)
        for span in group.spans:
            try:
                sent.spans.append(check_span(_span(span, sent.resource, scope)))
            except BadSpan as why:
                sent.rejected.append(str(why))
    return sent


def _span(span: trace_pb2.Span, resource: dict[str, Any], scope: Scope) -> ReceivedSpan:
    start, end = span.start_time_unix_nano, span.end_time_unix_nano
    status, events, links = span.status, span.events, span.links
    return ReceivedSpan(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_span_id=parent_of(span.parent_span_id.hex()),
        name=span.name,
        otel_kind=entry_of(KINDS, span.kind),
        start_ns=start,
        end_ns=max(start, end),
        status=entry_of(STATUSES, status.code),
        status_message=status.message or None,
        attributes=_attributes(span.attributes),
        events=tuple(_event(event) for event in events) if events else (),
        links=tuple(_link(link) for link in links) if links else (),
        resource=resource,
        scope=scope,
    )


def _event(event: trace_pb2.Span.Event) -> SpanEvent:
    return SpanEvent(name=event.name, at_ns=event.time_unix_nano, attributes=_attributes(event.attributes))


def _link(link: trace_pb2.Span.Link) -> SpanLink:
    return SpanLink(trace_id=link.trace_id.hex(), span_id=link.span_id.hex(), attributes=_attributes(link.attributes))


def _attributes(entries: Iterable[KeyValue], levels: int = MOST_LEVELS) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for entry in entries:
        value = entry.value
        # Most are texts, and asking which they are takes as long as reading them.
        found[entry.key] = value.string_value or _value(value, levels)
    return found


def _value(value: AnyValue, levels: int) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    held = getattr(value, kind)
    if kind == "double_value":
        return held if math.isfinite(held) else str(held)
    if kind == "bytes_value":
        return base64.b64encode(held).decode()
    if kind in {"array_value", "kvlist_value"}:
        if not levels:
            raise BadSpan(f"an attribute is nested {MOST_LEVELS} levels deep at most")
        below = levels - 1
        if kind == "kvlist_value":
            return _attributes(held.values, below)
        return [_value(entry, below) for entry in held.values]
    return held
