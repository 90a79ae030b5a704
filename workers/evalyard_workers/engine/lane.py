"""Carrying out one lane of a run: records are read in order, called a few at a time, and settled.

The stages run at once and hand on through bounded queues, so that the system under test, the evaluators and the
database work at the same time. Whatever stops a lane, outputs that came back are stored, since they were paid for.
"""

import asyncio
from typing import Final

from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Record, RecordStatus
from evalyard_core.domain.runs import ACTIVE, Progress, Run, RunStatus
from evalyard_core.domain.tasks import Task
from evalyard_core.storage import Store
from evalyard_core.storage.runs import RunPulse

from .caching import CachingCaller
from .calling import Caller
from .replaying import Replayer
from .scoring import RunScorer
from .settling import BATCH, Settlement

_PAGE: Final = 200
_SLOW_SECONDS: Final = 1.0


class Lane:
    """One turn of a worker at a lane."""

    def __init__(
        self, store: Store, run: Run, task: Task, *, caller: Caller | CachingCaller | Replayer | None, scorer: RunScorer
    ) -> None:
        self._store = store
        self._run = run
        self._task = task
        self._caller = caller
        self._concurrency = run.settings.lane_concurrency(task.lane)
        self._to_call: asyncio.Queue[Record | None] = asyncio.Queue(self._concurrency + BATCH)
        self._settlement = Settlement(store, run, scorer, self._heed)
        self._callers: list[asyncio.Task[None]] = []
        self._in_flight: dict[str, float] = {}
        self._known_cost = run.progress.cost_usd
        self._stopping = False
        self._read_all = False
        self._left_behind = False
        self.over_budget: str | None = None

    @property
    def exhausted(self) -> bool:
        """Whether every record that the lane had is done with."""
        return self._read_all and not self._left_behind

    def stop(self) -> None:
        """Begin no more records; those in flight are finished."""
        self._stopping = True

    def abandon(self) -> None:
        """Begin no more records and leave those in flight; outputs that came back are still stored."""
        self._stopping = True
        self._left_behind = True
        for caller in self._callers:
            caller.cancel()

    async def work(self) -> None:
        """Carry out records until none is left or the lane is stopped."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read())
            group.create_task(self._call_all())
            group.create_task(self._settlement.work())

    async def beat(self) -> None:
        """Look how the run stands, and show which calls are taking long."""
        self._heed(await self._store.runs.pulse(self._run.id))
        shown = self._settlement.shown_running
        slow_since = asyncio.get_running_loop().time() - _SLOW_SECONDS
        slow = [key for key, since in self._in_flight.items() if since < slow_since and key not in shown]
        if slow:
            shown.update(slow)
            await self._store.records.mark_running(slow, now())
            await self._store.runs.add_progress(self._run.id, Progress(running=len(slow)), {})

    async def hand_back(self) -> None:
        """Show that records which were in flight when the lane was left are pending again."""
        left = [key for key in self._settlement.shown_running if key in self._in_flight]
        if left:
            await self._store.records.mark_pending(left)
            await self._store.runs.add_progress(self._run.id, Progress(running=-len(left)), {})

    async def _read(self) -> None:
        """Feed the stages in the order of the lane."""
        place = 0
        while not self._stopping:
            page = await self._store.records.open_in_lane(self._run.id, self._task.lane, from_seq=place, most=_PAGE)
            if not page:
                self._read_all = True
                break
            unscored = [record for record in page if record.status is RecordStatus.SCORING]
            for begin in range(0, len(unscored), BATCH):
                await self._settlement.score(unscored[begin : begin + BATCH])
            await self._feed([record for record in page if record.status is not RecordStatus.SCORING])
            place = page[-1].seq + 1
        await self._to_call.put(None)

    async def _feed(self, records: list[Record]) -> None:
        if self._caller is None or not records:
            return
        await self._caller.prepare(records)
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
        while self._caller is not None and (record := await self._to_call.get()) is not None:
            if self._stopping:
                self._left_behind = True
                continue
            self._in_flight[record.id] = loop.time()
            outcome = await self._caller.outcome(record, may_retry=lambda: not self._stopping)
            await self._settlement.put(record, outcome)
            del self._in_flight[record.id]
            self._check_cost()
        if self._caller is not None:
            self._to_call.put_nowait(None)

    def _heed(self, pulse: RunPulse | None) -> None:
        """Heed what the run has come to."""
        if pulse is None or pulse.status not in ACTIVE:
            self.abandon()
            return
        if self._run.status is RunStatus.SCORING:
            # Nothing is called any more: a run that passed its budget may be scored again.
            return
        self._known_cost = pulse.progress.cost_usd
        self._check_cost()
        limit = self._run.settings.max_duration_seconds
        if limit is not None and pulse.started_at and (now() - pulse.started_at).total_seconds() > limit:
            self.over_budget = f"The run took longer than its limit of {limit:g} s."
            self.abandon()

    def _check_cost(self) -> None:
        limit = self._run.settings.max_cost_usd
        if limit is not None and self._known_cost + max(0.0, self._settlement.uncounted_cost) >= limit:
            self.over_budget = f"The run reached its cost limit of {limit:g} USD."
            self.stop()
