"""Open connections by the key that they were opened with, so that they end when it does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Final

import structlog

from evalyard_core.domain.access import Actor
from evalyard_core.services.access import AccessService
from evalyard_core.storage import StoreError

_log = structlog.get_logger(__name__)

_PERIOD_SECONDS: Final = 3.0

#: Ends a connection whose key is worthless.
End = Callable[[], Coroutine[Any, Any, None]]


class Sessions:
    """Looks after the keys of all connections together: one query every three seconds, however many there are."""

    def __init__(self, access: AccessService) -> None:
        self._access = access
        self._by_key: dict[str, set[End]] = {}
        self._keyless = 0
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def count(self) -> int:
        """How many connections there are."""
        return self._keyless + sum(len(ends) for ends in self._by_key.values())

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """End connections whose key has become worthless for as long as this is open."""
        watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, *self._ending, return_exceptions=True)

    @contextlib.contextmanager
    def entered(self, actor: Actor, end: End) -> Iterator[None]:
        """Call `end` when the actor's key has become worthless, unless the connection was closed by then."""
        if actor.key_id is None:
            self._keyless += 1
            try:
                yield
            finally:
                self._keyless -= 1
            return
        ends = self._by_key.setdefault(actor.key_id, set())
        ends.add(end)
        try:
            yield
        finally:
            ends.discard(end)
            if not ends:
                self._by_key.pop(actor.key_id, None)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_PERIOD_SECONDS)
            try:
                worthless = await self._access.worthless_keys(key_ids=list(self._by_key)) if self._by_key else set()
            except StoreError as error:
                _log.warning("the keys of open connections could not be looked at", error=str(error))
                continue
            for key_id in worthless:
                for end in self._by_key.get(key_id, ()):
                    self._begin(end)

    def _begin(self, end: End) -> None:
        """End a connection without waiting for it: its peer may be slow to take leave."""
        task = asyncio.create_task(end())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
