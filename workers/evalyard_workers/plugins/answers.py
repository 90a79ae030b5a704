"""Calling a plugin: whatever it does, the caller gets an answer."""

import asyncio
import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .loops import Blocked, PluginLoop
from .threads import Interrupted, Threads

Variables = Mapping[str, Any]

#: Whatever a plugin raises; a cancelled task is the worker's own doing.
RAISED: Final = (Exception, SystemExit, KeyboardInterrupt, Interrupted)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a plugin returned or raised, and how long it took; `version` is the plugin's, where it is known."""

    result: Any
    error: BaseException | None
    seconds: float
    version: str | None = None


class HungError(Exception):
    """A plugin did not come back within `limit_seconds`; `blocked` where it kept its event loop from anything else."""

    def __init__(self, limit_seconds: float, *, blocked: bool = False) -> None:
        super().__init__(limit_seconds)
        self.limit_seconds = limit_seconds
        self.blocked = blocked


async def answer_later(
    function: Callable[[Any], Any],
    argument: Any,
    *,
    loop: PluginLoop | None,
    threads: Threads,
    limit_seconds: float,
) -> Answer:
    """Call a method, an async one on its `loop`, any other in a thread, which is left behind if it takes too long."""
    begun = time.perf_counter()
    if loop is None:
        return await _in_thread(function, argument, threads, limit_seconds)
    try:
        return await loop.run(lambda: answer_on_loop(lambda: function(argument), limit_seconds), limit_seconds)
    except Blocked:
        return Answer(None, HungError(limit_seconds, blocked=True), time.perf_counter() - begun)


async def _in_thread(function: Callable[[Any], Any], argument: Any, threads: Threads, limit_seconds: float) -> Answer:
    begun = time.perf_counter()
    call = threads.submit(answer_now, function, argument)
    future = asyncio.wrap_future(call)
    try:
        await asyncio.wait({future}, timeout=limit_seconds)
        if future.done():
            answer: Answer = future.result()
            return answer
        return Answer(None, HungError(limit_seconds), time.perf_counter() - begun)
    finally:
        if not future.done():
            future.cancel()
            threads.leave(call)


async def answer_on_loop(call: Callable[[], Any], limit_seconds: float) -> Answer:
    """Make a call on the loop that this runs on, and await what it returns where that is to be awaited."""
    begun = time.perf_counter()
    try:
        async with asyncio.timeout(limit_seconds) as limit:
            result = call()
            result = await result if inspect.isawaitable(result) else result
            return Answer(result, None, time.perf_counter() - begun)
    except TimeoutError as error:
        hung = HungError(limit_seconds) if limit.expired() else error
        return Answer(None, hung, time.perf_counter() - begun)
    except RAISED as error:
        return Answer(None, error, time.perf_counter() - begun)


def answer_now(function: Callable[..., Any], *arguments: Any, **variables: Any) -> Answer:
    """Call a method here and now."""
    begun = time.perf_counter()
    try:
        result = function(*arguments, **variables)
    except BaseException as error:  # noqa: BLE001 - a plugin may raise anything, KeyboardInterrupt and SystemExit too
        return Answer(None, error, time.perf_counter() - begun)
    return Answer(result, None, time.perf_counter() - begun)
