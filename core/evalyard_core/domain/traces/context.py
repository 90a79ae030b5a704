"""What a call takes along, so that whatever it leads to belongs to the same trace.

W3C Recommendation "Trace Context", section 3.2 (Traceparent Header).
"""

import re
import secrets
from typing import Final, NamedTuple

_TRACE_ID: Final = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")


class TraceContext(NamedTuple):
    """A trace, and the span in it that is the parent of what comes next."""

    trace_id: str
    span_id: str

    @property
    def traceparent(self) -> str:
        """The header that says so; its flag tells that the trace is recorded."""
        return f"00-{self.trace_id}-{self.span_id}-01"


def new_context() -> TraceContext:
    """Return the beginning of a trace of its own; all bits of its ids are random."""
    return TraceContext(secrets.token_hex(16), secrets.token_hex(8))


def as_trace_id(text: str) -> str:
    """Return a trace id as OpenTelemetry writes it, from any spelling of its 128 bits, such as that of a UUID.

    Another text, of a system that numbers its traces in a way of its own, stays as it is.
    """
    lowered = text.lower()
    return lowered.replace("-", "") if _TRACE_ID.fullmatch(lowered) else text
