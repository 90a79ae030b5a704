"""Starting the runs of schedules that are due.

Any number of workers may look at once: what a schedule waits for next changes in the same transaction that stores the
run, so that a tick is dealt with once, and a worker that dies leaves it either dealt with or due.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from evalyard_core.domain.errors import Conflict, Refusal
from evalyard_core.domain.runs import TERMINAL, Run
from evalyard_core.domain.schedules import Due, OverlapPolicy, Schedule, StartError, due
from evalyard_core.storage import Store
from evalyard_core.storage.collection import Session
from evalyard_core.storage.runs import RepeatedKey

from .starting import Starter
from .templates import Templates

_log = structlog.get_logger(__name__)

_SKIPPED: Final = "SKIPPED"
#: How long a tick is tried that is refused for what may pass by itself: no worker has the plugin yet, say.
_PATIENCE: Final = timedelta(minutes=1)


class Ticker:
    """Starts runs of schedules."""

    def __init__(self, store: Store, starter: Starter, templates: Templates) -> None:
        self._store = store
        self._starter = starter
        self._templates = templates

    async def due(self, *, moment: datetime, most: int = 100) -> list[Schedule]:
        """Return schedules with a tick to deal with."""
        return await self._store.schedules.due(moment, most)

    async def tick(self, *, schedule_id: str, moment: datetime) -> Run | None:
        """Deal with a schedule's tick, if one is due; return the run that this call has started.

        A refusal is kept as the schedule's last error and stops no later tick.
        """
        schedule = await self._store.schedules.get(schedule_id)
        if schedule is None:
            return None
        try:
            wanted = due(schedule, moment)
        except Refusal as refusal:
            await self._stop(schedule, moment, refusal)
            return None
        if wanted is None:
            return None
        reason = wanted.left_out or await self._still_at_work(schedule)
        if reason is not None:
            await self._pass_over(schedule, wanted, StartError(at=wanted.tick, code=_SKIPPED, message=reason))
            return None
        return await self._start(schedule, wanted, moment)

    async def _start(self, schedule: Schedule, wanted: Due, moment: datetime) -> Run | None:
        async def claim(session: Session) -> bool:
            ticked = replace(_after(schedule, wanted), last_run_id=run.id, last_error=None)
            return await self._store.schedules.change(ticked, session=session) is not None

        try:
            run = await self._templates.prepare(schedule, wanted.tick)
            return await self._starter.begin_if(run, claim)
        except Refusal as refusal:
            await self._refused(schedule, wanted, moment, refusal)
        except RepeatedKey:
            # Its time was changed on a machine whose clock is behind, so that the tick came once more.
            await self._store.schedules.change(_after(schedule, wanted))
        return None

    async def _refused(self, schedule: Schedule, wanted: Due, moment: datetime, refusal: Refusal) -> None:
        """Keep why a tick was refused; a conflict may pass by itself, and is tried again for a minute."""
        _log.info("a schedule's tick was refused", schedule=schedule.id, code=refusal.code, reason=refusal.message)
        error = _error(wanted.tick, refusal)
        since = schedule.tried_since or moment
        if not isinstance(refusal, Conflict) or moment - since >= _PATIENCE:
            await self._pass_over(schedule, wanted, error)
        elif (schedule.tried_since, schedule.last_error) != (since, error):
            await self._store.schedules.change(replace(schedule, tried_since=since, last_error=error))

    async def _pass_over(self, schedule: Schedule, wanted: Due, error: StartError) -> None:
        await self._store.schedules.change(replace(_after(schedule, wanted), last_error=error))

    async def _stop(self, schedule: Schedule, moment: datetime, refusal: Refusal) -> None:
        """Wait for no tick any more, since none can be told: until the schedule is changed."""
        _log.warning("a schedule's times can't be told", schedule=schedule.id, reason=refusal.message)
        await self._store.schedules.change(replace(schedule, next_at=None, last_error=_error(moment, refusal)))

    async def _still_at_work(self, schedule: Schedule) -> str | None:
        """Return why the overlap policy leaves a tick out, None where it does not."""
        if schedule.overlap is OverlapPolicy.ALLOW or schedule.last_run_id is None:
            return None
        run = await self._store.runs.get(schedule.last_run_id)
        if run is None or run.status in TERMINAL:
            return None
        return f"Run {run.number} of the tick before still went on, and this schedule lets no two runs overlap."


def _after(schedule: Schedule, wanted: Due) -> Schedule:
    """Return a schedule that has dealt with its tick."""
    return replace(schedule, next_at=wanted.next_at, last_tick_at=wanted.tick, tried_since=None)


def _error(tick: datetime, refusal: Refusal) -> StartError:
    return StartError(at=tick, code=refusal.code, message=refusal.message, field=refusal.field)
