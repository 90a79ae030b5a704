"""Starting what comes by itself, at its time: the runs of schedules."""

import asyncio
import random
from typing import Final

import structlog

from evalyard_core.domain.payload import now
from evalyard_core.services import Services
from evalyard_core.storage import StoreError

_log = structlog.get_logger(__name__)

_PAUSE_SECONDS: Final = 1.0


class Scheduler:
    """Looks every second or so; any number of them may, since a tick is dealt with once whoever does it."""

    def __init__(self, services: Services) -> None:
        self._ticker = services.ticker

    async def run(self) -> None:
        """Start what is due for ever."""
        while True:
            try:
                await self.look()
            except StoreError as error:
                _log.warning("what is due could not be started; it is tried again", error=str(error)[:300])
            await asyncio.sleep(_PAUSE_SECONDS * random.uniform(0.75, 1.25))  # noqa: S311 - jitter

    async def look(self) -> None:
        """Deal with every schedule that is due."""
        waiting = await self._ticker.due(moment=now())
        # Workers that look at once begin at different ends, and leave out what another one has dealt with.
        for schedule in random.sample(waiting, len(waiting)):
            await self._deal_with(schedule.id)

    async def _deal_with(self, schedule_id: str) -> None:
        try:
            run = await self._ticker.tick(schedule_id=schedule_id, moment=now())
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - a schedule with a fault must not stop the others; it stays due
            _log.exception("a schedule's tick failed", schedule=schedule_id)
        else:
            if run is not None:
                _log.info("a schedule has started a run", schedule=schedule_id, run=run.id)
