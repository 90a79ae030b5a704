"""The processes of one plugin distribution: started when they are needed, kept for the next, ended when they idle."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog

from .child import Child, Ended, Home, Late
from .refusals import PluginUnavailable
from .room import Room

_log = structlog.get_logger(__name__)

_FIRST_PAUSE_SECONDS: Final = 0.25
_LONGEST_PAUSE_SECONDS: Final = 30.0


class Children:
    """Lends a process to one batch at a time, so that what kills it costs that batch alone.

    One evaluator has at most half of the room's processes at a time, one distribution three quarters: where they hang,
    others go on.
    """

    def __init__(self, home: Home, room: Room, memory_bytes: int) -> None:
        self.home = home
        self._room = room
        self._memory_bytes = memory_bytes
        self._generation = object()
        self._turns = asyncio.Semaphore(max(1, room.most * 3 // 4))
        self._turns_of = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(max(1, room.most // 2)))
        self._failures = 0
        self._problem = ""
        self._retry_at = 0.0

    @asynccontextmanager
    async def lent(self, plugin: str) -> AsyncIterator[Child]:
        """Give a process to an evaluator for some time; raises PluginUnavailable."""
        async with self._turns_of[plugin], self._turns, self._room.turns:
            child = self._room.reuse(self._generation, plugin) or await self._started(plugin)
            child.plugin = plugin
            whole = False
            try:
                yield child
                whole = True
            finally:
                await self._take_back(child, whole=whole)

    async def renew(self) -> None:
        """Use none of the processes again that there are: what they have imported is not what is installed."""
        before, self._generation = self._generation, object()
        self._failures, self._retry_at = 0, 0.0
        await self._room.end(before)

    async def _take_back(self, child: Child, *, whole: bool) -> None:
        """Keep a process, unless its batch was broken off: what it still says would answer the next one."""
        is_fit = whole and not child.is_over and not child.is_spent and child.generation is self._generation
        if is_fit and self._room.keep(child):
            return
        try:
            await (child.close() if whole else asyncio.shield(child.kill()))
        finally:
            self._room.leave_place()

    async def _started(self, plugin: str) -> Child:
        if time.monotonic() < self._retry_at:
            raise PluginUnavailable(self._problem)
        await self._room.take_place()
        try:
            child = await Child.start(self.home, plugin, self._generation, self._memory_bytes)
        except BaseException as error:
            self._room.leave_place()
            if isinstance(error, Ended | Late | OSError):
                raise self._not_started(error) from error
            raise
        self._failures = 0
        return child

    def _not_started(self, error: Exception) -> PluginUnavailable:
        """Return what is told of a process that does not start, and let some time go by before the next."""
        self._problem = f"The process of {self.home.distribution} can't start: {_how(error)}"
        pause = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0**self._failures)
        self._failures += 1
        self._retry_at = time.monotonic() + pause
        _log.warning("a plugin process did not start", distribution=self.home.distribution, problem=self._problem)
        return PluginUnavailable(self._problem)


def _how(error: Exception) -> str:
    match error:
        case Late():
            return "it did not answer. Its output is in the worker's log."
        case OSError():
            return f"{error.strerror}. Install it again."
    return f"it {error}. Its output is in the worker's log."
