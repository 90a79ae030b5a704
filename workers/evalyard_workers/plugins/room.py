"""How many processes of plugins there are at once, over all distributions."""

import asyncio
import time
from typing import Final

from .child import Child

_LOOK_SECONDS: Final = 30.0


class Room:
    """Places for processes: who needs one may have that of the process which idles for longest.

    Whoever wants a process takes one of `turns` first. So there are never more users than places, and behind a place
    that is taken is always a user or an idle process.
    """

    def __init__(self, most: int, idle_seconds: float, *, shares: bool = False) -> None:
        """Have a process end after so many seconds in which nobody used it.

        The evaluators of a distribution have a process each as long as there are places, unless one `shares`.
        """
        self.most = most
        self.turns = asyncio.Semaphore(most)
        self._idle_seconds = idle_seconds
        self._shares = shares
        self._taken = 0
        self._idle: list[Child] = []
        self._is_closed = False

    def reuse(self, generation: object, plugin: str) -> Child | None:
        """Return an idle process of a generation: that which ran the plugin last, or any that it may share."""
        ours = [child for child in self._idle if child.generation is generation]
        fitting = [child for child in ours if child.plugin == plugin]
        may_share = self._shares or self._taken >= self.most
        chosen = next(reversed(fitting or (ours if may_share else [])), None)
        if chosen is not None:
            self._idle.remove(chosen)
        return chosen

    async def take_place(self) -> None:
        """Have a place for one more process, which may cost an idle one its own."""
        if self._taken < self.most:
            self._taken += 1
            return
        leaving = self._idle.pop(0)
        try:
            await leaving.close()
        except BaseException:
            self._taken -= 1
            await asyncio.shield(leaving.kill())
            raise

    def leave_place(self) -> None:
        """Give the place of a process back, which is gone."""
        self._taken -= 1

    def keep(self, child: Child) -> bool:
        """Keep a process for the next one who wants it; False when nobody will."""
        if not self._is_closed:
            child.used_at = time.monotonic()
            self._idle.append(child)
        return not self._is_closed

    async def end(self, generation: object) -> None:
        """End the idle processes of a generation."""
        await self._end([child for child in self._idle if child.generation is generation])

    async def run(self) -> None:
        """End processes that nobody uses any more, for ever."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            await self._retire()

    async def close(self) -> None:
        """End every process; one that is in use ends when it comes back."""
        self._is_closed = True
        await self._end(list(self._idle))

    async def _retire(self) -> None:
        latest = time.monotonic() - self._idle_seconds
        await self._end([child for child in self._idle if child.used_at <= latest])

    async def _end(self, leaving: list[Child]) -> None:
        self._idle = [child for child in self._idle if child not in leaving]
        self._taken -= len(leaving)
        await asyncio.gather(*(child.close() for child in leaving))
