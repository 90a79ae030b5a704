"""How many requests are under way, and when none may be sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gate:
    """Let so many requests through at once, and none before the time that a rate limit named.

    The pause ends by the clock alone, so that no burst of refusals can close the gate for good.
    """

    def __init__(self, most: int) -> None:
        self._places = asyncio.Semaphore(most)
        self._opens_at = 0.0

    def pause(self, seconds: float) -> None:
        """Hold all requests back for so long from now."""
        self._opens_at = max(self._opens_at, asyncio.get_running_loop().time() + seconds)

    @asynccontextmanager
    async def enter(self) -> AsyncIterator[None]:
        """Wait for a place and for the end of a pause, and hold the place until the end of the block."""
        async with self._places:
            while (left := self._opens_at - asyncio.get_running_loop().time()) > 0:  # noqa: ASYNC110 - it may be put off
                await asyncio.sleep(left)
            yield
