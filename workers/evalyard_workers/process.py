"""One worker process: everything that runs on its event loop, started and stopped together."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

import structlog

from evalyard_core.queue import BrokerQueue
from evalyard_core.services import Services
from evalyard_core.settings import Settings
from evalyard_core.storage import Store

from .answering import Answerer
from .engine import Engine
from .plugins.host import PluginHost
from .plugins.rules import PluginRules
from .presence import Presence
from .replacement import Replacement
from .scheduler import Scheduler
from .sweeper import Sweeper

_log = structlog.get_logger(__name__)

_START_PATIENCE_SECONDS: Final = 30.0


class WorkerProcess:
    """The engine of one process and what stands beside it."""

    def __init__(self, settings: Settings, queue: BrokerQueue) -> None:
        self._settings = settings
        self._queue = queue
        self._store: Store | None = None
        self._engine: Engine | None = None
        self._presence: Presence | None = None
        self._host: PluginHost | None = None
        self._background: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Connect, publish the plugins and begin; raises StoreUnavailable."""
        settings = self._settings
        store = await Store.open(
            settings.mongodb_url,
            settings.database,
            wait_seconds=_START_PATIENCE_SECONDS,
            lease_seconds=settings.lease_seconds,
        )
        services = Services(store, self._queue)
        host = PluginHost(PluginRules.of(settings))
        limit = settings.evaluator_timeout_seconds
        engine = Engine(
            services,
            self._queue,
            host,
            threads=settings.worker_threads,
            evaluator_timeout_seconds=limit,
            trace_quiet_seconds=settings.trace_quiet_seconds,
        )
        replacement = Replacement()
        replacement.begun()
        presence = Presence(store, host, engine.owner, replacement)
        await presence.publish()
        for part in (
            presence.run(),
            Answerer(store, host, engine.owner, limit).run(),
            Sweeper(services, self._queue, engine).run(),
            Scheduler(services).run(),
            host.run(),
        ):
            self._watch(part)
        self._store, self._engine, self._presence, self._host = store, engine, presence, host

    async def work(self, task_id: str, ticket: int) -> None:
        """Take a turn at a task, and at the one that it leads to."""
        following = await self._engine.work(task_id, ticket) if self._engine is not None else None
        if following is not None:
            await self.work(following.id, following.ticket)

    async def begin_to_stop(self) -> None:
        """Claim no more, and let turns come to their end."""
        if self._engine is not None:
            self._engine.begin_to_stop()

    async def stop(self) -> None:
        """Release everything."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        if self._presence is not None:
            await self._presence.leave()
        if self._engine is not None:
            await self._engine.close()
        if self._host is not None:
            await self._host.close()
        if self._store is not None:
            await self._store.close()

    def _watch(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        task.add_done_callback(_log_failure)
        self._background.append(task)


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("a part of the worker stopped", error=repr(error), exc_info=error)
