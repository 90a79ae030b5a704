"""Schedules: made, changed, paused and removed; and each refusal, after which nothing was written."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from evalyard_core.domain.access import Role
from evalyard_core.domain.errors import BadInput, Conflict, Forbidden, LimitExceeded, NotFound, Refusal
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.runs import RunSettings
from evalyard_core.domain.schedules import MissedTicks, OverlapPolicy, RunTemplate
from evalyard_core.services.access import ANYONE
from evalyard_core.services.schedules import NewSchedule
from tests.fixtures.house import House
from tests.fixtures.timing import Clock, at


@pytest.fixture
def clock(house: House) -> Clock:
    return Clock(house, at("22T10:20"))


async def test_a_schedule_is_kept_with_its_next_tick_and_its_template_in_order(clock: Clock, house: House):
    template = await clock.template(name=" {date} ", notes="Why.", tags=("a", "a"), metadata={"team": 1})
    made = await clock.schedules.create(
        actor=house.key(Role.EDITOR),
        new=NewSchedule(
            project_id=house.project.id,
            name=" Nightly ",
            cron=" 30  2 * * *",
            time_zone="Europe/Berlin",
            template=template,
            missed_ticks=MissedTicks.SKIP,
            overlap=OverlapPolicy.SKIP,
        ),
    )
    assert (made.name, made.cron, made.next_at) == ("Nightly", "30 2 * * *", at("23T01:30"))
    assert made.template == replace(template, name="{date}", tags=("a",))
    assert (made.created_at, made.paused, made.last_run_id, made.last_error) == (at("22T10:20"), False, None, None)
    assert await clock.read(made) == made
    assert house.hints == []


async def test_a_schedule_may_begin_paused(clock: Clock):
    made = await clock.make(paused=True)
    assert (made.paused, made.next_at) == (True, None)
    assert await clock.schedules.upcoming(schedule=made, count=3) == []
    clock.moment = at("22T12:34")
    resumed = await clock.schedules.resume(actor=ANYONE, schedule_id=made.id)
    assert (resumed.paused, resumed.next_at) == (False, at("22T13:00"))


async def test_what_is_changed_is_changed_and_nothing_else(clock: Clock):
    made = await clock.make()
    clock.moment = at("22T10:30")
    changed = await clock.schedules.update(
        actor=ANYONE, schedule_id=made.id, changes={"name": "Often", "overlap": OverlapPolicy.SKIP}
    )
    assert changed == replace(
        made, name="Often", overlap=OverlapPolicy.SKIP, updated_at=at("22T10:30"), revision=made.revision + 1
    )
    assert await clock.read(made) == changed


async def test_another_time_counts_from_now_on(clock: Clock):
    made = await clock.make()
    clock.moment = at("22T13:20")
    assert (
        await clock.schedules.update(actor=ANYONE, schedule_id=made.id, changes={"name": "n"})
    ).next_at == made.next_at
    for changes, next_at in (
        ({"cron": "30 * * * *"}, "22T13:30"),
        ({"cron": "30 2 * * *"}, "23T02:30"),
        ({"time_zone": "Asia/Kathmandu"}, "22T20:45"),
    ):
        changed = await clock.schedules.update(actor=ANYONE, schedule_id=made.id, changes=changes)
        assert changed.next_at == at(next_at)
    paused = await clock.schedules.pause(actor=ANYONE, schedule_id=made.id)
    later = await clock.schedules.update(actor=ANYONE, schedule_id=paused.id, changes={"cron": "0 5 * * *"})
    assert (later.paused, later.next_at) == (True, None)


async def test_another_template_replaces_the_whole(clock: Clock):
    made = await clock.make(template=await clock.template(notes="Old."))
    template = await clock.template(settings=RunSettings(trials=3))
    changed = await clock.schedules.update(actor=ANYONE, schedule_id=made.id, changes={"template": template})
    assert changed.template == template
    assert changed.next_at == made.next_at


async def test_pausing_and_resuming_twice_is_the_same_as_once(clock: Clock):
    made = await clock.make()
    first, second = [await clock.schedules.pause(actor=ANYONE, schedule_id=made.id) for _ in range(2)]
    assert first == second
    assert (first.paused, first.next_at) == (True, None)
    clock.moment = at("23T08:10")
    first, second = [await clock.schedules.resume(actor=ANYONE, schedule_id=made.id) for _ in range(2)]
    assert first == second
    assert (first.paused, first.next_at) == (False, at("23T09:00"))


async def test_what_two_people_change_at_once_is_both_changed(clock: Clock):
    made = await clock.make()
    changes: list[dict[str, Any]] = [{"name": "Often"}, {"overlap": OverlapPolicy.SKIP}, {"cron": "5 * * * *"}]
    await asyncio.gather(
        *(clock.schedules.update(actor=ANYONE, schedule_id=made.id, changes=change) for change in changes)
    )
    stored = await clock.read(made)
    assert (stored.name, stored.overlap, stored.cron, stored.revision) == ("Often", OverlapPolicy.SKIP, "5 * * * *", 3)
    assert stored.next_at == at("22T11:05")


async def test_the_next_times_are_told(clock: Clock):
    made = await clock.make(cron="30 2 * * *", time_zone="Europe/Berlin")
    assert await clock.schedules.upcoming(schedule=made, count=3) == [at(f"{day}T01:30") for day in (23, 24, 25)]
    for count in (0, 21):
        with pytest.raises(BadInput) as refused:
            await clock.schedules.upcoming(schedule=made, count=count)
        assert refused.value.field == "count"


async def test_a_schedule_that_is_deleted_leaves_its_runs(clock: Clock, house: House):
    made = await clock.make()
    run = await clock.tick(made, at("22T11:00"))
    assert run is not None
    assert isinstance(
        await house.refusal(clock.schedules.delete(actor=house.key(Role.EDITOR), schedule_id=made.id)), Forbidden
    )
    await clock.schedules.delete(actor=house.key(Role.ADMIN), schedule_id=made.id)
    assert await house.store.schedules.get(made.id) is None
    assert await house.store.runs.get(run.id) == run
    assert await clock.tick(made, at("22T12:00")) is None


async def test_schedules_go_with_their_project(clock: Clock, house: House):
    made = await clock.make()
    await house.services.projects.delete(actor=ANYONE, project_id=house.project.id)
    assert await house.store.schedules.get(made.id) is None


REFUSED: list[tuple[dict[str, Any], dict[str, Any], type[Refusal], str]] = [
    ({"name": " "}, {}, BadInput, "input.name"),
    ({"cron": "often"}, {}, BadInput, "input.cron"),
    ({"cron": "0 0 30 2 *"}, {}, BadInput, "input.cron"),
    ({"time_zone": "Berlin"}, {}, BadInput, "input.timeZone"),
    ({}, {"name": "{number}"}, BadInput, "input.run.name"),
    ({}, {"dataset_id": None}, BadInput, "input.run.datasetId"),
    ({}, {"dataset_id": "d" * 24}, NotFound, "input.run.datasetId"),
    ({}, {"dataset_version": 9}, BadInput, "input.run.datasetVersion"),
    ({}, {"system_version_id": None}, BadInput, "input.run.systemVersionId"),
    ({}, {"system_id": "s" * 24}, BadInput, "input.run.systemVersionId"),
    ({}, {"system_version_id": "v" * 24}, NotFound, "input.run.systemVersionId"),
    ({}, {"system_version_id": None, "system_id": "s" * 24}, NotFound, "input.run.systemId"),
    ({}, {"evaluator_ids": ("e" * 24,)}, NotFound, "input.run.evaluatorIds[0]"),
    ({}, {"settings": RunSettings(trials=0)}, BadInput, "input.run.trials"),
    ({}, {"settings": RunSettings(item_tags=("rare",))}, BadInput, "input.run.datasetId"),
    ({}, {"notes": "x" * 20_001}, LimitExceeded, "input.run.notes"),
    ({}, {"tags": ("x" * 201,)}, BadInput, "input.run.tags[0]"),
    ({}, {"metadata": float("nan")}, BadInput, "input.run.metadata"),
]


@pytest.mark.parametrize(
    ("schedule", "template", "kind", "field"), REFUSED, ids=[repr(row[:2])[:60] for row in REFUSED]
)
async def test_a_schedule_that_could_not_start_a_run_is_refused(
    schedule: dict[str, Any], template: dict[str, Any], kind: type[Refusal], field: str, clock: Clock, house: House
):
    made = await clock.make(name="Before")
    refused = await house.refusal(clock.make(template=replace(made.template, **template), **schedule))
    assert (type(refused), refused.field) == (kind, field)
    changes = {**schedule, **({"template": replace(made.template, **template)} if template else {})}
    again = await house.refusal(clock.schedules.update(actor=ANYONE, schedule_id=made.id, changes=changes))
    assert (type(again), again.field, again.message) == (kind, field, refused.message)


async def test_a_system_without_a_production_version_is_refused(clock: Clock, house: House):
    template = await clock.template()
    system = await house.services.systems.create(actor=ANYONE, project_id=house.project.id, name=new_id())
    template = replace(template, system_version_id=None, system_id=system.id)
    refused = await house.refusal(clock.make(template=template))
    assert (type(refused), refused.field) == (Conflict, "input.run.systemId")
    assert refused.message.endswith("has no production version; setProductionVersion says which it is.")


async def test_a_name_is_taken_once_in_a_project(clock: Clock, house: House):
    made, other = await clock.make(name="One"), await clock.make(name="Two")
    for asked in (
        clock.make(name="One", template=made.template),
        clock.schedules.update(actor=ANYONE, schedule_id=other.id, changes={"name": "One"}),
    ):
        refused = await house.refusal(asked)
        assert (type(refused), refused.field) == (Conflict, "input.name")


@pytest.mark.parametrize("role", [Role.VIEWER, None])
async def test_a_schedule_is_changed_by_editors_of_its_project(role: Role | None, clock: Clock, house: House):
    made = await clock.make()
    actor = house.key(role) if role else house.key(Role.ADMIN, new_id())
    kind: type[Refusal] = Forbidden if role else NotFound
    new = NewSchedule(project_id=house.project.id, name="n", cron="0 * * * *", template=RunTemplate())
    schedules = clock.schedules
    for asked in (
        schedules.create(actor=actor, new=new),
        schedules.update(actor=actor, schedule_id=made.id, changes={"name": "n"}),
        schedules.pause(actor=actor, schedule_id=made.id),
        schedules.resume(actor=actor, schedule_id=made.id),
        schedules.delete(actor=actor, schedule_id=made.id),
    ):
        assert type(await house.refusal(asked)) is kind
