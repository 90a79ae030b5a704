"""What projects keep for a while only: gone once that is over, with all that belongs to it, and nothing else."""

from datetime import timedelta
from typing import Any

import pytest

from evalyard_core.domain.access import Project
from evalyard_core.domain.errors import BadInput
from evalyard_core.domain.keeping import Retention
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Score
from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.domain.traces.spans import trace_key
from evalyard_core.services import Services
from evalyard_core.services.access import ANYONE
from evalyard_core.storage import Store
from tests.fixtures.core import a_project, a_score
from tests.fixtures.house import House
from tests.fixtures.objects import a_record, a_run
from tests.fixtures.spans import a_received, trace_id
from tests.support.room import Room

LONG_AGO = timedelta(days=31)


async def _project(store: Store, **retention: Any) -> Project:
    project = a_project(retention=Retention(**retention))
    await store.projects.insert(project)
    return project


async def _run(store: Store, project: Project, **changes: Any) -> Run:
    run = a_run(project.id, status=RunStatus.COMPLETED, **changes)
    await store.runs.add(run)
    await store.records.add([a_record(run, 0, scores=(a_score(),))])
    replaced: list[tuple[str, Score]] = [(run.id, a_score())]
    await store.score_history.add(project.id, run.id, replaced)
    return run


async def test_old_traces_go_with_their_spans(room: Room) -> None:
    store = room.store
    services = Services(store, House(store))
    projects = [await _project(store, trace_days=30), await _project(store)]
    for project in projects:
        await services.trace_intake.take_spans(
            project_id=project.id, received=[a_received(n, trace) for trace in range(2) for n in range(3)]
        )
        old = trace_key(project.id, trace_id(0))
        await store.traces._rows.update_one({"_id": old}, {"$set": {"received_at": now() - LONG_AGO}})
    await room.sweeper().sweep()
    there = {row["_id"] async for row in store.traces._rows.find()}
    assert there == {trace_key(p.id, trace_id(n)) for p, n in [(projects[0], 1), (projects[1], 0), (projects[1], 1)]}
    assert {row["trace"] async for row in store.spans._rows.find()} == there


async def test_a_change_of_the_setting_holds_for_what_is_there(room: Room) -> None:
    store = room.store
    services = Services(store, House(store))
    project = await _project(store, trace_days=100)
    await services.trace_intake.take_spans(project_id=project.id, received=[a_received(0)])
    await store.traces._rows.update_many({}, {"$set": {"received_at": now() - LONG_AGO}})
    await room.sweeper().sweep()
    assert await store.traces._rows.count_documents({}) == 1
    await services.projects.update(actor=ANYONE, project_id=project.id, retention={"trace_days": 30})
    await room.sweeper().sweep()
    assert await store.traces._rows.count_documents({}) == 0
    assert await store.spans._rows.count_documents({}) == 0


async def test_old_runs_go_with_all_that_is_theirs_and_those_at_work_stay(room: Room) -> None:
    store = room.store
    project, other = await _project(store, run_days=30), await _project(store, trace_days=1)
    ended_long_ago = await _run(store, project, finished_at=now() - LONG_AGO)
    ended_lately = await _run(store, project, finished_at=now() - LONG_AGO / 2)
    at_work = a_run(project.id, status=RunStatus.RUNNING, created_at=now() - LONG_AGO, started_at=now() - LONG_AGO)
    await store.runs.add(at_work)
    of_other = await _run(store, other, finished_at=now() - LONG_AGO)
    await room.sweeper().sweep()
    assert {row["_id"] async for row in store.runs._rows.find()} == {ended_lately.id, at_work.id, of_other.id}
    for repository in (store.records, store.score_history):
        left = {row["run_id"] async for row in repository._rows.find()}
        assert left == {ended_lately.id, of_other.id}, ended_long_ago


@pytest.mark.parametrize("days", [0, -1, 36_501])
async def test_days_that_no_calendar_has_are_refused(store: Store, days: int) -> None:
    services = Services(store, House(store))
    project = await _project(store, trace_days=3)
    with pytest.raises(BadInput, match="traceDays must be 1 to 36,500") as refusal:
        await services.projects.update(actor=ANYONE, project_id=project.id, retention={"trace_days": days})
    assert refusal.value.field == "retention.traceDays"
    kept = await store.projects.get(project.id)
    assert kept is not None
    assert kept.retention == Retention(trace_days=3)


async def test_what_is_left_out_stays_and_null_is_for_ever(store: Store) -> None:
    services = Services(store, House(store))
    project = await _project(store, trace_days=3, run_days=4)
    changed = await services.projects.update(actor=ANYONE, project_id=project.id, retention={"run_days": None})
    assert changed.retention == Retention(trace_days=3)
