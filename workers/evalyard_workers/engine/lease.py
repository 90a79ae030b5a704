"""Holding a task: the lease is renewed while its work goes on, and its loss stops that work."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog

from evalyard_core.domain.tasks import Task
from evalyard_core.storage import Store, StoreError

_log = structlog.get_logger(__name__)

LEASE_SECONDS: Final = 12.0
BEAT_SECONDS: Final = 2.0


class Lease:
    """A claimed task; `lost` is set as soon as the holder can't be sure that it still holds it."""

    def __init__(self, store: Store, task: Task) -> None:
        self.task = task
        self.lost = asyncio.Event()
        self._store = store

    @asynccontextmanager
    async def held(self, on_beat: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
        """Renew the lease every two seconds while the body runs, calling `on_beat` each time."""
        beating = asyncio.create_task(self._beat(on_beat))
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.wait({beating})

    async def _beat(self, on_beat: Callable[[], Awaitable[None]]) -> None:
        loop = asyncio.get_running_loop()
        sure_until = loop.time() + LEASE_SECONDS
        while not self.lost.is_set():
            await asyncio.sleep(BEAT_SECONDS)
            asked_at = loop.time()
            try:
                kept = await self._store.tasks.renew(self.task.id, self.task.owner or "", LEASE_SECONDS)
                await on_beat()
            except StoreError as error:
                _log.warning("lease not renewed", task=self.task.id, error=str(error))
                kept = loop.time() < sure_until
            else:
                sure_until = asked_at + LEASE_SECONDS
            if not kept:
                self.lost.set()
                _log.warning("lease lost", task=self.task.id)
