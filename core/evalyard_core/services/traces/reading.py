"""Traces as they are read."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias

from evalyard_core.domain.access import Actor
from evalyard_core.domain.errors import LimitExceeded
from evalyard_core.domain.traces.breakdown import LatencyShare, latency_breakdown
from evalyard_core.domain.traces.mapped import mapped_trace
from evalyard_core.domain.traces.spans import Span
from evalyard_core.domain.traces.trace import Trace
from evalyard_core.services.kept import Kept
from evalyard_core.storage import Store

#: How many spans are looked through for the breakdowns of one request; reading a thousand takes some 10 ms.
MOST_SPANS: Final = 100_000
_MOST_KEPT: Final = 2_000

#: A trace as it stood: whatever changes one brings in a span.
TraceState: TypeAlias = tuple[str, int, datetime]


class SpanOfTrace(NamedTuple):
    """A span and the trace that it is a part of."""

    span: Span
    trace: Trace


class TraceReader:
    """Reads traces and their spans."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._breakdowns: Kept[TraceState, list[LatencyShare]] = Kept(_MOST_KEPT)

    async def get_many(self, *, actor: Actor, ids: Sequence[str]) -> dict[str, Trace]:
        """Return those of these traces that the actor sees, by id."""
        return actor.visible(await self.present(ids))

    async def present(self, ids: Sequence[str]) -> dict[str, Trace]:
        """Return those of these traces that are there and not being deleted, by id."""
        found = await self._store.traces.get_many(ids)
        return {identifier: trace for identifier, trace in found.items() if not trace.hidden}

    async def get_spans(self, *, actor: Actor, ids: Sequence[str]) -> dict[str, SpanOfTrace]:
        """Return those of these spans that the actor sees, by id, each with its trace."""
        spans = actor.visible(await self._store.spans.get_many(ids))
        traces = await self.present(list({span.trace for span in spans.values()})) if spans else {}
        return {
            identifier: SpanOfTrace(span, traces[span.trace])
            for identifier, span in spans.items()
            if span.trace in traces
        }

    async def mapped(self, ids: Sequence[str], *, most_spans: int) -> dict[str, Any]:
        """Return traces as mapping paths read them, by id, without those of more spans; for whoever may read them."""
        traces = {
            identifier: trace
            for identifier, trace in (await self.present(ids)).items()
            if trace.span_count <= most_spans
        }
        spans: defaultdict[str, list[Span]] = defaultdict(list)
        for span in await self._store.spans.of_traces(list(traces)) if traces else ():
            spans[span.trace].append(span)
        return {identifier: mapped_trace(trace, spans[identifier]) for identifier, trace in traces.items()}

    async def breakdowns(self, traces: Sequence[Trace]) -> list[list[LatencyShare]]:
        """Return the latency breakdowns of traces in order, read together, or refuse more than can be looked at."""
        found = {trace.id: self._breakdowns.get(_state_of(trace)) for trace in traces}
        missing = {trace.id: trace for trace in traces if found[trace.id] is None}
        _check_size(missing.values())
        if missing:
            steps = await self._store.spans.steps(list(missing))
            for trace in missing.values():
                found[trace.id] = shares = latency_breakdown(steps[trace.id])
                self._breakdowns.keep(_state_of(trace), shares)
        return [found[trace.id] or [] for trace in traces]


def _state_of(trace: Trace) -> TraceState:
    return trace.id, trace.span_count, trace.received_at


def _check_size(traces: Iterable[Trace]) -> None:
    total = sum(trace.span_count for trace in traces)
    if total > MOST_SPANS:
        raise LimitExceeded(
            f"These traces have {total:,} spans together, and the times of {MOST_SPANS:,} can be looked at; ask for "
            "the latencyBreakdown of fewer traces."
        )
