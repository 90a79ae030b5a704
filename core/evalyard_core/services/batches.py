"""Ids that come one by one and are dealt with together."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

import structlog

from evalyard_core.storage import StoreError

_log = structlog.get_logger(__name__)

_MOST_AT_ONCE: Final = 200


class Batches:
    """Hands ids over in batches, the first at once and then one a period; an id noted twice is handed over once.

    `deal_with` may be called several times a batch; where it fails, `give_up` is told of the ids and the reason.
    """

    def __init__(
        self,
        deal_with: Callable[[Sequence[str]], Awaitable[None]],
        give_up: Callable[[Sequence[str], Exception], None],
        *,
        period_seconds: float,
    ) -> None:
        self._deal_with = deal_with
        self._give_up = give_up
        self._period_seconds = period_seconds
        self._noted: dict[str, None] = {}
        self._settling: list[asyncio.Event] = []
        self._wake = asyncio.Event()
        #: Grows when a batch is begun: what was noted at turn n is dealt with at turn n + 1 or later.
        self.turn = 0

    def note(self, identifiers: Iterable[str]) -> None:
        """Put ids into the next batch."""
        self._noted.update(dict.fromkeys(identifiers))
        if self._noted:
            self._wake.set()

    async def settle(self) -> None:
        """Return when whatever was noted so far has been dealt with."""
        settled = asyncio.Event()
        self._settling.append(settled)
        self._wake.set()
        await settled.wait()

    async def work(self) -> None:
        """Deal with batches for ever; what the database has no answer for is tried again."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._deal_with_noted()
            await asyncio.sleep(self._period_seconds)

    async def _deal_with_noted(self) -> None:
        batch, self._noted = list(self._noted), {}
        settling, self._settling = self._settling, []
        self.turn += 1
        while batch:
            part = batch[:_MOST_AT_ONCE]
            try:
                await self._deal_with(part)
            except StoreError as error:
                _log.warning("changes could not be read; they are tried again", error=str(error), count=len(batch))
                self.note(batch)
                self._settling += settling
                return
            except Exception as error:  # noqa: BLE001 - an object that can't be read costs those who watch it, nobody else
                _log.exception("changes could not be read")
                self._give_up(part, error)
            batch = batch[_MOST_AT_ONCE:]
        for settled in settling:
            settled.set()
