"""Cycles of monitors: each new trace is scored once, whoever looks and whatever happens meanwhile."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from evalyard_core.domain.errors import Refusal
from evalyard_core.domain.evaluators import VariableMapping
from evalyard_core.domain.filters import TraceFilter
from evalyard_core.domain.monitors import Monitor
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Record, RecordStatus, Verdict
from evalyard_core.domain.redaction import REDACTED
from evalyard_core.domain.runs import Run, RunSource, RunStatus
from evalyard_core.domain.tasks import TaskState
from evalyard_core.domain.traces.spans import SpanStatus, trace_key
from evalyard_core.services import Services
from evalyard_core.services.access import ANYONE
from evalyard_core.services.monitors import MonitorService, NewMonitor
from evalyard_core.storage import Store, StoreUnreachable
from evalyard_workers.scheduler import Scheduler
from tests.fixtures.watched import numbers_of, see, trace_id
from tests.support.room import Room

MINUTE = timedelta(minutes=1)
#: When monitors are made here: their times are the test's.
BEGIN = datetime.fromisoformat("2026-11-22T10:00:00+00:00")


async def monitor(room: Room, **given: Any) -> Monitor:
    """Make a monitor at ten o'clock, of everything and every hour unless said otherwise."""
    mapping = [VariableMapping(variable="expected", path="input.answer")]
    service = MonitorService(room.store, room.services.evaluators, lambda: BEGIN)
    plain = {
        "project_id": room.project.id,
        "name": "Quality",
        "evaluator_ids": [(await room.evaluator(mapping=mapping)).id],
    }
    return await service.create(actor=ANYONE, new=NewMonitor(**{**plain, **given}))


async def cycle(room: Room, watched: Monitor, minutes: int) -> Run | None:
    """Let a worker look at a monitor so many minutes after ten."""
    return await room.services.watcher.cycle(monitor_id=watched.id, moment=BEGIN + minutes * MINUTE)


async def traces_of(room: Room, run: Run | None) -> list[int]:
    """Return the numbers of the traces of a run, once it is laid down and scored."""
    assert run is not None
    await room.finished(run)
    return sorted(numbers_of([record.trace_id for record in await room.records(run)]))


async def read(room: Room, watched: Monitor) -> Monitor:
    stored = await room.store.monitors.get(watched.id)
    assert stored is not None
    return stored


async def test_a_cycle_scores_the_traces_that_came_in_and_calls_nothing(room: Room):
    watched = await monitor(room, tags=("live",))
    await see(room.store, room.project.id, range(5), BEGIN + 10 * MINUTE, tags=("a",))
    await see(room.store, room.project.id, [7], BEGIN + 11 * MINUTE, output="wrong")
    assert await cycle(room, watched, 59) is None

    run = await cycle(room, watched, 60)

    assert run is not None
    assert (run.source, run.monitor_id, run.status) == (RunSource.MONITOR, watched.id, RunStatus.PENDING)
    assert (run.name, run.tags, run.system, run.dataset) == ("Quality 2026-11-22 11:00", ("live",), None, None)
    ended = await room.finished(run)
    assert (ended.status, ended.progress.total, ended.progress.completed) == (RunStatus.COMPLETED, 6, 6)
    assert (ended.progress.passed, ended.progress.failed, ended.progress.errored) == (5, 1, 0)
    assert ended.summary is not None
    assert ended.summary.total_cost_usd == 6 * 0.25
    records = {record.trace_id: record for record in await room.records(run)}
    assert {record.status for record in records.values()} == {RecordStatus.COMPLETED}
    assert (records[trace_id(3)].input, records[trace_id(3)].output) == ({"answer": "3"}, "3")
    assert (records[trace_id(3)].verdict, records[trace_id(7)].verdict) == (Verdict.PASSED, Verdict.FAILED)
    stored = await read(room, watched)
    assert (stored.last_run_id, stored.next_at) == (run.id, BEGIN + 120 * MINUTE)
    assert stored.looked_until == BEGIN + 59 * MINUTE


async def test_what_is_not_quiet_is_taken_by_the_next_cycle_and_nothing_twice(room: Room):
    watched = await monitor(room, quiet_seconds=300)
    await see(room.store, room.project.id, [1, 2], BEGIN + 20 * MINUTE)
    await see(room.store, room.project.id, [3], BEGIN + 56 * MINUTE)
    assert await traces_of(room, await cycle(room, watched, 60)) == [1, 2]
    # A late span of one that was taken, and one that was dated before it was stored.
    await see(room.store, room.project.id, [2], BEGIN + 70 * MINUTE)
    await see(room.store, room.project.id, [4], BEGIN + 52 * MINUTE)
    assert await traces_of(room, await cycle(room, watched, 120)) == [3, 4]
    assert await cycle(room, watched, 180) is None
    assert (await read(room, watched)).next_at == BEGIN + 240 * MINUTE


async def test_only_what_came_in_since_it_was_made_or_resumed(room: Room):
    watched = await monitor(room)
    await see(room.store, room.project.id, [1], BEGIN - MINUTE)
    await see(room.store, room.project.id, [2], BEGIN + MINUTE)
    clocks = [BEGIN + 30 * MINUTE, BEGIN + 90 * MINUTE]
    service = MonitorService(room.store, room.services.evaluators, lambda: clocks.pop(0))
    await room.services.monitors.pause(actor=ANYONE, monitor_id=watched.id)
    await see(room.store, room.project.id, [3], BEGIN + 20 * MINUTE)
    assert await cycle(room, watched, 60) is None
    resumed = await service.resume(actor=ANYONE, monitor_id=watched.id)
    assert (resumed.since, resumed.next_at) == (BEGIN + 30 * MINUTE, BEGIN + 90 * MINUTE)
    await see(room.store, room.project.id, [4], BEGIN + 40 * MINUTE)
    assert await traces_of(room, await cycle(room, watched, 90)) == [4]


async def test_a_filter_and_a_rate_choose(room: Room):
    await see(room.store, room.project.id, range(40), BEGIN + MINUTE)
    await see(room.store, room.project.id, range(40, 44), BEGIN + MINUTE, name="summary", session="s")
    half = await monitor(room, name="half", rate=50.0)
    summaries = await monitor(room, name="summaries", wanted=TraceFilter(name="summary"))
    sessions = await monitor(room, name="sessions", wanted=TraceFilter(session="s", search="summ"))
    nothing = await monitor(room, name="nothing", rate=0.0)
    sampled = [number for number in range(44) if half.samples(trace_id(number))]
    assert 5 < len(sampled) < 35
    assert await traces_of(room, await cycle(room, half, 60)) == sampled
    for watched in (summaries, sessions):
        assert await traces_of(room, await cycle(room, watched, 60)) == [40, 41, 42, 43]
    assert await cycle(room, nothing, 60) is None


async def test_workers_that_race_take_each_trace_once(room: Room, mongodb_url: str, database_name: str):
    watched = await monitor(room)
    stores = [await Store.open(mongodb_url, database_name) for _ in range(4)]
    workers = [Services(store, room.mailbox) for store in stores]
    taken: list[int] = []
    for hour in (1, 2):
        await see(room.store, room.project.id, range(50 * hour, 50 * hour + 30), BEGIN + (60 * hour - 5) * MINUTE)
        moment = BEGIN + 60 * hour * MINUTE
        started = await asyncio.gather(
            *(worker.watcher.cycle(monitor_id=watched.id, moment=moment) for worker in workers)
        )
        [run] = [run for run in started if run is not None]
        taken += await traces_of(room, run)
    assert taken == [*range(50, 80), *range(100, 130)]
    assert await room.store.runs._rows.count_documents({"monitor_id": watched.id}) == 2
    for store in stores:
        await store.close()


async def test_a_worker_that_dies_at_any_step_leaves_the_cycle_due(room: Room, monkeypatch: pytest.MonkeyPatch):
    watched = await monitor(room)
    await see(room.store, room.project.id, range(3), BEGIN + MINUTE)

    async def dies(*_: Any, **__: Any) -> None:
        raise StoreUnreachable("connection closed")

    for repository, step in (
        (room.store.sightings, "known"),
        (room.store.monitors, "change"),
        (room.store.sightings, "add"),
        (room.store.runs, "add"),
        (room.store.tasks, "add"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(repository, step, dies)
            with pytest.raises(StoreUnreachable):
                await cycle(room, watched, 60)
        assert await read(room, watched) == watched
        assert await room.store.sightings._rows.count_documents({}) == 0
        assert await room.store.runs.newest(room.project.id, 5) == []
    assert await traces_of(room, await cycle(room, watched, 60)) == [0, 1, 2]


async def test_a_run_that_is_laid_down_twice_is_the_same(room: Room):
    watched = await monitor(room)
    await see(room.store, room.project.id, range(45), BEGIN + MINUTE)
    run = await cycle(room, watched, 60)
    assert run is not None
    [plan] = room.mailbox.messages
    await room.turn()
    before = {record.id: record for record in await room.records(run)}
    waiting = await room.store.runs.get(run.id)
    assert waiting is not None
    assert (waiting.status, waiting.progress.total, waiting.progress.running) == (RunStatus.SCORING, 45, 45)
    # As if the worker had died before it gave the task back.
    await room.store.tasks._rows.update_one(
        {"_id": plan[0]}, {"$set": {"state": TaskState.READY, "owner": None, "ticket": 9}}
    )
    await room.turn((plan[0], 9))
    assert {record.id: record for record in await room.records(run)} == before
    ended = await room.finished(run)
    assert (ended.progress.total, ended.progress.completed, ended.progress.passed) == (45, 45, 45)
    assert ended.status is RunStatus.COMPLETED


async def test_what_failed_or_was_deleted_is_said_of_its_record(room: Room):
    watched = await monitor(room)
    await see(room.store, room.project.id, [1, 2], BEGIN + MINUTE)
    await see(room.store, room.project.id, [3], BEGIN + MINUTE, status=SpanStatus.ERROR, output=None)
    run = await cycle(room, watched, 60)
    assert run is not None
    await room.store.traces.hide([trace_key(room.project.id, trace_id(2))])
    ended = await room.finished(run)
    assert (ended.status, ended.progress.passed, ended.progress.errored) == (RunStatus.COMPLETED, 1, 2)
    codes = [record.error.code if record.error else None for record in await _by_trace(room, run)]
    assert codes == [None, "TRACE_DELETED", "TRACE_FAILED"]


async def _by_trace(room: Room, run: Run) -> Sequence[Record]:
    return sorted(await room.records(run), key=lambda record: record.trace_id or "")


async def test_what_the_project_redacts_now_is_in_no_record(room: Room):
    watched = await monitor(room)
    await see(room.store, room.project.id, [1], BEGIN + MINUTE, output="call 555-12-3456")
    rules = {"names": ["answer"], "patterns": [r"\d{3}-\d{2}-\d{4}"]}
    await room.services.projects.update(actor=ANYONE, project_id=room.project.id, redaction=rules)
    run = await cycle(room, watched, 60)
    assert run is not None
    await room.finished(run)
    [record] = await room.records(run)
    assert (record.input, record.output) == ({"answer": REDACTED}, f"call {REDACTED}")


async def test_a_cycle_with_more_than_a_run_may_have_goes_on_at_once(room: Room, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("evalyard_core.services.watching.MOST_TRACES", 4)
    watched = await monitor(room)
    for number in range(10):
        await see(room.store, room.project.id, [number], BEGIN + number // 3 * MINUTE + MINUTE)
    taken = [await traces_of(room, await cycle(room, watched, 60)) for _ in range(3)]
    assert [len(numbers) for numbers in taken] == [4, 4, 2]
    assert sorted(number for numbers in taken for number in numbers) == list(range(10))
    assert await cycle(room, watched, 60) is None
    assert (await read(room, watched)).next_at == BEGIN + 120 * MINUTE


async def test_a_refused_cycle_is_kept_and_loses_nothing(room: Room):
    watched = await monitor(room)
    await see(room.store, room.project.id, [1], BEGIN + MINUTE)
    [evaluator_id] = watched.evaluator_ids
    await room.services.evaluators.delete(actor=ANYONE, evaluator_id=evaluator_id)
    assert await cycle(room, watched, 60) is None
    stored = await read(room, watched)
    assert stored.last_error is not None
    assert (stored.last_error.code, stored.last_error.field) == ("NOT_FOUND", "input.evaluatorIds[0]")
    assert (stored.looked_until, stored.next_at) == (None, BEGIN + 120 * MINUTE)
    other = await room.evaluator(mapping=[VariableMapping(variable="expected", path="input.answer")])
    await room.services.monitors.update(actor=ANYONE, monitor_id=watched.id, changes={"evaluator_ids": (other.id,)})
    assert await traces_of(room, await cycle(room, watched, 120)) == [1]
    assert (await read(room, watched)).last_error is None


async def test_a_monitors_run_is_scored_again_and_takes_nothing_in(room: Room):
    watched = await monitor(room)
    await see(room.store, room.project.id, [1, 2], BEGIN + MINUTE)
    run = await cycle(room, watched, 60)
    assert run is not None
    await room.finished(run)
    await room.services.runs.rescore(actor=ANYONE, run_id=run.id)
    ended = await room.finished(run)
    assert (ended.status, ended.progress.passed) == (RunStatus.COMPLETED, 2)
    for asked in (
        room.services.runs.retry_errored(actor=ANYONE, run_id=run.id),
        room.services.runs.finish(actor=ANYONE, run_id=run.id),
        room.services.runs.rerun(actor=ANYONE, run_id=run.id, changes={}),
        room.services.submissions.submit(actor=ANYONE, run_id=run.id, submitted=[]),
    ):
        with pytest.raises(Refusal) as refused:
            await asked
        assert (refused.value.code, refused.value.field) == ("CONFLICT", "runId")


async def test_a_look_carries_out_what_is_due(room: Room):
    made = await monitor(room)
    await room.store.monitors.change(replace(made, since=now() - 20 * MINUTE, next_at=now() - MINUTE))
    await see(room.store, room.project.id, [1], now() - 10 * MINUTE)
    await Scheduler(room.services).look()
    [run_id] = await room.store.runs.newest(room.project.id, 5)
    assert (await read(room, made)).last_run_id == run_id
