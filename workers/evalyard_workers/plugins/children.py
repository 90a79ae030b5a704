"""The processes of one plugin distribution: started when they are needed, kept for the next, ended when they idle."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog

from .child import Child, Ended, Home, Late
from .refusals import PluginUnavailable

_log = structlog.get_logger(__name__)

_MOST: Final = max(2, min(8, os.cpu_count() or 1))
_FIRST_PAUSE_SECONDS: Final = 0.25
_LONGEST_PAUSE_SECONDS: Final = 30.0


class Children:
    """Lends a process to one batch at a time, so that what kills it costs that batch alone."""

    def __init__(self, home: Home, memory_bytes: int) -> None:
        self.home = home
        self._memory_bytes = memory_bytes
        self._idle: list[Child] = []
        self._room = asyncio.Semaphore(_MOST)
        self._failures = 0
        self._problem = ""
        self._retry_at = 0.0
        self._is_closed = False

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[Child]:
        """Give a process for some time; raises PluginUnavailable."""
        async with self._room:
            child = self._idle.pop() if self._idle else await self._start()
            whole = False
            try:
                yield child
                whole = True
            finally:
                await self._take_back(child, whole=whole)

    async def retire(self, idle_seconds: float) -> None:
        """End the processes that nobody has used for so long."""
        latest = time.monotonic() - idle_seconds
        leaving = [child for child in self._idle if child.used_at <= latest]
        self._idle = [child for child in self._idle if child not in leaving]
        await asyncio.gather(*(child.close() for child in leaving))

    async def close(self) -> None:
        """End the processes; one that is lent ends when it comes back."""
        self._is_closed = True
        await self.retire(0.0)

    async def _take_back(self, child: Child, *, whole: bool) -> None:
        """Keep a process, unless its batch was broken off: what it still says would answer the next one."""
        child.used_at = time.monotonic()
        if whole and not child.is_over and not self._is_closed:
            self._idle.append(child)
        elif whole:
            await child.close()
        else:
            await asyncio.shield(child.kill())

    async def _start(self) -> Child:
        if time.monotonic() < self._retry_at:
            raise PluginUnavailable(self._problem)
        try:
            child = await Child.start(self.home, self._memory_bytes)
        except (Ended, Late, OSError) as error:
            self._problem = f"The process of {self.home.distribution} can't start: {_how(error)}"
            pause = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0**self._failures)
            self._failures += 1
            self._retry_at = time.monotonic() + pause
            _log.warning("a plugin process did not start", distribution=self.home.distribution, problem=self._problem)
            raise PluginUnavailable(self._problem) from error
        self._failures = 0
        return child


def _how(error: Exception) -> str:
    match error:
        case Late():
            return "it did not answer. Its output is in the worker's log."
        case OSError():
            return f"{error.strerror}. Install it again."
    return f"it {error}. Its output is in the worker's log."
