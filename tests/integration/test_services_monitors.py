"""Monitors: made, changed, paused and removed; and each refusal, after which nothing was written."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from evalyard_core.domain.access import Role
from evalyard_core.domain.errors import BadInput, Conflict, Forbidden, LimitExceeded, NotFound, Refusal
from evalyard_core.domain.filters import TraceFilter
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.monitors import Monitor
from evalyard_core.services.access import ANYONE
from evalyard_core.services.monitors import MonitorService, NewMonitor
from tests.fixtures.house import House

BEGIN = datetime.fromisoformat("2026-11-22T10:00:00+00:00")


class Clock:
    """What time it is."""

    def __init__(self) -> None:
        self.moment = BEGIN

    def __call__(self) -> datetime:
        return self.moment

    def go_on(self, **span: float) -> datetime:
        """Let time go by, and return what it then is."""
        self.moment += timedelta(**span)
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def monitors(house: House, clock: Clock) -> MonitorService:
    return MonitorService(house.store, house.services.evaluators, clock)


async def make(monitors: MonitorService, house: House, **given: Any) -> Monitor:
    plain = {"project_id": house.project.id, "name": new_id()}
    if "evaluator_ids" not in given:
        plain["evaluator_ids"] = [(await house.evaluator()).id]
    return await monitors.create(actor=house.key(Role.EDITOR), new=NewMonitor(**{**plain, **given}))


async def test_a_monitor_is_kept_with_its_first_cycle(monitors: MonitorService, house: House):
    evaluators = [(await house.evaluator()).id for _ in range(2)]
    made = await make(
        monitors,
        house,
        name=" Quality ",
        evaluator_ids=[*evaluators, evaluators[0]],
        rate=12.5,
        wanted=TraceFilter(name="answer"),
        interval_seconds=600,
        quiet_seconds=30,
        tags=["a", "a"],
    )
    assert (made.name, made.evaluator_ids, made.rate, made.tags) == ("Quality", tuple(evaluators), 12.5, ("a",))
    assert (made.since, made.next_at, made.looked_until) == (BEGIN, BEGIN + timedelta(seconds=600), None)
    assert await house.store.monitors.get(made.id) == made


async def test_a_monitor_may_begin_paused_and_takes_what_comes_after(
    monitors: MonitorService, house: House, clock: Clock
):
    made = await make(monitors, house, paused=True)
    assert (made.paused, made.next_at) == (True, None)
    later = clock.go_on(hours=5)
    resumed = await monitors.resume(actor=ANYONE, monitor_id=made.id)
    assert (resumed.paused, resumed.since, resumed.next_at) == (False, later, later + timedelta(hours=1))
    clock.go_on(hours=1)
    assert await monitors.resume(actor=ANYONE, monitor_id=made.id) == resumed


async def test_what_is_changed_is_changed_and_nothing_else(monitors: MonitorService, house: House, clock: Clock):
    made = await make(monitors, house)
    later = clock.go_on(minutes=10)
    changed = await monitors.update(actor=ANYONE, monitor_id=made.id, changes={"rate": 5.0, "tags": ("b",)})
    assert changed == replace(made, rate=5.0, tags=("b",), updated_at=later, revision=1)
    often = await monitors.update(actor=ANYONE, monitor_id=made.id, changes={"interval_seconds": 60})
    assert often.next_at == later + timedelta(seconds=60)
    paused = await monitors.pause(actor=ANYONE, monitor_id=made.id)
    assert await monitors.pause(actor=ANYONE, monitor_id=made.id) == paused
    seldom = await monitors.update(actor=ANYONE, monitor_id=made.id, changes={"interval_seconds": 7200})
    assert (seldom.paused, seldom.next_at, seldom.since) == (True, None, BEGIN)


async def test_a_monitor_is_deleted_by_admins_and_goes_with_its_project(monitors: MonitorService, house: House):
    made, other = await make(monitors, house), await make(monitors, house)
    refused = await house.refusal(monitors.delete(actor=house.key(Role.EDITOR), monitor_id=made.id))
    assert type(refused) is Forbidden
    await monitors.delete(actor=house.key(Role.ADMIN), monitor_id=made.id)
    assert await house.store.monitors.get(made.id) is None
    await house.services.projects.delete(actor=ANYONE, project_id=house.project.id)
    assert await house.store.monitors.get(other.id) is None


REFUSED: list[tuple[dict[str, Any], type[Refusal], str]] = [
    ({"name": ""}, BadInput, "input.name"),
    ({"evaluator_ids": ()}, BadInput, "input.evaluatorIds"),
    ({"evaluator_ids": ("e" * 24,)}, NotFound, "input.evaluatorIds[0]"),
    ({"evaluator_ids": tuple(f"{n:024x}" for n in range(51))}, LimitExceeded, "input.evaluatorIds"),
    ({"rate": -0.1}, BadInput, "input.rate"),
    ({"rate": 100.5}, BadInput, "input.rate"),
    ({"rate": float("nan")}, BadInput, "input.rate"),
    ({"interval_seconds": 59}, BadInput, "input.intervalSeconds"),
    ({"interval_seconds": 604_801}, BadInput, "input.intervalSeconds"),
    ({"quiet_seconds": 9}, BadInput, "input.quietSeconds"),
    ({"quiet_seconds": 86_401}, BadInput, "input.quietSeconds"),
    ({"tags": ("",)}, BadInput, "input.tags[0]"),
]


@pytest.mark.parametrize(("given", "kind", "field"), REFUSED, ids=[repr(row[0])[:40] for row in REFUSED])
async def test_what_is_no_monitor_is_refused(
    given: dict[str, Any], kind: type[Refusal], field: str, monitors: MonitorService, house: House
):
    made = await make(monitors, house)
    for asked in (
        make(monitors, house, **{"evaluator_ids": made.evaluator_ids, **given}),
        monitors.update(actor=ANYONE, monitor_id=made.id, changes=given),
    ):
        refused = await house.refusal(asked)
        assert (type(refused), refused.field) == (kind, field)


async def test_a_name_is_taken_once_in_a_project(monitors: MonitorService, house: House):
    one, other = await make(monitors, house, name="One"), await make(monitors, house, name="Two")
    for asked in (
        make(monitors, house, name="One", evaluator_ids=one.evaluator_ids),
        monitors.update(actor=ANYONE, monitor_id=other.id, changes={"name": "One"}),
    ):
        refused = await house.refusal(asked)
        assert (type(refused), refused.field) == (Conflict, "input.name")
