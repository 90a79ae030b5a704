"""Ticks of schedules: each starts one run, whoever looks and whatever happens meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from evalyard_core.domain.errors import Conflict
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.runs import RunSettings, RunSource, RunStatus
from evalyard_core.domain.schedules import MissedTicks, OverlapPolicy, Schedule, StartError
from evalyard_core.services import Services
from evalyard_core.services.access import ANYONE
from evalyard_core.services.datasets import NewItem
from evalyard_core.settings import Settings
from evalyard_core.storage import Store, StoreUnreachable
from tests.fixtures.house import House
from tests.fixtures.timing import Clock, at


@pytest.fixture
def clock(house: House) -> Clock:
    return Clock(house, at("22T10:20"))


async def test_a_tick_starts_the_run_of_the_template(clock: Clock, house: House):
    evaluator = await house.evaluator()
    template = await clock.template(
        evaluator_ids=(evaluator.id,),
        notes="Why.",
        tags=("nightly",),
        metadata={"team": 1},
        settings=RunSettings(trials=2, concurrency=3),
    )
    made = await clock.make(template=template)
    assert await clock.tick(made, at("22T10:59:59")) is None
    assert await clock.read(made) == made

    run = await clock.tick(made, at("22T11:00:01"))

    assert run is not None
    assert (run.source, run.schedule_id, run.scheduled_for) == (RunSource.SCHEDULE, made.id, at("22T11:00"))
    assert (run.number, run.name, run.status) == (1, "Hourly 2026-11-22 11:00", RunStatus.PENDING)
    assert (run.notes, run.tags, run.metadata, run.settings) == ("Why.", ("nightly",), {"team": 1}, template.settings)
    assert run.dataset is not None
    assert run.system is not None
    assert (run.dataset.id, run.system.version_id) == (template.dataset_id, template.system_version_id)
    assert [entry.evaluator_id for entry in run.evaluators] == [evaluator.id]
    assert await clock.runs(made) == [run]
    assert house.hints == [(f"{run.id}.plan", 1)]
    assert await clock.read(made) == replace(
        made, next_at=at("22T12:00"), last_tick_at=at("22T11:00"), last_run_id=run.id, revision=made.revision + 1
    )
    assert await clock.tick(made, at("22T11:00:02")) is None


async def test_the_dataset_and_the_production_version_are_those_of_the_tick(clock: Clock, house: House):
    template, old = await clock.template(), await house.system_version()
    await house.services.systems.set_production(actor=ANYONE, version_id=old.id)
    made = await clock.make(template=replace(template, system_version_id=None, system_id=old.system_id))
    await clock.tick(made, at("22T11:00"))
    new = await house.services.systems.create_version(
        actor=ANYONE, system_id=old.system_id, name="v2", target="acme/echo"
    )
    await house.services.systems.set_production(actor=ANYONE, version_id=new.id)
    await house.services.datasets.add_items(
        actor=ANYONE, dataset_id=template.dataset_id or "", items=[NewItem(input={"n": 3})]
    )
    await clock.tick(made, at("22T12:00"))
    pins = [
        (run.dataset.version, run.system.version_id) for run in await clock.runs(made) if run.dataset and run.system
    ]
    assert pins == [(1, old.id), (2, new.id)]


@pytest.fixture
async def workers(shared_settings: Settings, house: House) -> AsyncIterator[list[Services]]:
    """Return the services of five workers, each with connections of its own."""
    async with AsyncExitStack() as stack:
        stores = [await Store.open(shared_settings.mongodb_url, shared_settings.database) for _ in range(5)]
        for store in stores:
            stack.push_async_callback(store.close)
        yield [Services(store, house) for store in stores]


async def test_workers_that_race_start_each_tick_once(clock: Clock, house: House, workers: list[Services]):
    template = await clock.template()
    made = [await clock.make(name=f"Hourly {n}", template=template) for n in range(3)]
    for hour in range(11, 13):
        started = await asyncio.gather(
            *(
                worker.ticker.tick(schedule_id=schedule.id, moment=at(f"22T{hour}:00"))
                for worker in workers
                for schedule in made
            )
        )
        assert len([run for run in started if run is not None]) == 3
    for schedule in made:
        runs = await clock.runs(schedule)
        assert [run.scheduled_for for run in runs] == [at(f"22T{hour}:00") for hour in range(11, 13)]
        assert (await clock.read(schedule)).last_run_id == runs[-1].id
    numbers = [run.number for schedule in made for run in await clock.runs(schedule)]
    assert sorted(numbers) == list(range(1, 7))
    assert len(set(house.hints)) == len(house.hints) == 6


async def test_a_worker_that_dies_at_any_step_leaves_the_tick_due(
    clock: Clock, house: House, monkeypatch: pytest.MonkeyPatch
):
    made = await clock.make()

    async def dies(*_: Any, **__: Any) -> None:
        raise StoreUnreachable("connection closed")

    for repository, step in (
        (house.store.schedules, "change"),
        (house.store.projects, "next_run_number"),
        (house.store.runs, "add"),
        (house.store.tasks, "add"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(repository, step, dies)
            with pytest.raises(StoreUnreachable):
                await clock.tick(made, at("22T11:00"))
        assert await clock.read(made) == made
        assert await clock.runs(made) == []
    run = await clock.tick(made, at("22T11:00"))
    assert run is not None
    assert run.number == 1


async def test_a_tick_that_has_its_run_starts_no_other(clock: Clock, house: House):
    made = await clock.make()
    await clock.tick(made, at("22T11:00"))
    stored = await clock.read(made)
    # As if somebody had changed the schedule on a machine whose clock is an hour behind.
    await house.store.schedules.change(replace(stored, next_at=at("22T11:00")))
    assert await clock.tick(made, at("22T11:00:03")) is None
    assert len(await clock.runs(made)) == 1
    assert (await clock.read(made)).next_at == at("22T12:00")
    assert await clock.tick(made, at("22T12:00")) is not None


MISSED = [
    (MissedTicks.RUN_LATEST, ["22T14:00"]),
    (MissedTicks.RUN_ALL, ["22T11:00", "22T12:00", "22T13:00", "22T14:00"]),
    (MissedTicks.SKIP, []),
]


@pytest.mark.parametrize(("missed_ticks", "started"), MISSED)
async def test_missed_ticks_are_dealt_with_as_the_schedule_says(
    missed_ticks: MissedTicks, started: list[str], clock: Clock
):
    made = await clock.make(missed_ticks=missed_ticks)
    for _ in range(6):
        await clock.tick(made, at("22T14:20"))
    runs = await clock.runs(made)
    assert [run.scheduled_for for run in runs] == [at(tick) for tick in started]
    stored = await clock.read(made)
    assert (stored.next_at, stored.last_tick_at) == (at("22T15:00"), at("22T14:00"))
    skipped = StartError(
        at=at("22T14:00"),
        code="SKIPPED",
        message="No worker was there within a minute of the tick, and this schedule skips missed ticks.",
    )
    assert stored.last_error == (skipped if missed_ticks is MissedTicks.SKIP else None)
    assert await clock.tick(made, at("22T15:00:59")) is not None
    assert (await clock.read(made)).last_error is None


async def test_a_paused_schedule_starts_nothing_and_catches_nothing_up(clock: Clock):
    made = await clock.make(missed_ticks=MissedTicks.RUN_ALL)
    clock.moment = at("22T10:30")
    await clock.schedules.pause(actor=ANYONE, schedule_id=made.id)
    assert await clock.tick(made, at("22T13:10")) is None
    await clock.schedules.resume(actor=ANYONE, schedule_id=made.id)
    assert await clock.tick(made, at("22T13:10")) is None
    run = await clock.tick(made, at("22T14:00"))
    assert run is not None
    assert run.scheduled_for == at("22T14:00")


async def end(house: House, run_id: str) -> None:
    await house.services.runs.cancel(actor=ANYONE, run_id=run_id)


async def test_runs_overlap_unless_the_schedule_forbids_it(clock: Clock, house: House):
    template = await clock.template()
    free = await clock.make(name="free", template=template)
    careful = await clock.make(name="careful", template=template, overlap=OverlapPolicy.SKIP)
    for schedule in (free, careful):
        for hour in (11, 12):
            await clock.tick(schedule, at(f"22T{hour}:00"))
    assert len(await clock.runs(free)) == 2
    [first] = await clock.runs(careful)
    stored = await clock.read(careful)
    assert stored.last_error == StartError(
        at=at("22T12:00"),
        code="SKIPPED",
        message=f"Run {first.number} of the tick before still went on, and this schedule lets no two runs overlap.",
    )
    assert (stored.last_run_id, stored.next_at) == (first.id, at("22T13:00"))
    await end(house, first.id)
    assert await clock.tick(careful, at("22T13:00")) is not None
    assert (await clock.read(careful)).last_error is None


async def test_a_refused_tick_is_kept_and_stops_no_later_one(clock: Clock, house: House):
    made = await clock.make()
    await house.services.datasets.delete(actor=ANYONE, dataset_id=made.template.dataset_id or "")
    for hour in (11, 12):
        assert await clock.tick(made, at(f"22T{hour}:00")) is None
        stored = await clock.read(made)
        assert stored.last_error == StartError(
            at=at(f"22T{hour}:00"),
            code="NOT_FOUND",
            message="There is no such dataset.",
            field="input.run.datasetId",
        )
        assert (stored.next_at, stored.last_run_id) == (at(f"22T{hour + 1}:00"), None)
    dataset = await house.dataset(1)
    template = replace(made.template, dataset_id=dataset.id)
    await clock.schedules.update(actor=ANYONE, schedule_id=made.id, changes={"template": template})
    assert await clock.tick(made, at("22T13:00")) is not None
    assert (await clock.read(made)).last_error is None


async def test_what_may_pass_by_itself_is_tried_for_a_minute(clock: Clock, house: House):
    evaluator = await house.evaluator()
    made = await clock.make(template=await clock.template(evaluator_ids=(evaluator.id,)))
    began = at("22T11:00:02")
    await house.store.workers.remove(house.worker.id)
    targets_only = replace(house.worker, id=new_id(), evaluators=())
    await house.store.workers.publish(targets_only)
    for seconds in (0, 1, 59):
        assert await clock.tick(made, began + timedelta(seconds=seconds)) is None
        stored = await clock.read(made)
        assert stored.last_error is not None
        assert (stored.last_error.code, stored.last_error.field) == (Conflict.code, "input.run.evaluatorIds[0]")
        assert (stored.next_at, stored.tried_since, stored.revision) == (at("22T11:00"), began, 1)
    await house.store.workers.publish(house.worker)
    run = await clock.tick(made, began + timedelta(seconds=60))
    assert run is not None
    assert run.scheduled_for == at("22T11:00")
    assert (await clock.read(made)).tried_since is None
    await house.store.workers.remove(house.worker.id)
    for minutes in (60, 61):
        assert await clock.tick(made, began + timedelta(minutes=minutes)) is None
    stored = await clock.read(made)
    assert (stored.next_at, stored.tried_since, stored.last_tick_at) == (at("22T13:00"), None, at("22T12:00"))
    await house.store.workers.remove(targets_only.id)


async def test_a_schedule_whose_time_zone_is_gone_waits_until_it_is_changed(clock: Clock, house: House):
    made = await clock.make()
    gone: Schedule = replace(made, time_zone="Europe/Atlantis")
    await house.store.schedules.change(gone)
    assert await clock.tick(made, at("22T11:00")) is None
    stored = await clock.read(made)
    assert stored.last_error is not None
    assert (stored.next_at, stored.last_error.code, stored.last_error.field) == (
        None,
        "BAD_USER_INPUT",
        "input.timeZone",
    )
    await clock.schedules.update(actor=ANYONE, schedule_id=made.id, changes={"time_zone": "UTC"})
    assert await clock.tick(made, at("22T12:00")) is not None


async def test_schedules_that_are_due_are_found_those_that_wait_longest_first(clock: Clock, house: House):
    template = await clock.template()
    late = await clock.make(name="late", cron="30 * * * *", template=template)
    early = await clock.make(name="early", cron="25 * * * *", template=template)
    await clock.make(name="later", cron="50 * * * *", template=template)
    await clock.make(name="paused", cron="26 * * * *", template=template, paused=True)
    due = await house.services.ticker.due(moment=at("22T10:40"))
    assert [schedule.id for schedule in due if schedule.project_id == house.project.id] == [early.id, late.id]
    assert len(await house.services.ticker.due(moment=at("22T10:40"), most=1)) == 1
