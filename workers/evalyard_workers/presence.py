"""Being there: a worker process publishes what it has installed, and keeps saying that it lives."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from evalyard_core.domain.payload import now
from evalyard_core.domain.plugins import Worker
from evalyard_core.storage import Store, StoreError

from .plugins.host import PluginHost
from .replacement import Replacement

_log = structlog.get_logger(__name__)

_BEAT_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 15.0


class Presence:
    """The entry of this process among the live workers."""

    def __init__(self, store: Store, host: PluginHost, owner: str, replacement: Replacement | None = None) -> None:
        self._store = store
        self._host = host
        self._owner = owner
        self._replacement = replacement
        self._started_at = now()
        self._wanted = asyncio.Event()

    async def publish(self) -> None:
        """Look for plugins and publish them; what takes long to be imported elsewhere is published later."""
        await self._host.refresh(_PATIENCE_SECONDS)
        await self._publish()

    async def _publish(self) -> None:
        self._host.news.clear()
        worker = Worker(
            id=self._owner,
            host=socket.gethostname(),
            process=os.getpid(),
            started_at=self._started_at,
            evaluators=self._host.evaluator_plugins(),
            targets=self._host.target_plugins(),
        )
        await self._store.workers.publish(worker)
        _log.info("published plugins", evaluators=len(worker.evaluators), targets=len(worker.targets))
        if self._host.outdated and self._replacement is not None:
            self._replacement.ask(self._host.outdated)

    async def run(self) -> None:
        """Keep the entry alive; publish anew when asked to, or when the entry is gone."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._beat())
            group.create_task(self._when(self._wanted, self.publish))
            group.create_task(self._when(self._host.news, self._publish))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            try:
                wanted = await self._store.workers.beat(self._owner)
            except StoreError as error:
                _log.warning("could not say that this worker lives", error=str(error)[:300])
            else:
                if wanted is None or wanted:
                    self._wanted.set()

    async def _when(self, wanted: asyncio.Event, publish: Callable[[], Awaitable[None]]) -> None:
        """Publish beside the beat: to look at plugins may take longer than a worker may be silent."""
        while True:
            await wanted.wait()
            wanted.clear()
            try:
                await publish()
            except Exception as error:  # noqa: BLE001 - a look that fails must not end the beat; the next may succeed
                _log.warning("could not publish plugins", error=repr(error)[:300])
                await asyncio.sleep(_BEAT_SECONDS)
                wanted.set()

    async def leave(self) -> None:
        """Take the entry away."""
        try:
            await self._store.workers.remove(self._owner)
        except StoreError as error:
            _log.warning("could not say that this worker stops", error=str(error)[:300])
