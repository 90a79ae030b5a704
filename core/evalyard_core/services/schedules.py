"""Schedules: made, changed, paused and removed; `ticking` starts their runs."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, Final

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.cron import read_cron
from evalyard_core.domain.errors import NotFound
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.limits import check_name, check_range
from evalyard_core.domain.payload import now
from evalyard_core.domain.schedules import MissedTicks, OverlapPolicy, RunTemplate, Schedule, check_pattern
from evalyard_core.storage import Store

from .templates import Templates

_MOST_UPCOMING: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSchedule:
    """What a schedule is made with."""

    project_id: str
    name: str
    cron: str
    template: RunTemplate
    time_zone: str = "UTC"
    missed_ticks: MissedTicks = MissedTicks.RUN_LATEST
    overlap: OverlapPolicy = OverlapPolicy.ALLOW
    paused: bool = False


class ScheduleService:
    """Makes, changes and removes schedules."""

    def __init__(self, store: Store, templates: Templates, clock: Callable[[], datetime] = now) -> None:
        self._store = store
        self._templates = templates
        self._clock = clock

    async def create(self, *, actor: Actor, new: NewSchedule) -> Schedule:
        """Make a schedule whose run could be started now; its first tick is the next that comes."""
        actor.require(new.project_id, Role.EDITOR, field="input.projectId")
        if await self._store.projects.get(new.project_id) is None:
            raise NotFound("There is no such project.", field="input.projectId")
        moment = self._clock()
        schedule = Schedule(
            id=new_id(),
            project_id=new.project_id,
            name=check_name(new.name, field="input.name"),
            cron=new.cron,
            time_zone=new.time_zone,
            missed_ticks=new.missed_ticks,
            overlap=new.overlap,
            template=new.template,
            created_at=moment,
            updated_at=moment,
            paused=new.paused,
        )
        schedule = await self._with_template(await self._timed(schedule, moment), moment)
        await self._store.schedules.add(schedule)
        return schedule

    async def update(self, *, actor: Actor, schedule_id: str, changes: Mapping[str, Any]) -> Schedule:
        """Change a schedule; with another cron expression or time zone, what was due before is not started any more."""
        moment = self._clock()

        async def changed(old: Schedule) -> Schedule:
            new = replace(old, **changes, updated_at=moment)
            if "name" in changes:
                new = replace(new, name=check_name(new.name, field="input.name"))
            if (new.cron, new.time_zone) != (old.cron, old.time_zone):
                new = await self._timed(new, moment)
            return await self._with_template(new, moment) if "template" in changes else new

        return await self._change(actor, schedule_id, changed)

    async def pause(self, *, actor: Actor, schedule_id: str) -> Schedule:
        """Start no more runs; runs that go on do so. Pausing twice is the same as once."""

        async def paused(old: Schedule) -> Schedule:
            return replace(old, paused=True, next_at=None, tried_since=None)

        return await self._change(actor, schedule_id, paused)

    async def resume(self, *, actor: Actor, schedule_id: str) -> Schedule:
        """Start runs again from the next tick on; those of the pause are not caught up."""
        moment = self._clock()

        async def resumed(old: Schedule) -> Schedule:
            return await self._timed(replace(old, paused=False), moment) if old.next_at is None else old

        return await self._change(actor, schedule_id, resumed)

    async def delete(self, *, actor: Actor, schedule_id: str) -> None:
        """Remove a schedule; its runs stay."""
        schedule = await self.require(actor=actor, schedule_id=schedule_id, role=Role.ADMIN, field="id")
        await self._store.schedules.delete(schedule.id)

    async def get_many(self, *, actor: Actor, ids: Sequence[str]) -> dict[str, Schedule]:
        """Return those of these schedules that the actor sees, by id."""
        return actor.visible(await self._store.schedules.get_many(ids))

    async def require(self, *, actor: Actor, schedule_id: str, role: Role, field: str) -> Schedule:
        """Return a schedule in whose project the actor has `role`, or refuse."""
        schedule = (await self.get_many(actor=actor, ids=[schedule_id])).get(schedule_id)
        if schedule is None:
            raise NotFound("There is no such schedule.", field=field)
        actor.require_role(role)
        return schedule

    async def upcoming(self, *, schedule: Schedule, count: int) -> list[datetime]:
        """Return the next times at which a schedule starts a run, none while it is paused."""
        check_range(count, 1, _MOST_UPCOMING, field="count")
        if schedule.next_at is None:
            return []
        behind = await asyncio.to_thread(list, islice(schedule.when.ticks(schedule.next_at), count - 1))
        return [schedule.next_at, *behind]

    async def _change(self, actor: Actor, schedule_id: str, how: Callable[[Schedule], Awaitable[Schedule]]) -> Schedule:
        """Change a schedule; once more where a tick, or somebody else, has changed it meanwhile."""
        while True:
            old = await self.require(actor=actor, schedule_id=schedule_id, role=Role.EDITOR, field="id")
            new = await how(old)
            stored = old if new == old else await self._store.schedules.change(new)
            if stored is not None:
                return stored

    async def _timed(self, schedule: Schedule, moment: datetime) -> Schedule:
        """Return a schedule that waits for the first tick after a moment, or refuse its expression or time zone.

        In a thread, since to find that an expression never comes takes half a second.
        """
        cron = await asyncio.to_thread(read_cron, schedule.cron, schedule.time_zone, now=moment)
        timed = replace(schedule, cron=cron.expression, tried_since=None)
        return replace(timed, next_at=None if schedule.paused else timed.next_after(moment))

    async def _with_template(self, schedule: Schedule, moment: datetime) -> Schedule:
        """Return a schedule with its template in order, or refuse what could not be started now."""
        name = check_pattern(schedule.template.name, field="input.run.name")
        schedule = replace(schedule, template=replace(schedule.template, name=name))
        run = await self._templates.prepare(schedule, schedule.next_at or moment)
        return replace(schedule, template=replace(schedule.template, notes=run.notes, tags=run.tags))
