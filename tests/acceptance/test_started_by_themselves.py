"""Real worker processes that start the runs of schedules and monitors, one of them killed meanwhile."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from evalyard_core.domain.evaluators import VariableMapping
from evalyard_core.domain.payload import now
from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.domain.schedules import RunTemplate, Schedule
from evalyard_core.services.access import ANYONE
from evalyard_core.services.monitors import NewMonitor
from evalyard_core.services.schedules import NewSchedule
from tests.acceptance.test_killed_workers import Stage, staged
from tests.fixtures.watched import numbers_of, see
from tests.support.room import Room

SCHEDULES = 6


@pytest.fixture
async def stage(room: Room, broker_url: str, mongodb_url: str, database_name: str) -> AsyncIterator[Stage]:
    async with staged(room, broker_url, mongodb_url, database_name) as stage:
        yield stage


async def yearly(room: Room) -> list[Schedule]:
    """Make schedules of which none is due before the year ends."""
    dataset, system = await room.dataset([{"answer": str(n)} for n in range(4)]), await room.system("echo")
    evaluator = await room.evaluator()
    template = RunTemplate(dataset_id=dataset.id, system_version_id=system.id, evaluator_ids=(evaluator.id,))
    new = [
        NewSchedule(project_id=room.project.id, name=f"New year {n}", cron="0 0 1 1 *", template=template)
        for n in range(SCHEDULES)
    ]
    return [await room.services.schedules.create(actor=ANYONE, new=one) for one in new]


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(60):
        while not await condition():
            await asyncio.sleep(0.02)


async def runs_of(room: Room) -> list[Run]:
    """Return the runs of the project."""
    found = await room.store.runs.get_many(await room.store.runs.newest(room.project.id, 100))
    return list(found.values())


async def test_each_tick_and_each_trace_once_though_a_worker_is_killed(stage: Stage):
    room = stage.room
    schedules = await yearly(room)
    workers = [await stage.add_worker() for _ in range(3)]
    await until(lambda: _are_there(room, len(workers)))
    mapping = [VariableMapping(variable="expected", path="input.answer")]
    new = NewMonitor(
        project_id=room.project.id,
        name="Quality",
        evaluator_ids=[(await room.evaluator(mapping=mapping)).id],
        interval_seconds=604_800,
    )
    monitor = await room.services.monitors.create(actor=ANYONE, new=new)
    moment = now()
    await see(room.store, room.project.id, range(30), moment - timedelta(minutes=10))
    await room.store.monitors.change(replace(monitor, since=moment - timedelta(hours=1), next_at=moment))
    for schedule in schedules:
        await room.store.schedules.change(replace(schedule, next_at=moment))

    await until(lambda: _some(room))
    os.killpg(workers[0].pid, signal.SIGKILL)
    await until(lambda: _all_ended(room, SCHEDULES + 1))

    runs = await runs_of(room)
    assert sorted(run.schedule_id or "" for run in runs) == ["", *sorted(schedule.id for schedule in schedules)]
    assert {run.status for run in runs} == {RunStatus.COMPLETED}
    assert sorted(run.number for run in runs) == list(range(1, SCHEDULES + 2))
    assert [run.progress.passed for run in runs if run.schedule_id] == [4] * SCHEDULES
    [watched] = [run for run in runs if run.monitor_id]
    assert sorted(numbers_of([record.trace_id for record in await room.records(watched)])) == list(range(30))
    assert watched.progress.passed == 30


async def _are_there(room: Room, workers: int) -> bool:
    # The room itself is one too, for as long as it is remembered.
    return await room.store.workers.live_count() >= workers


async def _some(room: Room) -> bool:
    return bool(await runs_of(room))


async def _all_ended(room: Room, count: int) -> bool:
    runs = await runs_of(room)
    return len(runs) == count and all(run.is_terminal for run in runs)
