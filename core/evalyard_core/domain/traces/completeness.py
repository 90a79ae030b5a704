"""Whether a trace is all there: nobody says so, and its spans come in whenever their exporters send them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from .spans import Span, SpanKind
from .trace import Trace
from .tree import root_place, step_of

#: The instrumentation scope of the spans by which workers record their calls.
CALLS: Final = "evalyard.calls"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long the spans of a call are waited for, and how long it must have been quiet for them to be all.

    Exporters of OpenTelemetry send what they have every five seconds unless told otherwise
    (OpenTelemetry specification, "Batch span processor", `scheduledDelayMillis`).
    """

    limit_seconds: float
    quiet_seconds: float = 5.0

    def deadline(self, called_at: datetime) -> datetime:
        """Return until when the trace of a call is waited for."""
        return called_at + timedelta(seconds=self.limit_seconds)

    def look_again(self, last_at: datetime, deadline: datetime) -> datetime:
        """Return when to look again after something came in, or nothing was there."""
        return min(deadline, last_at + timedelta(seconds=self.quiet_seconds))

    def is_quiet(self, trace: Trace, moment: datetime) -> bool:
        """Tell whether nothing has come in for long enough."""
        return (moment - trace.received_at).total_seconds() >= self.quiet_seconds


def lacks_spans(spans: Sequence[Span]) -> bool:
    """Tell whether spans must be missing: the root, the parent of another, or all of what a call led to."""
    steps = [step_of(span) for span in spans]
    root = root_place(steps)
    if root is None or steps[root].parent_span_id is not None:
        return True
    there = {step.span_id for step in steps}
    return any(step.parent_span_id not in there for step in steps if step.parent_span_id) or says_nothing(spans)


def says_nothing(spans: Sequence[Span]) -> bool:
    """Tell whether all that is there was recorded of the call itself, by the worker that made it.

    Of a model that was called that is all there is to say.
    """
    return all(span.received.scope.name == CALLS and span.meaning.kind is not SpanKind.LLM for span in spans)
