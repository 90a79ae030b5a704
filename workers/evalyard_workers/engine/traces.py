"""The traces of records, for evaluators that read them: whether they are there yet, and what they hold."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Problem
from evalyard_core.domain.traces.completeness import Patience, lacks_spans, says_nothing
from evalyard_core.domain.traces.mapped import mapped_trace
from evalyard_core.domain.traces.spans import Span, trace_key
from evalyard_core.domain.traces.trace import Trace
from evalyard_core.storage import Store

from .called import Called

#: An evaluator gets a trace as a whole; a larger one would take the worker's memory, and its time.
MOST_SPANS: Final = 5_000
#: How many records are scored together whose traces are read: all of those are in memory then.
TRACED_BATCH: Final = 20


@dataclass(slots=True)
class Looked:
    """What is known of the traces of some records, by record id: their JSON, why there is none, or when to look again.

    A record without a trace id is in none of them.
    """

    traces: dict[str, Any] = field(default_factory=dict)
    missing: dict[str, Problem] = field(default_factory=dict)
    waiting: dict[str, datetime] = field(default_factory=dict)


class RecordTraces:
    """Looks for the traces of records, those of many in two round trips."""

    def __init__(self, store: Store, patience: Patience) -> None:
        self._store = store
        self._patience = patience

    def first_look(self, called: Called) -> datetime | None:
        """Return when to look for the trace of a call that has just ended; None where it has none."""
        if called.outcome.trace_id is None:
            return None
        ended = called.outcome.finished_at or now()
        if called.outcome.cached_from is not None:
            # Its spans came in when the output was paid for.
            return ended
        return self._patience.look_again(ended, self._patience.deadline(ended))

    async def look(self, called: Sequence[Called]) -> Looked:
        """Look for the traces of records."""
        looked = Looked()
        keys = {case.record.id: _key_of(case) for case in called if case.outcome.trace_id is not None}
        if not keys:
            return looked
        moment = now()
        traces = await self._store.traces.get_many(list(set(keys.values())))
        worth_reading = [trace for trace in traces.values() if self._worth_reading(trace, called, moment)]
        spans = await self._spans_of(worth_reading)
        for case in called:
            key = keys.get(case.record.id)
            if key is not None:
                self._judge(case, traces.get(key), spans.get(key), moment, looked)
        return looked

    def _worth_reading(self, trace: Trace, called: Sequence[Called], moment: datetime) -> bool:
        """Tell whether a trace may be complete, or is waited for no longer by some record."""
        if trace.hidden or trace.span_count > MOST_SPANS:
            return False
        return self._patience.is_quiet(trace, moment) or any(
            _key_of(case) == trace.id and moment >= self._deadline(case) for case in called
        )

    async def _spans_of(self, traces: Sequence[Trace]) -> Mapping[str, Sequence[Span]]:
        if not traces:
            return {}
        found: defaultdict[str, list[Span]] = defaultdict(list)
        for span in await self._store.spans.of_traces([trace.id for trace in traces]):
            found[span.trace].append(span)
        return found

    def _judge(
        self, case: Called, trace: Trace | None, spans: Sequence[Span] | None, moment: datetime, looked: Looked
    ) -> None:
        deadline = self._deadline(case)
        is_over = moment >= deadline
        if trace is not None and trace.span_count > MOST_SPANS:
            looked.missing[case.record.id] = _too_large(trace)
        elif (
            trace is not None and spans is not None and not (lacks_spans(spans) if not is_over else says_nothing(spans))
        ):
            looked.traces[case.record.id] = mapped_trace(trace, spans)
        elif is_over:
            looked.missing[case.record.id] = self._not_there(case)
        else:
            last_at = trace.received_at if trace is not None and spans is None else moment
            looked.waiting[case.record.id] = self._patience.look_again(last_at, deadline)

    def _deadline(self, case: Called) -> datetime:
        return self._patience.deadline(case.outcome.finished_at or case.record.created_at)

    def _not_there(self, case: Called) -> Problem:
        return Problem(
            "TRACE_MISSING",
            f"Within {self._patience.limit_seconds:g} s after the call no span of the system's came in for the trace "
            f"{case.outcome.trace_id}; see that it continues the trace of the header traceparent, or wait longer "
            "(traceWaitSeconds).",
            retryable=True,
        )


def _key_of(case: Called) -> str:
    return trace_key(case.record.project_id, case.outcome.trace_id or "")


def _too_large(trace: Trace) -> Problem:
    return Problem(
        "TRACE_TOO_LARGE",
        f"The trace has {trace.span_count:,} spans, and evaluators read {MOST_SPANS:,} at most; sample its spans.",
    )
