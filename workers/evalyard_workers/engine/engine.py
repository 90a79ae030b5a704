"""What a worker process does with a message: claim the task, work at it for a while, give it back.

A task is worked at for as long as nobody else waits for a thread of this process; then for two seconds, so that runs
take turns.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import structlog

import evalyard
from evalyard_core.domain.errors import Refusal
from evalyard_core.domain.payload import now
from evalyard_core.domain.runs import ACTIVE, Run, RunStatus
from evalyard_core.domain.tasks import Task, TaskKind, TaskState, lane_task
from evalyard_core.domain.traces.completeness import Patience
from evalyard_core.queue import Queue
from evalyard_core.services import Services
from evalyard_core.storage import Store, StoreError
from evalyard_workers.metrics import TURNS
from evalyard_workers.plugins.host import PluginHost
from evalyard_workers.plugins.targets import TargetPool
from evalyard_workers.plugins.threads import Threads

from .breaker import Breaker
from .budget import Purse
from .calling import LaneLimits
from .dispatching import dispatch
from .lane import Lane
from .lease import Lease
from .monitored import lay_down_traces
from .patience import patiently
from .planning import lay_down
from .score_caching import ScoreCache
from .scoring import RunScorer
from .sources import Sources
from .traces import RecordTraces
from .whole import RunAsAWhole

_log = structlog.get_logger(__name__)

_TURN_SECONDS: Final = 2.0
_LONGEST_TURN_SECONDS: Final = 600.0
_GRACE_SECONDS: Final = 20.0
_SCORING_THREADS: Final = 32


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a turn left its task, and another task to go on with.

    It is of no use to go on for `wait_seconds`; at `comes_back_at` there is more to do in a task that has come to its
    end otherwise.
    """

    state: TaskState
    following: Task | None = None
    wait_seconds: float = 0.0
    comes_back_at: datetime | None = None


class Engine:
    """Carries out the tasks of runs in one worker process."""

    def __init__(
        self,
        services: Services,
        queue: Queue,
        host: PluginHost,
        *,
        threads: int,
        evaluator_timeout_seconds: float,
        trace_quiet_seconds: float,
    ) -> None:
        self.owner = secrets.token_hex(8)
        self._services = services
        self._store: Store = services.store
        self._queue = queue
        self._host = host
        self._targets = TargetPool(host)
        self._sources = Sources(services, self._targets, host)
        self._threads = threads
        self._evaluator_timeout = evaluator_timeout_seconds
        self._trace_quiet = trace_quiet_seconds
        self._scoring_threads = Threads(_SCORING_THREADS, "score")
        self._active = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopping = asyncio.Event()

    async def work(self, task_id: str, ticket: int) -> Task | None:
        """Take a turn at a task, unless the message is late or somebody else holds it.

        Returns the task that this worker is to go on with: whoever has planned a run keeps its first lane, since a
        message would be under way for longer.
        """
        if self._stopping.is_set():
            return None
        asked_at = time.monotonic()
        task = await self._store.tasks.claim(task_id, ticket, self.owner, self._store.tasks.lease_seconds)
        return None if task is None else await self._hold(Lease(self._store, task, asked_at))

    async def _hold(self, lease: Lease) -> Task | None:
        task = lease.task
        self._active += 1
        self._idle.clear()
        try:
            with TURNS.track_inprogress(), structlog.contextvars.bound_contextvars(run=task.run_id, task=task.id):
                return await self._turn(lease)
        finally:
            self._active -= 1
            if not self._active:
                self._idle.set()

    def begin_to_stop(self) -> None:
        """Claim no more, and let turns come to their end."""
        self._stopping.set()

    async def close(self) -> None:
        """Wait for the turns, and release what they use."""
        self.begin_to_stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_SECONDS + 5):
                await self._idle.wait()
        await self._targets.close()
        self._scoring_threads.shutdown()

    async def _turn(self, lease: Lease) -> Task | None:
        task = lease.task
        run = await self._store.runs.get(task.run_id)
        if run is None:
            await self._store.tasks.delete_of_run(task.run_id)
            return None
        try:
            ended = await self._work_at(run, lease)
        except Exception as error:  # noqa: BLE001 - the boundary of a turn: one run fails, the worker lives
            if _is_of_the_database(error):
                # The lease runs out by itself, and the sweeper gives the task to whoever is there.
                _log.warning("turn ended by the database", error=str(error)[:300])
                return None
            _log.exception("turn failed")
            if not lease.lost.is_set():
                await self._give_up(run, task, error)
            return None
        if not lease.lost.is_set():
            if ended.comes_back_at is None:
                await self._give_back(task, ended.state, ended.wait_seconds)
            else:
                await self._put_off(task, ended.comes_back_at)
        return ended.following

    async def _put_off(self, task: Task, until: datetime) -> None:
        """Release a task that has nothing to do until then; a sweeper finds it when it has."""
        seconds = max(0.0, (until - now()).total_seconds())
        await patiently(partial(self._store.tasks.release, task, TaskState.READY, due_seconds=seconds))

    async def _give_back(self, task: Task, state: TaskState, wait_seconds: float = 0.0) -> None:
        """Release a task, for the sweepers to find where it has to wait.

        They look every two seconds; a worker that stops leaves all of its tasks to them.
        """
        left = self._stopping.is_set() or wait_seconds >= _TURN_SECONDS
        due = wait_seconds if left else self._store.tasks.hint_seconds
        released = await patiently(partial(self._store.tasks.release, task, state, due_seconds=due))
        if released is None:
            return
        if released.state is TaskState.READY and not left:
            await self._queue.hint([released])
        if released.state is TaskState.DONE:
            await self.end_if_done(task.run_id)

    async def end_if_done(self, run_id: str) -> None:
        """End a run when none of its tasks has work left."""
        if await self._store.tasks.unfinished(run_id) == 0:
            await self._services.runs.end(run_id=run_id)

    async def _give_up(self, run: Run, task: Task, error: Exception) -> None:
        """Fail a run that this code can't carry out: trying again would find the same fault."""
        try:
            reason = f"The worker failed: {type(error).__name__}: {error}. It was logged; rerun after an upgrade."
            await self._services.runs.stop(run=run, status=RunStatus.FAILED, reason=reason[:1000])
        except Refusal:
            _log.info("the run has ended in the meantime")
        await self._give_back(task, TaskState.IDLE if task.kind is TaskKind.FIGURES else TaskState.READY)

    async def _work_at(self, run: Run, lease: Lease) -> _Ended:
        match lease.task.kind:
            case TaskKind.PLAN:
                return await self._plan(run, lease)
            case TaskKind.EXECUTE:
                return await self._execute(run, lease)
            case TaskKind.SCORE_RUN:
                return await self._score_as_a_whole(run, lease)
            case TaskKind.FIGURES:
                return await self._refresh(run, lease)

    async def _plan(self, run: Run, lease: Lease) -> _Ended:
        """Lay down the records, start the run, and make its lanes; each step may be repeated."""
        if run.status not in {RunStatus.PENDING, RunStatus.RUNNING}:
            return _Ended(TaskState.DONE)
        plan = lay_down if run.monitor_id is None else lay_down_traces
        async with lease.held(_nothing):
            total = await plan(self._store, run, lease.lost)
        if total is None:
            return _Ended(TaskState.READY)
        started = await self._store.runs.move(run.id, RunStatus.RUNNING, of=[RunStatus.PENDING], at=now(), total=total)
        if started is None:
            await self._cancel_what_was_laid_down(run)
        if run.is_dispatched:
            async with lease.held(_nothing):
                await self._dispatch(run, first=started is not None)
        if run.monitor_id is not None:
            await self._services.runs.await_scores(run_id=run.id)
        return _Ended(TaskState.DONE, following=await self._make_lanes(run))

    async def _cancel_what_was_laid_down(self, run: Run) -> None:
        """End the records of a run that was stopped before it had them all, and may be scored again by now.

        One that is RUNNING was planned by somebody else too, after this process had been stopped for a while.
        """
        pulse = await self._store.runs.pulse(run.id)
        if pulse is not None and pulse.status is not RunStatus.RUNNING:
            await self._store.records.cancel_uncalled(run.id, now())

    async def _dispatch(self, run: Run, *, first: bool) -> None:
        problem = await dispatch(self._store, self._targets, run, first=first)
        if problem is not None:
            await self._fail(run, problem)

    async def _make_lanes(self, run: Run) -> Task | None:
        """Make the lanes of a run, tell the workers of them, and return the one that is kept for this worker."""
        lanes = range(run.settings.lanes)
        await self._store.tasks.add([lane_task(run.id, run.project_id, lane, TaskState.READY, now()) for lane in lanes])
        ready = await self._store.tasks.wake(run.id, due_seconds=self._store.tasks.hint_seconds)
        kept = ready.pop(0) if ready and not self._stopping.is_set() else None
        await self._queue.hint(ready)
        return kept

    async def _refresh(self, run: Run, lease: Lease) -> _Ended:
        async with lease.held(_nothing):
            await self._services.runs.refresh(run_id=run.id)
        return _Ended(TaskState.IDLE)

    async def _score_as_a_whole(self, run: Run, lease: Lease) -> _Ended:
        whole = RunAsAWhole(
            self._services, run, self._host, self._scoring_threads, timeout_seconds=self._evaluator_timeout
        )
        return _Ended(await whole.work(lease, self._stopping))

    async def _execute(self, run: Run, lease: Lease) -> _Ended:
        if run.status not in ACTIVE or run.stopping is not None:
            return _Ended(TaskState.DONE if run.is_terminal or run.stopping is not None else TaskState.READY)
        try:
            lane = await self._lane(run, lease)
        except evalyard.TargetError as error:
            await self._fail(run, f"The system can't be called: {error}")
            return _Ended(TaskState.READY)
        if lane.over_budget is not None:
            await self._fail(run, lane.over_budget)
            return _Ended(TaskState.READY)
        comes_back_at = await lane.comes_back_at()
        return _Ended(self._state_after(lane, run), wait_seconds=lane.wait_seconds, comes_back_at=comes_back_at)

    async def _lane(self, run: Run, lease: Lease) -> Lane:
        """Let a lane work for a turn and return it; raises TargetError where the system can't be called."""
        limits = LaneLimits(Breaker(run), Purse(self._store, run, lease.task.lane), lease)
        cache = ScoreCache.of(run, self._store)
        async with self._sources.of(run, limits) as source:
            scorer = RunScorer(
                *(run, self._host, self._scoring_threads, self._evaluator_timeout),
                breaker=limits.breaker,
                cache=cache,
            )
            patience = Patience(limit_seconds=run.settings.trace_wait_seconds, quiet_seconds=self._trace_quiet)
            traces = RecordTraces(self._store, patience)
            lane = Lane(self._store, run, source=source, scorer=scorer, limits=limits, traces=traces)
            await self._carry_out(lane, lease)
        return lane

    @staticmethod
    def _state_after(lane: Lane, run: Run) -> TaskState:
        if lane.is_last_turn:
            return TaskState.DONE
        if not lane.exhausted:
            return TaskState.READY
        waits = run.is_external and run.status is RunStatus.RUNNING
        return TaskState.IDLE if waits else TaskState.DONE

    async def _carry_out(self, lane: Lane, lease: Lease) -> None:
        """Let a lane work until it is done, its turn is over, its lease is lost, or the worker stops."""

        async def beat() -> None:
            await lane.beat()
            await self._sources.pacers.look()

        async with lease.held(beat):
            working = asyncio.create_task(lane.work())
            watching = asyncio.create_task(self._watch(lane, lease))
            try:
                await working
            finally:
                watching.cancel()
                await asyncio.wait({watching, working})
        await lane.hand_back(is_held=not lease.lost.is_set())

    async def _watch(self, lane: Lane, lease: Lease) -> None:
        """Stop a lane when something else wants it to."""
        turn = asyncio.create_task(self._turn_over())
        signals: Iterable[asyncio.Task[object]] = {
            turn,
            asyncio.create_task(lease.lost.wait()),
            asyncio.create_task(self._stopping.wait()),
        }
        try:
            await asyncio.wait(signals, return_when=asyncio.FIRST_COMPLETED)
            if lease.lost.is_set():
                lane.abandon()
            lane.stop()
            if self._stopping.is_set():
                await asyncio.sleep(_GRACE_SECONDS)
                lane.abandon()
            await lease.lost.wait()
            lane.abandon()
        finally:
            for signal in signals:
                signal.cancel()

    async def _turn_over(self) -> None:
        """Return when a turn has been long enough: at once after two seconds where others wait for a thread."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while loop.time() - begun < _LONGEST_TURN_SECONDS:
            await asyncio.sleep(_TURN_SECONDS)
            if self._active >= self._threads:
                return

    async def _fail(self, run: Run, reason: str) -> None:
        try:
            await self._services.runs.stop(run=run, status=RunStatus.FAILED, reason=reason)
        except Refusal:
            _log.info("the run has ended in the meantime")


def _is_of_the_database(error: Exception) -> bool:
    """Tell whether the database is at fault; a lane's stages raise a group of what went wrong in them."""
    if isinstance(error, ExceptionGroup):
        return error.split(StoreError)[1] is None
    return isinstance(error, StoreError)


async def _nothing() -> None:
    """Do nothing at a beat."""
