"""Holding a task: the lease is renewed while its work goes on, and its loss stops that work."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from evalyard_core.domain.tasks import Task
from evalyard_core.storage import Store, StoreError

_log = structlog.get_logger(__name__)


class Lease:
    """A claimed task; `lost` is set when somebody else may have it by now.

    Times are those of `time.monotonic`, which goes on while a process is stopped; the event loop's own time is that of
    its last look.
    """

    def __init__(self, store: Store, task: Task, asked_at: float) -> None:
        """`asked_at` is when the task was claimed, at the latest."""
        self.task = task
        self.lost = asyncio.Event()
        self._tasks = store.tasks
        self._sure_until = asked_at + store.tasks.lease_seconds
        self._answered = asyncio.Event()

    @property
    def is_sure(self) -> bool:
        """Whether nobody else can have the task: it was renewed lately enough."""
        return not self.lost.is_set() and time.monotonic() < self._sure_until

    async def settled(self) -> bool:
        """Wait until it is known whether the task is held; return it. After a stop of this process that is not known.

        What costs money is begun only then: another worker may have done it by now.
        """
        while not self.is_sure and not self.lost.is_set():
            self._answered.clear()
            await self._answered.wait()
        return not self.lost.is_set()

    @asynccontextmanager
    async def held(self, on_beat: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
        """Renew the lease while the body runs, six times in its length, calling `on_beat` each time."""
        beating = asyncio.create_task(self._beat(on_beat))
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.wait({beating})

    async def _beat(self, on_beat: Callable[[], Awaitable[None]]) -> None:
        while not self.lost.is_set():
            await asyncio.sleep(min(self._tasks.beat_seconds, self._sure_until - time.monotonic()))
            try:
                await self._renew()
                await on_beat()
            except StoreError as error:
                # Nobody can take the task from a database that is away; what is in flight goes on.
                _log.warning("lease not renewed", task=self.task.id, error=str(error)[:200])
                await asyncio.sleep(self._tasks.beat_seconds / 4)

    async def _renew(self) -> None:
        asked_at = time.monotonic()
        if await self._tasks.renew(self.task.id, self.task.owner or "", self._tasks.lease_seconds):
            self._sure_until = asked_at + self._tasks.lease_seconds
        else:
            self.lost.set()
            _log.warning("lease lost", task=self.task.id)
        self._answered.set()
