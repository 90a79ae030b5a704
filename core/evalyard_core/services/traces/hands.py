"""Which traces somebody in this process is writing, so that nobody else in it meanwhile does.

The database sees to it that two writers of one trace never lose each other's work: the later one begins again. Inside
a process it need not come to that.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager


class Hands:
    """The traces that are being written."""

    def __init__(self) -> None:
        self._held: set[str] = set()
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def on(self, traces: Collection[str]) -> AsyncIterator[None]:
        """Wait until nobody writes any of these, and keep others from it."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._held.isdisjoint(traces))
            self._held.update(traces)
        try:
            yield
        finally:
            self._held.difference_update(traces)
            async with self._changed:
                self._changed.notify_all()
