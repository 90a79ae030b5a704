"""Finding work that nobody is at: after a worker died, a message was lost, or a process stopped between two writes."""

import asyncio
import random
import time
from typing import Final

import structlog

from evalyard_core.domain.payload import now
from evalyard_core.queue import Queue
from evalyard_core.services import Services
from evalyard_core.storage import StoreError

from .engine import Engine

_log = structlog.get_logger(__name__)

_FORGETTING_SECONDS: Final = 60.0


class Sweeper:
    """Looks every two seconds or so; any number of them may, since what they do may be done twice."""

    def __init__(self, services: Services, queue: Queue, engine: Engine) -> None:
        self._services = services
        self._queue = queue
        self._engine = engine
        self._pause_seconds = services.store.tasks.beat_seconds
        self._away_at = float("-inf")
        self._forgets_at = 0.0

    async def run(self) -> None:
        """Sweep for ever."""
        while True:
            try:
                await self.sweep()
            except StoreError as error:
                self._away_at = time.monotonic()
                _log.warning("sweep broke off", error=str(error)[:300])
            await asyncio.sleep(self._pause_seconds * random.uniform(0.75, 1.25))  # noqa: S311 - jitter

    async def sweep(self) -> None:
        """Send hints for overdue tasks, end runs whose tasks are done, forget what is old, and finish deletions."""
        store = self._services.store
        begun = time.monotonic()
        overdue = await store.tasks.overdue()
        if self._was_away(begun):
            # Whoever holds a task could not renew it either, and does so now.
            overdue = [task for task in overdue if task.owner is None]
        freed = [task for task in [await store.tasks.free(task) for task in overdue] if task is not None]
        if freed:
            _log.info("found work that nobody is at", tasks=[task.id for task in freed])
            await self._queue.hint(freed)
        for run_id in await store.runs.without_end():
            await self._engine.end_if_done(run_id)
        if time.monotonic() >= self._forgets_at:
            await self._services.forgetting.forget(now())
            self._forgets_at = time.monotonic() + _FORGETTING_SECONDS
        for run_id in await store.runs.hidden():
            await self._services.runs.purge(run_id=run_id)
        await self._services.trace_keeping.purge_hidden()

    def _was_away(self, begun: float) -> bool:
        """Tell whether the database did not answer lately, at the latest to what was asked when the sweep had begun."""
        moment = time.monotonic()
        if moment - begun > self._pause_seconds:
            self._away_at = moment
        return moment - self._away_at < 2 * self._pause_seconds
