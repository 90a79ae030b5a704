"""A trace of its own for each case, where OpenTelemetry is installed: what the system records then belongs to it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def in_new_trace() -> Iterator[str | None]:
    """Make a new trace the current one and yield its id in hexadecimal, None without OpenTelemetry's API."""
    try:
        from opentelemetry import context, trace  # noqa: PLC0415 - it need not be there
    except ImportError:
        yield None
        return
    trace_id, span_id = secrets.randbits(128) or 1, secrets.randbits(64) or 1
    sampled = trace.TraceFlags(trace.TraceFlags.SAMPLED)
    parent = trace.SpanContext(trace_id, span_id, is_remote=True, trace_flags=sampled)
    token = context.attach(trace.set_span_in_context(trace.NonRecordingSpan(parent)))
    try:
        yield f"{trace_id:032x}"
    finally:
        context.detach(token)
