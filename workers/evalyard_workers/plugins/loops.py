"""An event loop for each plugin with async methods: one that blocks it keeps nobody else waiting."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from .threads import Interrupted, interrupt

T = TypeVar("T")

_GRACE_SECONDS: Final = 1.0
_END_SECONDS: Final = 2.0
#: A loop raises these out of what runs on it.
_ENDS: Final = (Interrupted, SystemExit, KeyboardInterrupt)


class Blocked(Exception):
    """A plugin did not give its event loop back in time."""


class PluginLoop:
    """A loop in a thread of its own; one that is blocked is left behind, and another takes its place."""

    def __init__(self, name: str) -> None:
        #: Grows when a loop is left behind: what was acquired on it is lost.
        self.generation = 0
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    async def run(self, work: Callable[[], Coroutine[Any, Any, T]], limit_seconds: float) -> T:
        """Return what `work` returns on the loop; raises Blocked when it takes longer than it may.

        `work` keeps to the limit by itself, where nothing blocks the loop.
        """
        loop = self._running()
        waiting = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work(), loop))
        try:
            done, _ = await asyncio.wait({waiting}, timeout=limit_seconds + _GRACE_SECONDS)
        finally:
            if not waiting.done():
                waiting.cancel()
        if done:
            return waiting.result()
        if self._loop is loop:
            self._leave()
        raise Blocked

    async def close(self) -> None:
        """End the loop."""
        loop, thread, self._loop = self._loop, self._thread, None
        if loop is not None and thread is not None:
            _stop(loop)
            await asyncio.to_thread(thread.join, _END_SECONDS)

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is not None and not self._loop.is_closed():
            return self._loop
        if self._loop is not None:
            # What runs on a loop can end it, by SystemExit.
            self.generation += 1
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=_serve, args=(self._loop,), name=f"loop of {self._name}", daemon=True)
        self._thread.start()
        return self._loop

    def _leave(self) -> None:
        loop, thread, self._loop = self._loop, self._thread, None
        self.generation += 1
        if loop is not None and thread is not None and thread.ident is not None:
            _stop(loop)
            interrupt(thread.ident)


def _stop(loop: asyncio.AbstractEventLoop) -> None:
    # It may be closed already.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(loop.stop)


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    with contextlib.suppress(*_ENDS):
        loop.run_forever()
    with contextlib.suppress(*_ENDS):
        loop.run_until_complete(_cancel_all())
    loop.close()


async def _cancel_all() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=_END_SECONDS)
