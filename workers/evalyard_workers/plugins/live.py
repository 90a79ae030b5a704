"""Evaluators that are set up once in this process, and torn down when nobody needs them any more."""

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

import evalyard

from .answers import RAISED
from .loops import Blocked, PluginLoop
from .refusals import SetupFailed
from .threads import Call, Threads

_log = structlog.get_logger(__name__)

_SETUP_SECONDS: Final = 300.0
_TEARDOWN_SECONDS: Final = 20.0
_RETRY_SECONDS: Final = 30.0
_IDLE_SECONDS: Final = 600.0
_LOOK_SECONDS: Final = 30.0


class LiveEvaluator:
    """An instance, set up before it is used for the first time."""

    def __init__(self, instance: evalyard.Evaluator[Any], name: str, loop: PluginLoop | None = None) -> None:
        """`loop` is the plugin's own; without one the evaluator gets one."""
        self.instance = instance
        self.loop = loop or PluginLoop(name)
        self._name = name
        self._generation = 0
        self._setup: asyncio.Task[str | None] | None = None
        self._retry_at = 0.0
        self._in_thread: Call | None = None
        self._users = 0
        self._used_at = time.monotonic()

    @property
    def needs_setup(self) -> bool:
        """Whether its class defines `setup` or `teardown`."""
        kind, base = type(self.instance), evalyard.Evaluator
        return kind.setup is not base.setup or kind.teardown is not base.teardown

    def is_idle(self, seconds: float) -> bool:
        """Tell whether nobody has used it for so long."""
        return not self._users and time.monotonic() - self._used_at >= seconds

    @asynccontextmanager
    async def used(self, threads: Threads) -> AsyncIterator[evalyard.Evaluator[Any]]:
        """Give the instance, set up; raises SetupFailed."""
        self._users += 1
        try:
            if self.needs_setup:
                await self._ready(threads)
            yield self.instance
        finally:
            self._users -= 1
            self._used_at = time.monotonic()

    async def retire(self) -> None:
        """Tear down what was set up."""
        if self._setup is not None and self._setup.done():
            self._setup = None
            await self._tear_down()

    async def _ready(self, threads: Threads) -> None:
        if self._setup is None or self._may_try_again(self._setup):
            self._generation = self.loop.generation
            self._setup = asyncio.create_task(self._set_up(threads))
        # Whoever waits may be cancelled; the others, and the next one, wait for the same attempt.
        problem = await asyncio.shield(self._setup)
        if problem is not None:
            raise SetupFailed(problem)

    def _may_try_again(self, setup: "asyncio.Task[str | None]") -> bool:
        if not setup.done():
            return False
        if setup.result() is not None:
            return time.monotonic() >= self._retry_at
        # What was set up on a loop that was left behind is lost with it.
        return self._generation != self.loop.generation

    async def _set_up(self, threads: Threads) -> str | None:
        """Call `setup`, and return why it failed."""
        if self._in_thread is not None and not self._in_thread.done():
            return f"{self._name} is still being set up, for more than {_SETUP_SECONDS:g} s."
        try:
            await self._call(self.instance.setup, threads)
        except (Blocked, TimeoutError):
            problem = f"{self._name} was not set up within {_SETUP_SECONDS:g} s."
        except evalyard.EvaluationError as error:
            problem = str(error)
        except RAISED as error:
            problem = f"{self._name} could not be set up: {type(error).__name__}: {error}"
        else:
            return None
        _log.warning("an evaluator was not set up", plugin=self._name, problem=problem)
        await self._tear_down()
        self._retry_at = time.monotonic() + _RETRY_SECONDS
        return problem

    async def _call(self, method: Callable[[], Any], threads: Threads) -> None:
        if inspect.iscoroutinefunction(method):
            await self.loop.run(lambda: _within(method, _SETUP_SECONDS), _SETUP_SECONDS)
            return
        self._in_thread = threads.submit(method)
        try:
            async with asyncio.timeout(_SETUP_SECONDS):
                await asyncio.wrap_future(self._in_thread)
        except TimeoutError:
            threads.leave(self._in_thread)
            raise

    async def _tear_down(self) -> None:
        method = self.instance.teardown
        try:
            if inspect.iscoroutinefunction(method):
                await self.loop.run(lambda: _within(method, _TEARDOWN_SECONDS), _TEARDOWN_SECONDS)
            else:
                await _in_own_thread(method)
        except RAISED as error:
            _log.warning("an evaluator was not torn down", plugin=self._name, problem=repr(error)[:300])


async def _within(method: Callable[[], Any], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        await method()


async def _in_own_thread(method: Callable[[], Any]) -> None:
    with Threads(1, "teardown") as threads:
        call = threads.submit(method)
        try:
            async with asyncio.timeout(_TEARDOWN_SECONDS):
                await asyncio.wrap_future(call)
        except TimeoutError:
            threads.leave(call)
            raise


class EvaluatorPool:
    """The evaluators of this process that are set up: one for a plugin's version and a config."""

    def __init__(self) -> None:
        self._loops: dict[str, PluginLoop] = {}
        self._live: dict[tuple[str, str, str], LiveEvaluator] = {}

    def shared(self, key: tuple[str, str, str], live: LiveEvaluator) -> LiveEvaluator:
        """Return the one of this plugin, version and config that is there, else `live`."""
        return self._live.setdefault(key, live) if live.needs_setup else live

    def loop(self, key: str) -> PluginLoop:
        """Return the loop of a plugin."""
        return self._loops.setdefault(key, PluginLoop(key))

    async def run(self) -> None:
        """Tear down for ever what was not used for ten minutes."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            await self.retire(_IDLE_SECONDS)

    async def retire(self, idle_seconds: float) -> None:
        """Tear down what was not used for so long."""
        for key, live in list(self._live.items()):
            if live.is_idle(idle_seconds):
                del self._live[key]
                await live.retire()

    async def close(self) -> None:
        """Tear everything down, when nothing is scored any more."""
        live = list(self._live.values())
        self._live.clear()
        await asyncio.gather(*(evaluator.retire() for evaluator in live))
        await asyncio.gather(*(loop.close() for loop in self._loops.values()))
