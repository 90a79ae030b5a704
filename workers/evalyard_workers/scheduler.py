"""Starting what comes by itself, at its time: the runs of schedules, and those that monitors make of traces."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import structlog

from evalyard_core.domain.payload import now
from evalyard_core.domain.runs import Run
from evalyard_core.services import Services
from evalyard_core.storage import StoreError

Start: TypeAlias = Callable[[str], Awaitable[Run | None]]

_log = structlog.get_logger(__name__)

_PAUSE_SECONDS: Final = 1.0


class Scheduler:
    """Looks every second or so; any number of them may, since each tick and each cycle is dealt with once."""

    def __init__(self, services: Services) -> None:
        self._ticker = services.ticker
        self._watcher = services.watcher

    async def run(self) -> None:
        """Start what is due for ever."""
        while True:
            try:
                await self.look()
            except StoreError as error:
                _log.warning("what is due could not be started; it is tried again", error=str(error)[:300])
            await asyncio.sleep(_PAUSE_SECONDS * random.uniform(0.75, 1.25))  # noqa: S311 - jitter

    async def look(self) -> None:
        """Deal with every schedule and every monitor that is due."""
        moment = now()
        waiting: list[tuple[str, Start]] = [
            *((schedule.id, self._tick) for schedule in await self._ticker.due(moment=moment)),
            *((monitor.id, self._cycle) for monitor in await self._watcher.due(moment=moment)),
        ]
        # Workers that look at once begin at different ends, and leave out what another one has dealt with.
        for identifier, start in random.sample(waiting, len(waiting)):
            await _deal_with(identifier, start)

    async def _tick(self, identifier: str) -> Run | None:
        return await self._ticker.tick(schedule_id=identifier, moment=now())

    async def _cycle(self, identifier: str) -> Run | None:
        return await self._watcher.cycle(monitor_id=identifier, moment=now())


async def _deal_with(identifier: str, start: Start) -> None:
    try:
        run = await start(identifier)
    except StoreError:
        raise
    except Exception:  # noqa: BLE001 - what has a fault must not stop the others; it stays due
        _log.exception("what was due could not be started", id=identifier)
    else:
        if run is not None:
            _log.info("a run was started by itself", source=run.source, by=identifier, run=run.id)
