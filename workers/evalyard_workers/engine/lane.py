"""Carrying out one lane of a run: records are read in order, called a few at a time, and settled.

The stages run at once and hand on through bounded queues, so that the system under test, the evaluators and the
database work at the same time. Whatever stops a lane, outputs that came back are stored, since they were paid for.
"""

import asyncio
from datetime import datetime
from functools import partial
from typing import Final

from evalyard_core.domain.budgets import seconds_left, spent_too_much, took_too_long
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Record, RecordStatus
from evalyard_core.domain.runs import ACTIVE, Progress, Run, RunStatus
from evalyard_core.storage import Store
from evalyard_core.storage.run_progress import RunPulse

from .calling import LaneLimits
from .patience import patiently
from .scoring import RunScorer
from .settling import BATCH, Settlement
from .sources import Source
from .traces import TRACED_BATCH, RecordTraces

_PAGE: Final = 200
_SLOW_SECONDS: Final = 1.0


class Lane:
    """One turn of a worker at a lane."""

    def __init__(
        self,
        store: Store,
        run: Run,
        *,
        source: Source | None,
        scorer: RunScorer,
        limits: LaneLimits,
        traces: RecordTraces,
    ) -> None:
        self._store = store
        self._run = run
        self._source = source
        self._breaker, self._purse, self._lease = limits
        self._lane = self._lease.task.lane
        self._concurrency = run.settings.lane_concurrency(self._lane)
        self._to_call: asyncio.Queue[Record | None] = asyncio.Queue(self._concurrency + BATCH)
        self._settlement = Settlement(
            *(store, run, scorer, limits),
            traces=traces,
            heed=self._heed,
            flush=_nothing if source is None else source.flush,
        )
        self._reads_traces = scorer.reads_traces
        self._callers: list[asyncio.Task[None]] = []
        self._in_flight: dict[str, float] = {}
        self._stopping = False
        self._read_all = False
        self._left_behind = False
        #: Why the run is to end at once.
        self.over_budget: str | None = None

    @property
    def is_last_turn(self) -> bool:
        """Whether the run ends when its calls in flight are answered, whatever records are left."""
        return self._purse.is_over

    @property
    def exhausted(self) -> bool:
        """Whether every record that the lane had is done with."""
        return self._read_all and not self._left_behind

    async def comes_back_at(self) -> datetime | None:
        """Return when there is more to do, in a lane that is done with all but records whose traces it waits for."""
        if not (self.exhausted and self._reads_traces):
            return None
        return await self._store.put_off.next_in_lane(self._run.id, self._lane)

    @property
    def wait_seconds(self) -> float:
        """How long it would be of no use to go on, as far as is known."""
        return self._source.wait_seconds if self._source is not None else 0.0

    def stop(self) -> None:
        """Begin no more records; calls in flight are finished."""
        self._stopping = True
        self._purse.close()
        if self._source is not None:
            self._source.stop()

    def abandon(self) -> None:
        """Begin no more records and leave those in flight; outputs that came back are still stored."""
        self.stop()
        self._left_behind = True
        for caller in self._callers:
            caller.cancel()

    async def work(self) -> None:
        """Carry out records until none is left or the lane is stopped."""
        deadline = asyncio.create_task(self._watch_time())
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read())
                group.create_task(self._call_all())
                group.create_task(self._settlement.work())
        finally:
            deadline.cancel()

    async def beat(self) -> None:
        """Look how the run stands, and show which calls are taking long."""
        pulse = await self._store.runs.pulse(self._run.id)
        self._heed(pulse)
        if pulse is not None:
            self._breaker.hear(pulse)
        shown = self._settlement.shown_running
        slow_since = asyncio.get_running_loop().time() - _SLOW_SECONDS
        slow = [key for key, since in self._in_flight.items() if since < slow_since and key not in shown]
        if slow:
            shown.update(slow)
            await self._store.records.mark_running(slow, now())
            await self._store.runs.add_progress(self._run.id, Progress(running=len(slow)), {}, of=ACTIVE)

    async def hand_back(self, *, is_held: bool) -> None:
        """Show that records which were in flight when the lane was left are pending again.

        What the lane may spend is given back where it `is_held`: else somebody else has it.
        """
        left = [key for key in self._settlement.shown_running if key in self._in_flight]
        if left:
            await self._store.records.mark_pending(left)
            await self._store.runs.add_progress(self._run.id, Progress(running=-len(left)), {}, of=ACTIVE)
        if is_held:
            await self._purse.give_back()
        if self._source is not None and self._source.retrying:
            await self._store.records.keep_retrying(self._source.retrying)

    async def _read(self) -> None:
        """Feed the stages in the order of the lane."""
        place = 0
        read = partial(self._store.records.open_in_lane, self._run.id, self._lane, most=_PAGE)
        while not self._stopping:
            page = await patiently(partial(read, from_seq=place))
            if not page:
                self._read_all = True
                break
            unscored = [record for record in page if record.status is RecordStatus.SCORING]
            size = TRACED_BATCH if self._reads_traces else BATCH
            for begin in range(0, len(unscored), size):
                if self._stopping or not await self._lease.settled():
                    self._left_behind = True
                    break
                await self._settlement.score(unscored[begin : begin + size])
            await self._feed([record for record in page if record.status is not RecordStatus.SCORING])
            place = page[-1].seq + 1
        await self._to_call.put(None)

    async def _feed(self, records: list[Record]) -> None:
        if self._source is None or not records:
            return
        await patiently(partial(self._source.prepare, records))
        for record in records:
            if self._stopping:
                self._left_behind = True
                return
            await self._to_call.put(record)

    async def _call_all(self) -> None:
        self._callers = [asyncio.create_task(self._call()) for _ in range(self._concurrency)]
        done = await asyncio.gather(*self._callers, return_exceptions=True)
        # An abandoned lane has nobody left to call, and a reader that may wait for room in the queue.
        while await self._to_call.get() is not None:
            continue
        await self._settlement.outcomes.put(None)
        for result in done:
            if isinstance(result, Exception):
                raise result

    async def _call(self) -> None:
        loop = asyncio.get_running_loop()
        while self._source is not None and (record := await self._to_call.get()) is not None:
            if self._stopping or not await self._lease.settled():
                self._left_behind = True
                continue
            self._in_flight[record.id] = loop.time()
            outcome = await self._source.outcome(record)
            if outcome is None:
                self._stop_if_over()
                self._left_behind = True
                continue
            await self._settlement.put(record, outcome)
            del self._in_flight[record.id]
        if self._source is not None:
            self._to_call.put_nowait(None)

    def _heed(self, pulse: RunPulse | None) -> None:
        """Heed what the run has come to."""
        if pulse is None or pulse.status not in ACTIVE:
            self.abandon()
            return
        if self._run.status is RunStatus.SCORING:
            # Nothing is called any more: a run that passed its budget may be scored again.
            return
        limit = self._run.settings.max_cost_usd
        if self._source is None and limit is not None and pulse.progress.cost_usd >= limit:
            # What is submitted was paid for elsewhere: there are no calls in flight to wait for.
            self.over_budget = spent_too_much(self._run)
            self.stop()
        elif pulse.stopping is not None:
            self._purse.over()
            self._stop_if_over()

    def _stop_if_over(self) -> None:
        """Begin no more records when the budget is spent; what calls in flight will have cost is stored."""
        if self._purse.is_over:
            self.stop()

    async def _watch_time(self) -> None:
        """Abandon the lane when the run has taken as long as it may, with the calls in flight."""
        left = seconds_left(self._run, now())
        if left is None:
            return
        await asyncio.sleep(left)
        self.over_budget = took_too_long(self._run)
        self.abandon()


async def _nothing() -> None:
    """Do nothing: no calls are made."""
