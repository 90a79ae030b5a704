"""Monitors: made, changed, paused and removed; `watching` carries out their cycles."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.datasets import AttachedEvaluator
from evalyard_core.domain.errors import BadInput, NotFound
from evalyard_core.domain.filters import TraceFilter
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.limits import check_count, check_name, check_range, check_tags
from evalyard_core.domain.monitors import (
    LONGEST_INTERVAL_SECONDS,
    LONGEST_QUIET_SECONDS,
    SHORTEST_INTERVAL_SECONDS,
    SHORTEST_QUIET_SECONDS,
    Monitor,
)
from evalyard_core.domain.payload import now
from evalyard_core.storage import Store

from .evaluators import EvaluatorService
from .starting import MOST_EVALUATORS


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMonitor:
    """What a monitor is made with."""

    project_id: str
    name: str
    evaluator_ids: Sequence[str]
    rate: float = 100.0
    wanted: TraceFilter = field(default_factory=TraceFilter)
    interval_seconds: int = 3_600
    quiet_seconds: int = 60
    tags: Sequence[str] = ()
    paused: bool = False


class MonitorService:
    """Makes, changes and removes monitors."""

    def __init__(self, store: Store, evaluators: EvaluatorService, clock: Callable[[], datetime] = now) -> None:
        self._store = store
        self._evaluators = evaluators
        self._clock = clock

    async def create(self, *, actor: Actor, new: NewMonitor) -> Monitor:
        """Make a monitor of the traces that come in from now on; its first cycle comes after one interval."""
        actor.require(new.project_id, Role.EDITOR, field="input.projectId")
        if await self._store.projects.get(new.project_id) is None:
            raise NotFound("There is no such project.", field="input.projectId")
        moment = self._clock()
        monitor = Monitor(
            id=new_id(),
            project_id=new.project_id,
            name=new.name,
            rate=new.rate,
            evaluator_ids=tuple(new.evaluator_ids),
            created_at=moment,
            updated_at=moment,
            since=moment,
            wanted=new.wanted,
            interval_seconds=new.interval_seconds,
            quiet_seconds=new.quiet_seconds,
            tags=tuple(new.tags),
            paused=new.paused,
        )
        monitor = _waiting(await self._checked(monitor), moment)
        await self._store.monitors.add(monitor)
        return monitor

    async def update(self, *, actor: Actor, monitor_id: str, changes: Mapping[str, Any]) -> Monitor:
        """Change a monitor; another interval counts from now on."""
        moment = self._clock()

        async def changed(old: Monitor) -> Monitor:
            new = await self._checked(replace(old, **changes, updated_at=moment))
            return _waiting(new, moment) if new.interval_seconds != old.interval_seconds else new

        return await self._change(actor, monitor_id, changed)

    async def pause(self, *, actor: Actor, monitor_id: str) -> Monitor:
        """Take no more traces; runs that go on do so. Pausing twice is the same as once."""

        async def paused(old: Monitor) -> Monitor:
            return replace(old, paused=True, next_at=None)

        return await self._change(actor, monitor_id, paused)

    async def resume(self, *, actor: Actor, monitor_id: str) -> Monitor:
        """Take the traces that come in from now on; those of the pause are left out."""
        moment = self._clock()

        async def resumed(old: Monitor) -> Monitor:
            return _waiting(replace(old, paused=False, since=moment), moment) if old.paused else old

        return await self._change(actor, monitor_id, resumed)

    async def delete(self, *, actor: Actor, monitor_id: str) -> None:
        """Remove a monitor; its runs stay."""
        monitor = await self.require(actor=actor, monitor_id=monitor_id, role=Role.ADMIN, field="id")
        await self._store.monitors.delete(monitor.id)

    async def get_many(self, *, actor: Actor, ids: Sequence[str]) -> dict[str, Monitor]:
        """Return those of these monitors that the actor sees, by id."""
        return actor.visible(await self._store.monitors.get_many(ids))

    async def require(self, *, actor: Actor, monitor_id: str, role: Role, field: str) -> Monitor:
        """Return a monitor in whose project the actor has `role`, or refuse."""
        monitor = (await self.get_many(actor=actor, ids=[monitor_id])).get(monitor_id)
        if monitor is None:
            raise NotFound("There is no such monitor.", field=field)
        actor.require_role(role)
        return monitor

    async def _change(self, actor: Actor, monitor_id: str, how: Callable[[Monitor], Awaitable[Monitor]]) -> Monitor:
        """Change a monitor; once more where a cycle, or somebody else, has changed it meanwhile."""
        while True:
            old = await self.require(actor=actor, monitor_id=monitor_id, role=Role.EDITOR, field="id")
            new = await how(old)
            stored = old if new == old else await self._store.monitors.change(new)
            if stored is not None:
                return stored

    async def _checked(self, monitor: Monitor) -> Monitor:
        """Return a monitor in order, or refuse it."""
        unique = tuple(dict.fromkeys(monitor.evaluator_ids))
        if not unique:
            raise BadInput("Name an evaluator: a monitor is there to score.", field="input.evaluatorIds")
        check_count(unique, MOST_EVALUATORS, field="input.evaluatorIds")
        check_range(monitor.rate, 0.0, 100.0, field="input.rate")
        check_range(
            monitor.interval_seconds, SHORTEST_INTERVAL_SECONDS, LONGEST_INTERVAL_SECONDS, field="input.intervalSeconds"
        )
        check_range(monitor.quiet_seconds, SHORTEST_QUIET_SECONDS, LONGEST_QUIET_SECONDS, field="input.quietSeconds")
        entries = [AttachedEvaluator(evaluator_id=identifier) for identifier in unique]
        await self._evaluators.snapshots(entries, project_id=monitor.project_id, field="input.evaluatorIds")
        return replace(
            monitor,
            name=check_name(monitor.name, field="input.name"),
            evaluator_ids=unique,
            tags=check_tags(monitor.tags, field="input.tags"),
        )


def _waiting(monitor: Monitor, moment: datetime) -> Monitor:
    """Return a monitor that waits for its first cycle after a moment, unless it is paused."""
    waiting = replace(monitor, next_at=None)
    return waiting if monitor.paused else replace(waiting, next_at=waiting.next_after(moment))
