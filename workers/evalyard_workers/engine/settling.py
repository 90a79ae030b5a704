"""Storing what calls gave, scoring it, and counting it.

    outcomes ──► scored at once? ──yes──► outcome and scores stored in one write ──► counted
                       └──no──► outcomes stored ──► scored ──► scores stored ──► counted

An output is stored within about a tenth of a second of coming back, with its scores where they were quick: it was paid
for, and must not be lost while a slow evaluator thinks.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

import structlog

from evalyard_core.domain.counting import progress_of, tallies_of
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Outcome, Record, RecordStatus, Score, Verdict
from evalyard_core.domain.runs import Progress, Run
from evalyard_core.domain.scores import skipped_scores
from evalyard_core.storage import Store
from evalyard_core.storage.records import Scored
from evalyard_core.storage.runs import RunPulse
from evalyard_workers.metrics import count_records

from .patience import patiently
from .scoring import RunScorer

_log = structlog.get_logger(__name__)

BATCH: Final = 100
_LINGER_SECONDS: Final = 0.02
_QUICK_SECONDS: Final = 0.1
_MOST_SCORING: Final = 4

T = TypeVar("T")


class Settlement:
    """Takes in the outcomes of a lane's calls until `None` comes."""

    def __init__(self, store: Store, run: Run, scorer: RunScorer, heed: Callable[[RunPulse | None], None]) -> None:
        """`heed` is told how the run stands whenever something was counted."""
        self.outcomes: asyncio.Queue[tuple[Record, Outcome] | None] = asyncio.Queue(4 * BATCH)
        self.shown_running: set[str] = set()
        self.uncounted_cost = 0.0
        self._store = store
        self._run = run
        self._scorer = scorer
        self._heed = heed
        self._scoring: asyncio.Queue[tuple[list[Record], asyncio.Task[list[Scored]]] | None]
        self._scoring = asyncio.Queue(_MOST_SCORING)

    async def put(self, record: Record, outcome: Outcome) -> None:
        """Take in what a call gave."""
        self.uncounted_cost += outcome.cost_usd or 0.0
        await self.outcomes.put((record, outcome))

    async def score(self, records: list[Record]) -> None:
        """Take in records whose outputs are stored and whose scores are not; they were counted as running then."""
        self.shown_running.update(record.id for record in records)
        await self._scoring.put((records, asyncio.create_task(self._scorer.score(records))))

    async def work(self) -> None:
        """Settle everything until the end mark."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._settle())
            group.create_task(self._finish())

    async def _settle(self) -> None:
        async for batch in _batches(self.outcomes):
            called = [_with_outcome(record, outcome) for record, outcome in batch]
            answered = [record for record in called if record.error is None] if self._run.evaluators else []
            scoring = asyncio.create_task(self._scorer.score(answered))
            await asyncio.wait({scoring}, timeout=_QUICK_SECONDS)
            if scoring.done():
                await self._store_whole(called, batch, scoring.result())
            elif await self._store_outcomes(called, batch):
                await self._scoring.put((answered, scoring))
            else:
                scoring.cancel()
        await self._scoring.put(None)

    async def _store_whole(
        self, called: Sequence[Record], batch: Sequence[tuple[Record, Outcome]], scored: Sequence[Scored]
    ) -> None:
        """Store outcomes together with their scores."""
        by_id = {entry.record_id: entry for entry in scored}
        done = [self._done(record, by_id.get(record.id)) for record in called]
        outcomes = {record.id: outcome for record, outcome in batch}
        stored = await patiently(partial(self._store.records.store_whole, done, outcomes))
        await self._count(done if stored == len(done) else await self._still(done))

    async def _store_outcomes(self, called: Sequence[Record], batch: Sequence[tuple[Record, Outcome]]) -> bool:
        """Store outcomes whose scores take longer; False where somebody else wrote some, and they are scored anew."""
        errored = [self._done(record, None) for record in called if record.error is not None]
        outcomes = {record.id: outcome for record, outcome in batch}
        skipped = skipped_scores(self._run.evaluators, now())
        stored = await patiently(partial(self._store.records.store_outcomes, outcomes, skipped))
        if errored:
            await self._count(errored)
        if stored == len(called):
            await self._show_running(called)
            return True
        there = await self._still(called)
        await self.score([record for record in there if record.status is RecordStatus.SCORING])
        return False

    async def _show_running(self, called: Sequence[Record]) -> None:
        """Count what waits for its scores as running, if it does not yet."""
        waiting = {record.id for record in called if record.error is None} - self.shown_running
        self.shown_running |= waiting
        await self._store.runs.add_progress(self._run.id, Progress(running=len(waiting)), {})

    async def _finish(self) -> None:
        """Store the scores that took longer."""
        while (entry := await self._scoring.get()) is not None:
            records, scoring = entry
            scored = await scoring
            if not scored:
                continue
            await self._keep_history(records)
            stored = await patiently(partial(self._store.records.store_scores, scored))
            by_id = {score.record_id: score for score in scored}
            done = [self._done(record, by_id[record.id]) for record in records]
            await self._count(done if stored == len(done) else await self._still(done))

    def _done(self, record: Record, scored: Scored | None) -> Record:
        """Return a record as it is when it is done with."""
        if record.error is not None:
            skipped = skipped_scores(self._run.evaluators, now())
            return replace(record, status=RecordStatus.ERRORED, verdict=Verdict.ERRORED, scores=skipped)
        scores: tuple[Score, ...] = scored.scores if scored else ()
        verdict = scored.verdict if scored else None
        return replace(record, status=RecordStatus.COMPLETED, verdict=verdict, scores=scores)

    async def _keep_history(self, batch: Sequence[Record]) -> None:
        """Keep the scores that are about to be replaced."""
        again = set(self._run.rescoring)
        replaced = [(r.id, score) for r in batch for score in r.scores if score.given_by in again]
        await self._store.score_history.add(self._run.project_id, self._run.id, replaced)

    async def _still(self, records: Sequence[Record]) -> list[Record]:
        """Return records as the store has them, after somebody else wrote some; counters are corrected at the end."""
        there = await self._store.records.get_many([record.id for record in records])
        _log.info("records were written by another worker", run=self._run.id)
        return [there[record.id] for record in records if record.id in there]

    async def _count(self, done: Sequence[Record]) -> None:
        count_records(done)
        shown = {record.id for record in done} & self.shown_running
        self.shown_running -= shown
        progress = replace(progress_of(done), running=-len(shown))
        self.uncounted_cost -= sum(record.cost_usd or 0.0 for record in done)
        self._heed(await self._store.runs.add_progress(self._run.id, progress, tallies_of(done)))


def _with_outcome(record: Record, outcome: Outcome) -> Record:
    return replace(
        record,
        output=outcome.output,
        error=outcome.error,
        attempts=outcome.attempts,
        latency_ms=outcome.latency_ms,
        cost_usd=outcome.cost_usd,
        prompt_tokens=outcome.prompt_tokens,
        completion_tokens=outcome.completion_tokens,
        trace_id=outcome.trace_id,
        started_at=outcome.started_at,
        finished_at=outcome.finished_at,
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
    while len(batch) < BATCH:
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
