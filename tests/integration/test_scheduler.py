"""The part of a worker that starts what comes by itself."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from evalyard_core.domain.payload import now
from evalyard_core.domain.runs import RunSource, RunStatus
from evalyard_core.domain.schedules import RunTemplate, Schedule
from evalyard_core.services.access import ANYONE
from evalyard_core.services.schedules import NewSchedule
from evalyard_workers.scheduler import Scheduler
from tests.support.room import Room


async def due_schedule(room: Room, name: str) -> Schedule:
    """Make a schedule whose tick came a minute ago, and whose next one is far away."""
    dataset = await room.dataset([{"answer": str(n)} for n in range(3)])
    system = await room.system("echo")
    template = RunTemplate(
        dataset_id=dataset.id, system_version_id=system.id, evaluator_ids=((await room.evaluator()).id,)
    )
    new = NewSchedule(project_id=room.project.id, name=name, cron="0 0 1 1 *", template=template)
    made = await room.services.schedules.create(actor=ANYONE, new=new)
    stored = await room.store.schedules.change(replace(made, next_at=now() - timedelta(minutes=1)))
    assert stored is not None
    return stored


async def test_a_look_starts_what_is_due_and_the_engine_carries_it_out(room: Room):
    schedule = await due_schedule(room, "New year")
    await Scheduler(room.services).look()
    [run] = [await room.store.runs.get(row) for row in await room.store.runs.newest(room.project.id, 5)]
    assert run is not None
    assert (run.source, run.schedule_id) == (RunSource.SCHEDULE, schedule.id)
    ended = await room.finished(run)
    assert (ended.status, ended.progress.passed) == (RunStatus.COMPLETED, 3)


async def test_a_fault_with_one_schedule_does_not_stop_the_others(room: Room, monkeypatch: pytest.MonkeyPatch):
    schedules = [await due_schedule(room, name) for name in ("good", "bad", "better")]
    prepare = room.services.ticker._templates.prepare

    async def fails_for_one(schedule: Schedule, tick: Any) -> Any:
        if schedule.name == "bad":
            raise ZeroDivisionError
        return await prepare(schedule, tick)

    monkeypatch.setattr(room.services.ticker._templates, "prepare", fails_for_one)
    with capture_logs() as logs:
        await Scheduler(room.services).look()
    assert [log["id"] for log in logs if log["log_level"] == "error"] == [schedules[1].id]
    assert len(await room.store.runs.newest(room.project.id, 5)) == 2
    [waiting] = await room.services.ticker.due(moment=now())
    assert waiting.id == schedules[1].id
