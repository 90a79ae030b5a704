"""Waiting for a database that is away, with results in hand that were paid for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog

from evalyard_core.storage import StoreUnreachable

_log = structlog.get_logger(__name__)

_PAUSE_SECONDS: Final = 0.5
_PATIENCE_SECONDS: Final = 300.0

T = TypeVar("T")


async def patiently(write: Callable[[], Awaitable[T]]) -> T:
    """Return what an idempotent write returns, trying again for five minutes while the database can't be reached."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _PATIENCE_SECONDS
    while True:
        try:
            return await write()
        except StoreUnreachable as error:
            if loop.time() > deadline:
                raise
            _log.warning("the database is away; results wait", error=str(error)[:200])
            await asyncio.sleep(_PAUSE_SECONDS)
