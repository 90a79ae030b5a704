"""Requests in JSON, by the mapping of OTLP.

It is Protobuf's, but for ids, which are hexadecimal, and for enumerations, which are numbers:
https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. Fields that are unknown are passed over.
"""

import math
from typing import Any, TypeVar

import orjson

from evalyard_core.domain.traces.spans import ReceivedSpan, Scope, SpanEvent, SpanLink

from .sent import KINDS, MOST_LEVELS, STATUSES, BadSpan, Malformed, Sent, check_span, entry_of, parent_of

T = TypeVar("T")
Object = dict[str, Any]


def read_json(body: bytes) -> list[Sent]:
    """Return what an ExportTraceServiceRequest holds, or raise Malformed."""
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"The body is no JSON: {error}.") from error
    return [_of_resource(part) for part in _objects(_is(request, dict, "the body"), "resourceSpans")]


def _of_resource(part: Object) -> Sent:
    try:
        sent = Sent(_attributes(_object(part, "resource")))
    except BadSpan as why:
        raise Malformed(f"The attributes of a resource can't be read: {why}.") from why
    for group in _objects(part, "scopeSpans"):
        named = _object(group, "scope")
        scope = Scope(name=_text(named, "name"), version=_text(named, "version"))
        for span in _objects(group, "spans"):
            try:
                sent.spans.append(check_span(_span(span, sent.resource, scope)))
            except BadSpan as why:
                sent.rejected.append(str(why))
    return sent


def _span(span: Object, resource: Object, scope: Scope) -> ReceivedSpan:
    start, status = _integer(span, "startTimeUnixNano"), _object(span, "status")
    return ReceivedSpan(
        trace_id=_hexadecimal(span, "traceId"),
        span_id=_hexadecimal(span, "spanId"),
        parent_span_id=parent_of(_hexadecimal(span, "parentSpanId")),
        name=_text(span, "name"),
        otel_kind=entry_of(KINDS, _integer(span, "kind")),
        start_ns=start,
        end_ns=max(start, _integer(span, "endTimeUnixNano")),
        status=entry_of(STATUSES, _integer(status, "code")),
        status_message=_text(status, "message") or None,
        attributes=_attributes(span),
        events=tuple(
            SpanEvent(name=_text(event, "name"), at_ns=_integer(event, "timeUnixNano"), attributes=_attributes(event))
            for event in _objects(span, "events")
        ),
        links=tuple(
            SpanLink(
                trace_id=_hexadecimal(link, "traceId"),
                span_id=_hexadecimal(link, "spanId"),
                attributes=_attributes(link),
            )
            for link in _objects(span, "links")
        ),
        resource=resource,
        scope=scope,
    )


def _attributes(holder: Object, name: str = "attributes", levels: int = MOST_LEVELS) -> Object:
    return {_text(entry, "key"): _value(_object(entry, "value"), levels) for entry in _objects(holder, name)}


def _value(value: Object, levels: int) -> Any:
    for kind, held in value.items():
        match kind:
            case "stringValue" | "boolValue" | "bytesValue":
                return _is(held, bool if kind == "boolValue" else str, kind)
            case "intValue":
                return _integer(value, kind)
            case "doubleValue":
                return _number(held)
            case "arrayValue" | "kvlistValue" if not levels:
                raise BadSpan(f"an attribute is nested {MOST_LEVELS} levels deep at most")
            case "arrayValue":
                entries = _objects(_object(value, kind), "values")
                return [_value(entry, levels - 1) for entry in entries]
            case "kvlistValue":
                return _attributes(_object(value, kind), "values", levels - 1)
    return None


def _number(held: Any) -> float | str:
    """Return a floating-point number; those that JSON does not have stay texts."""
    if isinstance(held, str):
        try:
            number = float(held)
        except ValueError as error:
            raise BadSpan(f"{held[:40]!r} is no number") from error
        return number if math.isfinite(number) else str(number)
    if isinstance(held, bool) or not isinstance(held, int | float):
        raise Malformed("doubleValue has to be a number.")
    return float(held)


def _integer(holder: Object, name: str) -> int:
    """Return an integer of 64 bits, which may be written as a text; 0 where there is none."""
    held = holder.get(name)
    if isinstance(held, str) and len(held) <= 20:
        try:
            held = int(held)
        except ValueError as error:
            raise BadSpan(f"{name} is no integer") from error
    if held is None:
        return 0
    if isinstance(held, bool) or not isinstance(held, int) or not -(2**63) <= held < 2**64:
        raise BadSpan(f"{name} is no integer of 64 bits")
    return held


def _hexadecimal(holder: Object, name: str) -> str:
    text = _text(holder, name).lower()
    if text.strip("0123456789abcdef"):
        raise BadSpan(f"{name} is written in hexadecimal digits")
    return text


def _text(holder: Object, name: str) -> str:
    return _is(holder.get(name) or "", str, name)


def _object(holder: Object, name: str) -> Object:
    return _is(holder.get(name) or {}, dict, name)


def _objects(holder: Object, name: str) -> list[Object]:
    entries = _is(holder.get(name) or [], list, name)
    for entry in entries:
        _is(entry, dict, f"each of {name}")
    return entries


def _is(value: Any, kind: type[T], what: str) -> T:
    if not isinstance(value, kind):
        names = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
        raise Malformed(f"{what} has to be {names[kind]}.")
    return value
