"""Carrying out the cycles of monitors: which traces are taken, and the run that is made of them.

Any number of workers may do it at once. What a monitor has looked at, which traces it has taken, and the run with its
first task are stored in one transaction: of workers that race one finds the monitor as it was, and one that dies leaves
the cycle either done or due. A trace is taken once: its sighting has an id of its own.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import structlog

from evalyard_core.domain.errors import Refusal
from evalyard_core.domain.monitors import MOST_TRACES, Monitor, Sighting, Window, sighting_key
from evalyard_core.domain.runs import Run, RunSource
from evalyard_core.domain.schedules import StartError
from evalyard_core.storage import Store
from evalyard_core.storage.collection import Session
from evalyard_core.storage.traces import Arrival

from .starting import NewRun, Starter

_log = structlog.get_logger(__name__)

_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class _Taken:
    """The traces that a cycle takes, and up to when it has looked; None is up to the end of its window."""

    traces: Sequence[str]
    until: datetime | None = None


class Watcher:
    """Makes runs of traces."""

    def __init__(self, store: Store, starter: Starter) -> None:
        self._store = store
        self._starter = starter

    async def due(self, *, moment: datetime, most: int = 100) -> list[Monitor]:
        """Return monitors with a cycle to carry out."""
        return await self._store.monitors.due(moment, most)

    async def cycle(self, *, monitor_id: str, moment: datetime) -> Run | None:
        """Carry out a monitor's cycle, if one is due; return the run that this call has started.

        Where it has no new traces there is no run. A refusal is kept as the monitor's last error; it has then looked at
        nothing, and the next cycle looks at it all.
        """
        monitor = await self._store.monitors.get(monitor_id)
        if monitor is None or monitor.next_at is None or monitor.next_at > moment:
            return None
        window = monitor.window(moment)
        taken = await self._take(monitor, window) if window is not None else _Taken(())
        looked = monitor.looked_until if window is None else taken.until or window.until
        # What is left is not put off until the next interval.
        next_at = moment if taken.until is not None else monitor.next_after(moment)
        done = replace(monitor, next_at=next_at, looked_until=looked, last_error=None)
        if not taken.traces:
            await self._store.monitors.change(done)
            return None
        try:
            return await self._start(done, taken.traces, moment)
        except Refusal as refusal:
            await self._refused(monitor, moment, refusal)
            return None

    async def _take(self, monitor: Monitor, window: Window) -> _Taken:
        """Return which traces of a window a monitor samples and has not taken before."""
        taken: list[str] = []
        async for arrivals in self._sampled(monitor, window):
            keys = {sighting_key(monitor.id, arrival.trace): arrival for arrival in arrivals}
            known = await self._store.sightings.known(list(keys))
            for arrival in (arrival for key, arrival in keys.items() if key not in known):
                if len(taken) == MOST_TRACES:
                    return _Taken(taken, until=arrival.received_at)
                taken.append(arrival.trace)
        return _Taken(taken)

    async def _sampled(self, monitor: Monitor, window: Window) -> AsyncIterator[list[Arrival]]:
        batch: list[Arrival] = []
        async for arrival in self._store.traces.arrived(monitor.project_id, window, monitor.wanted):
            if monitor.samples(arrival.trace_id):
                batch.append(arrival)
            if len(batch) == _AT_ONCE:
                yield batch
                batch = []
        yield batch

    async def _start(self, monitor: Monitor, traces: Sequence[str], moment: datetime) -> Run | None:
        run = await self._starter.prepare(
            NewRun(
                project_id=monitor.project_id,
                evaluator_ids=monitor.evaluator_ids,
                name=f"{monitor.name[:180]} {moment:%Y-%m-%d %H:%M}",
                source=RunSource.MONITOR,
                tags=monitor.tags,
                monitor_id=monitor.id,
            )
        )
        sightings = [
            Sighting(
                id=sighting_key(monitor.id, trace),
                monitor_id=monitor.id,
                project_id=monitor.project_id,
                run_id=run.id,
                seq=seq,
                trace=trace,
                taken_at=moment,
            )
            for seq, trace in enumerate(traces)
        ]

        async def claim(session: Session) -> bool:
            if await self._store.monitors.change(replace(monitor, last_run_id=run.id), session=session) is None:
                return False
            await self._store.sightings.add(sightings, session=session)
            return True

        return await self._starter.begin_if(run, claim)

    async def _refused(self, monitor: Monitor, moment: datetime, refusal: Refusal) -> None:
        _log.info("a monitor's cycle was refused", monitor=monitor.id, code=refusal.code, reason=refusal.message)
        error = StartError(at=moment, code=refusal.code, message=refusal.message, field=refusal.field)
        await self._store.monitors.change(replace(monitor, next_at=monitor.next_after(moment), last_error=error))
