"""Calling a plugin: whatever it does, the caller gets an answer."""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

Variables = Mapping[str, Any]

#: Whatever a plugin raises; a cancelled task is the worker's own doing.
RAISED: Final = (Exception, SystemExit, KeyboardInterrupt)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a plugin returned or raised, and how long it took."""

    result: Any
    error: BaseException | None
    seconds: float


class HungError(Exception):
    """A plugin did not come back within `limit_seconds`."""

    def __init__(self, limit_seconds: float) -> None:
        super().__init__(limit_seconds)
        self.limit_seconds = limit_seconds


async def answer_later(
    function: Callable[[Any], Any], argument: Any, *, is_async: bool, threads: ThreadPoolExecutor, limit_seconds: float
) -> Answer:
    """Call a method on the event loop where it is async, else in a thread, which goes on if it takes too long."""
    begun = time.perf_counter()
    try:
        async with asyncio.timeout(limit_seconds) as limit:
            if not is_async:
                return await asyncio.wrap_future(threads.submit(answer_now, function, argument))
            return Answer(await function(argument), None, time.perf_counter() - begun)
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
