"""Where the time of traces went."""

from typing import TypeAlias

from strawberry.dataloader import DataLoader

from evalyard_core.domain.traces.breakdown import LatencyShare
from evalyard_core.domain.traces.trace import Trace
from evalyard_core.services.traces.reading import TraceReader

BreakdownsOfTraces: TypeAlias = DataLoader[Trace, list[LatencyShare]]


def latency_breakdown_loader(traces: TraceReader, *, cache: bool) -> BreakdownsOfTraces:
    """Return a loader of the times of a trace that the actor was allowed to read; more spans than fit are refused."""

    async def load(wanted: list[Trace]) -> list[list[LatencyShare] | BaseException]:
        return [*await traces.breakdowns(wanted)]

    return DataLoader(load, cache=cache, cache_key_fn=lambda trace: trace.id)
