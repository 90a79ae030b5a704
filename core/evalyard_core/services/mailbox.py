"""What a subscriber has not taken yet."""

import asyncio
from typing import Final, Generic, TypeVar

from evalyard_core.domain.errors import LimitExceeded

T = TypeVar("T")

#: A subscriber that leaves so many different objects waiting is cut off.
MOST_WAITING: Final = 10_000


class Mailbox(Generic[T]):
    """The newest value of each key: a slow reader misses what lay between, never the last.

    One reader, any number of writers, none of whom ever waits.
    """

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._waiting: dict[str, T] = {}
        self._ready = asyncio.Event()
        self._ended = False
        self._error: Exception | None = None

    def put(self, key: str, value: T) -> None:
        """Leave a value, in the place of an older one of the same key; a full mailbox ends with LimitExceeded."""
        if self._ended:
            return
        if len(self._waiting) >= self._most and key not in self._waiting:
            self._waiting.clear()
            self.end(_too_slow(self._most))
            return
        self._waiting[key] = value
        self._ready.set()

    def end(self, error: Exception | None = None) -> None:
        """Let the reader take what is left and then end, by `error` where one is given; the first end counts."""
        if not self._ended:
            self._ended, self._error = True, error
        self._ready.set()

    async def take(self) -> T | None:
        """Wait for the value that has waited longest and return it; None when there are no more."""
        await self._ready.wait()
        if self._waiting:
            value = self._waiting.pop(next(iter(self._waiting)))
            if not self._waiting and not self._ended:
                self._ready.clear()
            return value
        if self._error is not None:
            raise self._error
        return None


def _too_slow(most: int) -> LimitExceeded:
    return LimitExceeded(
        f"This subscription fell {most:,} changes behind and was ended; read the list, and subscribe again."
    )
