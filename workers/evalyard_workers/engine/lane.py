"""Carrying out one lane of a run.

    reader ──► calls ──► outcomes stored ──► scored ──► scores stored, progress added
       └────────── outputs that were stored but not scored ──────┘

The stages run at once and hand on through bounded queues, so that the system under test, the evaluators and the
database work at the same time. Whatever stops a lane, outputs that came back are stored, since they were paid for.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar

import structlog

import evalyard
from evalyard_core.domain.counting import progress_of, tallies_of
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Outcome, Record, RecordStatus, Score, Verdict
from evalyard_core.domain.runs import ACTIVE, Progress, Run
from evalyard_core.domain.scores import skipped_scores
from evalyard_core.domain.tasks import Task
from evalyard_core.storage import Store
from evalyard_core.storage.runs import RunPulse

from .calling import Caller
from .patience import patiently
from .scoring import RunScorer

_log = structlog.get_logger(__name__)

_PAGE: Final = 200
_BATCH: Final = 100
_LINGER_SECONDS: Final = 0.02
_SLOW_SECONDS: Final = 1.0

T = TypeVar("T")


class Lane:
    """One turn of a worker at a lane."""

    def __init__(
        self, store: Store, run: Run, task: Task, *, target: evalyard.Target[Any] | None, scorer: RunScorer
    ) -> None:
        self._store = store
        self._run = run
        self._task = task
        self._caller = Caller(target, run.settings) if target is not None else None
        self._scorer = scorer
        self._concurrency = run.settings.lane_concurrency(task.lane)
        self._to_call: asyncio.Queue[Record | None] = asyncio.Queue(self._concurrency + _BATCH)
        self._to_store: asyncio.Queue[tuple[Record, Outcome] | None] = asyncio.Queue(4 * _BATCH)
        self._to_score: asyncio.Queue[Record | None] = asyncio.Queue(4 * _BATCH)
        self._callers: list[asyncio.Task[None]] = []
        self._in_flight: dict[str, float] = {}
        self._shown_running: set[str] = set()
        self._unreported_cost = 0.0
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
            group.create_task(self._store_outcomes())
            group.create_task(self._score())

    async def beat(self) -> None:
        """Look how the run stands, and show which calls are taking long."""
        pulse = await self._store.runs.pulse(self._run.id)
        self._take(pulse)
        slow_since = asyncio.get_running_loop().time() - _SLOW_SECONDS
        slow = [key for key, since in self._in_flight.items() if since < slow_since and key not in self._shown_running]
        if slow:
            self._shown_running.update(slow)
            await self._store.records.mark_running(slow, now())
            await self._store.runs.add_progress(self._run.id, Progress(running=len(slow)), {})

    async def hand_back(self) -> None:
        """Show that records which were in flight when the lane was left are pending again."""
        left = [key for key in self._shown_running if key in self._in_flight]
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
            for record in page:
                if self._stopping:
                    break
                await self._feed(record)
            place = page[-1].seq + 1
        await self._to_call.put(None)

    async def _feed(self, record: Record) -> None:
        if record.status is RecordStatus.SCORING:
            await self._to_score.put(record)
        elif self._caller is not None:
            await self._to_call.put(record)

    async def _call_all(self) -> None:
        self._callers = [asyncio.create_task(self._call()) for _ in range(self._concurrency)]
        done = await asyncio.gather(*self._callers, return_exceptions=True)
        # An abandoned lane has nobody left to call, and a reader that may wait for room in the queue.
        while await self._to_call.get() is not None:
            continue
        await self._to_store.put(None)
        for result in done:
            if isinstance(result, Exception):
                raise result

    async def _call(self) -> None:
        loop = asyncio.get_running_loop()
        while (record := await self._to_call.get()) is not None:
            if self._stopping:
                self._left_behind = True
                continue
            self._in_flight[record.id] = loop.time()
            outcome = await self._outcome(record)
            self._unreported_cost += outcome.cost_usd or 0.0
            await self._to_store.put((record, outcome))
            del self._in_flight[record.id]
            self._check_cost()
        self._to_call.put_nowait(None)

    async def _outcome(self, record: Record) -> Outcome:
        if self._caller is None:
            raise AssertionError("a record is called only where there is a target")
        return await self._caller.outcome(record, may_retry=lambda: not self._stopping)

    async def _store_outcomes(self) -> None:
        """Store outputs in bulk, hand them to the evaluators, and count what is done with."""
        then = RecordStatus.SCORING if self._run.evaluators else RecordStatus.COMPLETED
        skipped = skipped_scores(self._run.evaluators, now())
        async for batch in _batches(self._to_store):
            records = [_with_outcome(record, outcome, then, skipped) for record, outcome in batch]
            stored = await patiently(
                partial(
                    self._store.records.store_outcomes, {record.id: outcome for record, outcome in batch}, then, skipped
                )
            )
            if stored != len(records):
                records = await self._still(records)
            done = [record for record in records if record.status is not RecordStatus.SCORING]
            if done:
                await self._count(done)
            for record in records:
                if record.status is RecordStatus.SCORING:
                    await self._to_score.put(record)
        await self._to_score.put(None)

    async def _score(self) -> None:
        """Score in bulk, store the scores, and count what is done with."""
        async for batch in _batches(self._to_score):
            scored = await self._scorer.score(batch)
            await self._keep_history(batch)
            stored = await patiently(partial(self._store.records.store_scores, scored))
            done = [
                replace(record, scores=entry.scores, verdict=entry.verdict, status=RecordStatus.COMPLETED)
                for record, entry in zip(batch, scored, strict=True)
            ]
            await self._count(done if stored == len(done) else await self._still(done))

    async def _keep_history(self, batch: Sequence[Record]) -> None:
        """Keep the scores that are about to be replaced."""
        again = set(self._run.rescoring)
        replaced = [(r.id, score) for r in batch for score in r.scores if score.evaluator_id in again]
        if replaced:
            await self._store.score_history.add(self._run.project_id, self._run.id, replaced)

    async def _still(self, records: Sequence[Record]) -> list[Record]:
        """Return records as the store has them, after somebody else wrote some; counters are corrected at the end."""
        there = await self._store.records.get_many([record.id for record in records])
        _log.info("records were written by another worker", run=self._run.id, lane=self._task.lane)
        return [there[record.id] for record in records if record.id in there]

    async def _count(self, done: Sequence[Record]) -> None:
        shown = {record.id for record in done} & self._shown_running
        self._shown_running -= shown
        progress = replace(progress_of(done), running=-len(shown))
        tallies = tallies_of(done)
        self._unreported_cost -= sum(record.cost_usd or 0.0 for record in done)
        self._take(await self._store.runs.add_progress(self._run.id, progress, tallies))

    def _take(self, pulse: RunPulse | None) -> None:
        """Heed what the run has come to."""
        if pulse is None or pulse.status not in ACTIVE:
            self.abandon()
            return
        self._known_cost = pulse.progress.cost_usd
        self._check_cost()
        limit = self._run.settings.max_duration_seconds
        if limit is not None and pulse.started_at and (now() - pulse.started_at).total_seconds() > limit:
            self.over_budget = f"The run took longer than its limit of {limit:g} s."
            self.abandon()

    def _check_cost(self) -> None:
        limit = self._run.settings.max_cost_usd
        if limit is not None and self._known_cost + max(0.0, self._unreported_cost) >= limit:
            self.over_budget = f"The run reached its cost limit of {limit:g} USD."
            self.stop()


def _with_outcome(record: Record, outcome: Outcome, then: RecordStatus, skipped: tuple[Score, ...]) -> Record:
    failed = outcome.error is not None
    return replace(
        record,
        status=RecordStatus.ERRORED if failed else then,
        verdict=Verdict.ERRORED if failed else None,
        output=outcome.output,
        error=outcome.error,
        attempts=outcome.attempts,
        latency_ms=outcome.latency_ms,
        cost_usd=outcome.cost_usd,
        prompt_tokens=outcome.prompt_tokens,
        completion_tokens=outcome.completion_tokens,
        scores=skipped if failed else record.scores,
    )


async def _batches(queue: "asyncio.Queue[T | None]") -> AsyncIterator[list[T]]:
    """Yield what comes out of a queue in batches, until its end mark."""
    while (first := await queue.get()) is not None:
        batch = [first]
        deadline = asyncio.get_running_loop().time() + _LINGER_SECONDS
        ended = await _fill(batch, queue, deadline)
        yield batch
        if ended:
            return


async def _fill(batch: list[T], queue: "asyncio.Queue[T | None]", deadline: float) -> bool:
    """Add to a batch what comes before the deadline; tell whether the end mark came."""
    while len(batch) < _BATCH:
        try:
            entry = queue.get_nowait()
        except asyncio.QueueEmpty:
            try:
                async with asyncio.timeout_at(deadline):
                    entry = await queue.get()
            except TimeoutError:
                return False
        if entry is None:
            return True
        batch.append(entry)
    return False
