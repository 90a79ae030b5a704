"""The turn in which a run is scored as a whole, once all its records are done with."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Final

import structlog

from evalyard_core.domain.evaluators import EvaluatorSnapshot
from evalyard_core.domain.mapping import Context
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Problem, RunScore
from evalyard_core.domain.runs import ACTIVE, Run
from evalyard_core.domain.scores import blank_score, failed
from evalyard_core.domain.tasks import TaskState
from evalyard_core.domain.traces.spans import trace_key
from evalyard_core.services import Services
from evalyard_workers.plugins.host import PluginHost
from evalyard_workers.plugins.threads import Threads
from evalyard_workers.plugins.whole import WholeScorer

from .lease import Lease
from .patience import patiently
from .scoring import ready_evaluator
from .traces import MOST_SPANS, TRACED_BATCH

_log = structlog.get_logger(__name__)

_PAGE: Final = 100
_GRACE_SECONDS: Final = 20.0


class RunAsAWhole:
    """Scores one run with each evaluator that scores runs and has not scored it yet."""

    def __init__(
        self, services: Services, run: Run, host: PluginHost, threads: Threads, *, timeout_seconds: float
    ) -> None:
        self._store = services.store
        self._traces = services.trace_reading
        self._run = run
        self._host = host
        self._threads = threads
        self._timeout = timeout_seconds
        self._stopped = asyncio.Event()

    async def work(self, lease: Lease, stopping: asyncio.Event) -> TaskState:
        """Score until all is done, the lease is lost, the run is stopped, or the worker stops and its grace is over."""
        if self._run.status not in ACTIVE or await self._store.tasks.unfinished(self._run.id) > 1:
            # Whoever is the last at its lanes brings this task back, when every record is done with.
            return TaskState.DONE
        async with lease.held(self._beat):
            scoring = asyncio.create_task(self._score_all(lease))
            signals = [asyncio.create_task(event.wait()) for event in (lease.lost, self._stopped, stopping)]
            try:
                await asyncio.wait({scoring, *signals}, return_when=asyncio.FIRST_COMPLETED)
                if stopping.is_set():
                    await asyncio.wait({scoring, *signals[:2]}, timeout=_GRACE_SECONDS, return_when="FIRST_COMPLETED")
            finally:
                for task in (scoring, *signals):
                    task.cancel()
                await asyncio.wait({scoring, *signals})
        if scoring.cancelled():
            return TaskState.READY
        scoring.result()
        return TaskState.DONE

    async def _beat(self) -> None:
        pulse = await self._store.runs.pulse(self._run.id)
        if pulse is None or pulse.status not in ACTIVE:
            self._stopped.set()

    async def _score_all(self, lease: Lease) -> None:
        """Score with one evaluator after the other, and store what each says at once: it may have been paid for."""
        for evaluator in self._run.unscored_by:
            if not await lease.settled():
                return
            run_score = await self._score(evaluator)
            store = partial(self._store.runs.store_run_score, self._run.id, evaluator.evaluator_id, run_score)
            stored = await patiently(store)
            _log.info("scored a run as a whole", plugin=evaluator.plugin, status=run_score.score.status, stored=stored)

    async def _score(self, evaluator: EvaluatorSnapshot) -> RunScore:
        ready = ready_evaluator(evaluator, self._host)
        if isinstance(ready, Problem):
            return RunScore(score=failed(blank_score(evaluator, now()), ready))
        scorer = WholeScorer(ready, self._threads, self._timeout)
        return await scorer.score(self._traced_page if ready.reads_trace else self._page, self._run.progress.total)

    async def _page(self, place: int) -> Sequence[tuple[int, Context]]:
        read = partial(self._store.records.completed, self._run.id, from_seq=place, most=_PAGE)
        return [(case.seq + 1, case.context) for case in await patiently(read)]

    async def _traced_page(self, place: int) -> Sequence[tuple[int, Context]]:
        """Return cases with their traces, as they are now: those that evaluators of records read are complete."""
        cases = await patiently(partial(self._store.records.completed, self._run.id, from_seq=place, most=TRACED_BATCH))
        keys = [trace_key(self._run.project_id, case.trace_id or "") for case in cases]
        traces = await patiently(partial(self._traces.mapped, keys, most_spans=MOST_SPANS))
        return [
            (case.seq + 1, {**case.context, "trace": traces.get(key)}) for case, key in zip(cases, keys, strict=True)
        ]
