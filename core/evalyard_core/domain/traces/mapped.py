"""A trace as JSON: what mapping paths read and evaluators get."""

from collections.abc import Sequence
from typing import Any, Final

from .spans import NANOSECONDS_A_MILLISECOND, Span, SpanKind, ToolCall
from .trace import Trace
from .tree import root_place, step_of

#: What paths into a trace begin with.
ROOTS: Final = ("traceId", "name", "durationMs", "status", "input", "output", "totals", "spans", "tool_calls")


def mapped_trace(trace: Trace, spans: Sequence[Span]) -> dict[str, Any]:
    """Return a trace and its spans, in the order of their start, as JSON.

    `output` is the root's or, where that says none, what the model said that answered last. `tool_calls` are those that
    were made, which have spans of their own; where there are none, those that models asked for.
    """
    ordered = sorted(spans, key=lambda span: (span.received.start_ns, span.received.span_id))
    return {
        "traceId": trace.trace_id,
        "name": trace.name,
        "durationMs": trace.duration_ms,
        "status": str(trace.status),
        "input": _root_input(ordered),
        "output": _final_output(ordered),
        "totals": _totals(trace),
        "spans": [_span(span, trace.start_ns) for span in ordered],
        "tool_calls": [{"name": call.name, "arguments": call.arguments} for call in tool_calls(ordered)],
    }


def tool_calls(ordered: Sequence[Span]) -> list[ToolCall]:
    """Return the calls of tools that the spans of a trace tell of, which are in the order of their start."""
    made = [tool_call(span) for span in ordered if span.meaning.kind is SpanKind.TOOL]
    return made or [call for span in ordered for call in span.meaning.tool_calls]


def tool_call(span: Span) -> ToolCall:
    """Return the call that a span of the kind TOOL is."""
    if span.meaning.tool_calls:
        return span.meaning.tool_calls[0]
    return ToolCall(name=span.received.name, arguments=span.meaning.input)


def _root_input(spans: Sequence[Span]) -> Any:
    root = _root(spans)
    return None if root is None else root.meaning.input


def _final_output(spans: Sequence[Span]) -> Any:
    root = _root(spans)
    if root is None or root.meaning.output is not None:
        return None if root is None else root.meaning.output
    answers = [span for span in spans if span.meaning.kind is SpanKind.LLM and span.meaning.output is not None]
    return max(answers, key=lambda span: span.received.end_ns).meaning.output if answers else None


def _root(spans: Sequence[Span]) -> Span | None:
    place = root_place([step_of(span) for span in spans])
    return None if place is None else spans[place]


def _totals(trace: Trace) -> dict[str, Any]:
    usage = trace.usage
    return {
        "spans": trace.span_count,
        "errors": trace.error_count,
        "promptTokens": usage.prompt_tokens,
        "completionTokens": usage.completion_tokens,
        "totalTokens": trace.total_tokens,
        "costUsd": usage.cost_usd,
    }


def _span(span: Span, begin_ns: int) -> dict[str, Any]:
    received, meaning = span.received, span.meaning
    call = tool_call(span) if meaning.kind is SpanKind.TOOL else None
    return {
        "spanId": received.span_id,
        "parentSpanId": received.parent_span_id,
        "name": received.name if call is None else call.name,
        "kind": str(meaning.kind),
        "status": str(received.status),
        "statusMessage": received.status_message,
        "startOffsetMs": (received.start_ns - begin_ns) / NANOSECONDS_A_MILLISECOND,
        "durationMs": received.duration_ms,
        "input": meaning.input,
        "output": meaning.output,
        "model": meaning.model,
        "promptTokens": meaning.prompt_tokens,
        "completionTokens": meaning.completion_tokens,
        "costUsd": meaning.cost_usd,
        "arguments": None if call is None else call.arguments,
        "error": None if meaning.error is None else {"type": meaning.error.type, "message": meaning.error.message},
        "attributes": received.attributes,
    }
