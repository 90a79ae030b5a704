"""Storing what calls gave, scoring it, and counting it.

    outcomes ──► scored at once? ──yes──► outcome and scores stored in one write ──► counted
                       └──no──► outcomes stored ──► scored ──► scores stored ──► counted

Where an evaluator reads traces, which come in later than outputs do, records are left with their outputs stored; the
lane comes back to them (`RecordTraces`).

An output is stored within about a tenth of a second of coming back, with its scores where they were quick: it was paid
for, and must not be lost while a slow evaluator thinks.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

import structlog

from evalyard_core.domain.counting import Counted, progress_of, tallies_of
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Outcome, Record, RecordStatus, Settled, Verdict, stored_outcome
from evalyard_core.domain.runs import ACTIVE, Progress, Run
from evalyard_core.domain.scores import skipped_scores
from evalyard_core.storage import Store, StoreUnreachable
from evalyard_core.storage.records import Scored
from evalyard_core.storage.run_progress import RunPulse
from evalyard_workers.metrics import count_records

from .called import Called
from .calling import LaneLimits
from .patience import patiently
from .redacting import redacted_batches
from .scoring import RunScorer
from .traces import Looked, RecordTraces

_log = structlog.get_logger(__name__)

BATCH: Final = 100
_LINGER_SECONDS: Final = 0.02
_QUICK_SECONDS: Final = 0.1
_MOST_SCORING: Final = 4

T = TypeVar("T")


class Settlement:
    """Takes in the outcomes of a lane's calls until `None` comes."""

    def __init__(
        self,
        store: Store,
        run: Run,
        scorer: RunScorer,
        limits: LaneLimits,
        *,
        traces: RecordTraces,
        heed: Callable[[RunPulse | None], None],
        flush: Callable[[], Coroutine[None, None, None]],
    ) -> None:
        """`heed` is told how the run stands whenever something was counted, `flush` called when a batch is stored."""
        # With a budget little is scored at once: what evaluators spend is known when they are done.
        self._breaker, self._purse, self._lease = limits
        is_bounded = self._purse.budget is not None and bool(run.evaluators)
        self._batch = min(BATCH, self._purse.concurrency) if is_bounded else BATCH
        self.outcomes: asyncio.Queue[Called | None] = asyncio.Queue(self._batch if is_bounded else 4 * BATCH)
        self.shown_running: set[str] = set()
        self._store = store
        self._run = run
        self._scorer = scorer
        self._traces = traces
        self._heed = heed
        self._flush = flush
        self._scoring: asyncio.Queue[tuple[list[Called], asyncio.Task[list[Scored]]] | None]
        self._scoring = asyncio.Queue(1 if is_bounded else _MOST_SCORING)

    async def put(self, record: Record, outcome: Outcome) -> None:
        """Take in what a call gave."""
        self._purse.spend(record.id, outcome.cost_usd)
        await self.outcomes.put(Called(record, outcome))

    async def score(self, records: Sequence[Record]) -> None:
        """Take in records whose outputs are stored and whose scores are not; they were counted as running then."""
        called = [Called(record, stored_outcome(record)) for record in records]
        looked = await self._look(called)
        called = [case for case in called if case.record.id not in looked.waiting]
        self.shown_running.update(case.record.id for case in called)
        if await self._purse.may_call():
            await self._scoring.put((called, asyncio.create_task(self._scores(called, looked))))

    async def _look(self, called: Sequence[Called]) -> Looked:
        """Look for the traces that are to be read, and put off the records whose traces have to be waited for."""
        looked = await self._traces.look([case for case in called if self._scorer.reads_trace_of(case.record)])
        if looked.waiting:
            await patiently(partial(self._store.put_off.add, looked.waiting))
        return looked

    async def work(self) -> None:
        """Settle everything until the end mark."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._settle(group))
            group.create_task(self._finish(group))

    async def _settle(self, counting: asyncio.TaskGroup) -> None:
        async for batch in redacted_batches(_batches(self.outcomes, self._batch), self._store, self._run):
            if not await self._lease.settled():
                await self._leave(batch)
                continue
            called = await self._without_put_off(batch)
            counting.create_task(self._flush())
            if not called:
                continue
            answered = [case for case in called if case.outcome.error is None] if self._run.evaluators else []
            if answered and self._purse.is_empty:
                await self._score_if_allowed(called, answered)
                continue
            scoring = asyncio.create_task(self._scores(answered))
            await asyncio.wait({scoring}, timeout=_QUICK_SECONDS)
            if scoring.done():
                settled, stored = await self._store_whole(called, scoring.result())
                counting.create_task(self._count(called, settled, stored))
            elif await self._store_outcomes(called):
                await self._scoring.put((answered, scoring))
            else:
                scoring.cancel()
        await self._scoring.put(None)

    async def _without_put_off(self, called: list[Called]) -> list[Called]:
        """Store the outcomes of records whose traces are waited for, and return the others."""
        if not self._scorer.reads_traces:
            return called
        looks = {
            case.record.id: at
            for case in called
            if case.outcome.error is None
            and self._scorer.reads_trace_of(case.record)
            and (at := self._traces.first_look(case)) is not None
        }
        waiting = [case for case in called if case.record.id in looks]
        if waiting:
            outcomes = {record.id: outcome for record, outcome in waiting}
            await patiently(partial(self._store.records.store_outcomes, outcomes, (), looks))
            await self._show_running(waiting)
        return [case for case in called if case.record.id not in looks]

    async def _leave(self, called: Sequence[Called]) -> None:
        """Store the outputs of a lane that somebody else has now, who scores them; errors may come of the loss."""
        outcomes = {record.id: outcome for record, outcome in called if outcome.error is None}
        if outcomes:
            await patiently(partial(self._store.records.store_outcomes, outcomes, ()))

    async def _score_if_allowed(self, called: Sequence[Called], answered: list[Called]) -> None:
        """Store outputs, and have them scored once the budget allows it; what it never allows stays without scores."""
        if await self._store_outcomes(called) and await self._purse.may_call():
            await self._scoring.put((answered, asyncio.create_task(self._scores(answered))))

    async def _scores(self, called: Sequence[Called], looked: Looked | None = None) -> list[Scored]:
        """Return the scores of records, and note what they cost."""
        scored = await self._scorer.score(called, looked)
        for entry in scored:
            self._purse.spend(entry.record_id, sum(score.cost_usd or 0.0 for score in entry.scores))
        return scored

    async def _store_whole(self, called: Sequence[Called], scored: Sequence[Scored]) -> tuple[Sequence[Settled], int]:
        """Store outcomes together with their scores; return what they came to, and how many were not stored before."""
        by_id = {entry.record_id: entry for entry in scored}
        settled = [self._settled(case, by_id.get(case.record.id)) for case in called]
        return settled, await patiently(partial(self._store.records.store_whole, settled))

    async def _store_outcomes(self, called: Sequence[Called]) -> bool:
        """Store outcomes whose scores take longer; False where somebody else wrote some, and they are scored anew."""
        errored = [case for case in called if case.outcome.error is not None]
        outcomes = {record.id: outcome for record, outcome in called}
        skipped = skipped_scores(self._run.evaluators, now())
        stored = await patiently(partial(self._store.records.store_outcomes, outcomes, skipped))
        if errored:
            await self._count(errored, [self._settled(case, None) for case in errored], len(errored))
        if stored == len(called):
            await self._show_running(called)
            return True
        there = await self._still(called)
        await self.score([record for record in there if record.status is RecordStatus.SCORING])
        return False

    async def _show_running(self, called: Sequence[Called]) -> None:
        """Count what waits for its scores as running, if it does not yet."""
        waiting = {record.id for record, outcome in called if outcome.error is None} - self.shown_running
        self.shown_running |= waiting
        try:
            await self._store.runs.add_progress(self._run.id, Progress(running=len(waiting)), {}, of=ACTIVE)
        except StoreUnreachable as error:
            _lagging(error)

    async def _finish(self, counting: asyncio.TaskGroup) -> None:
        """Store the scores that took longer."""
        while (entry := await self._scoring.get()) is not None:
            called, scoring = entry
            scored = await scoring
            if not scored:
                continue
            await patiently(partial(self._keep_history, [case.record for case in called]))
            stored = await patiently(partial(self._store.records.store_scores, scored))
            by_id = {score.record_id: score for score in scored}
            settled = [self._settled(case, by_id[case.record.id]) for case in called]
            counting.create_task(self._count(called, settled, stored))

    def _settled(self, case: Called, scored: Scored | None) -> Settled:
        """Return what a record came to."""
        record, outcome = case
        if outcome.error is None:
            status, verdict = RecordStatus.COMPLETED, scored.verdict if scored else None
            scores = scored.scores if scored else ()
        else:
            status, verdict = RecordStatus.ERRORED, Verdict.ERRORED
            scores = skipped_scores(self._run.evaluators, now())
        return Settled(record_id=record.id, outcome=outcome, status=status, verdict=verdict, scores=scores)

    async def _keep_history(self, batch: Sequence[Record]) -> None:
        """Keep the scores that are about to be replaced."""
        again = set(self._run.rescoring)
        replaced = [(r.id, score) for r in batch for score in r.scores if score.given_by in again]
        await self._store.score_history.add(self._run.project_id, self._run.id, replaced)

    async def _still(self, called: Sequence[Called]) -> list[Record]:
        """Return records as the store has them, after somebody else wrote some; counters are corrected at the end."""
        there = await patiently(partial(self._store.records.get_many, [case.record.id for case in called]))
        _log.info("records were written by another worker", run=self._run.id)
        return [there[case.record.id] for case in called if case.record.id in there]

    async def _count(self, called: Sequence[Called], settled: Sequence[Settled], stored: int) -> None:
        """Count what was stored; where that was not all, what the store has instead."""
        done: Sequence[Counted] = settled if stored == len(settled) else await self._still(called)
        count_records(done)
        shown = {case.record.id for case in called} & self.shown_running
        self.shown_running -= shown
        progress = replace(progress_of(done), running=-len(shown))
        try:
            pulse = await self._grow(progress, done, called)
        except StoreUnreachable as error:
            _lagging(error)
            return
        self._heed(pulse)
        for circuit in self._breaker.hear(pulse) if pulse is not None else ():
            await patiently(partial(self._store.run_limits.open_circuit, self._run.id, circuit))

    async def _grow(self, progress: Progress, done: Sequence[Counted], called: Sequence[Called]) -> RunPulse | None:
        """Add to the counters of a run at work; added late, to one that has ended, it would spoil its exact figures."""
        streaks = self._breaker.untold()
        async with self._purse.counting(case.record.id for case in called) as spent_by:
            return await self._store.runs.add_progress(
                self._run.id, progress, tallies_of(done), of=ACTIVE, streaks=streaks, spent_by=spent_by
            )


def _lagging(error: Exception) -> None:
    """Tell that live counters lag: what a database that is away did not take is never added again.

    It may have taken it; the end of the run counts anew.
    """
    _log.warning("the database is away; live counters lag", error=str(error)[:200])


async def _batches(queue: "asyncio.Queue[T | None]", most: int) -> AsyncIterator[list[T]]:
    """Yield what comes out of a queue in batches, until its end mark."""
    while (first := await queue.get()) is not None:
        batch = [first]
        deadline = asyncio.get_running_loop().time() + _LINGER_SECONDS
        ended = await _fill(batch, queue, deadline, most)
        yield batch
        if ended:
            return


async def _fill(batch: list[T], queue: "asyncio.Queue[T | None]", deadline: float, most: int) -> bool:
    """Add to a batch what comes before the deadline; tell whether the end mark came."""
    while len(batch) < most:
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
