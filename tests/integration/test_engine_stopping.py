"""A worker that is told to stop, and a run that is: what is in flight is finished, handed back or left, and when."""

import asyncio
import time
from pathlib import Path

import pytest

from evalyard_core.domain.records import RecordStatus, Retrying
from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.services.access import ANYONE
from evalyard_workers.engine import calling
from evalyard_workers.engine import engine as engine_module
from tests.support.room import Room
from tests.support.systems import rested


async def begun(room: Room, function: str, count: int = 12, log: Path | None = None, **case: object) -> Run:
    """Start a run of one lane and plan it."""
    noted = {} if log is None else {"log": str(log)}
    inputs = [{"answer": str(place), **noted, **case} for place in range(count)]
    dataset = await room.dataset(inputs)
    run = await room.start(dataset, await room.system(function), [await room.evaluator()], concurrency=1)
    await room.turn()
    return run


def noted(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


async def until_noted(log: Path, calls: int) -> None:
    async with asyncio.timeout(20):
        while len(noted(log)) < calls:
            await asyncio.sleep(0.005)


async def until_rested(run: Run, calls: int) -> None:
    """Wait until so many calls of a run have failed, to be tried again after an hour."""
    async with asyncio.timeout(20):
        while rested[run.id] < calls:
            await asyncio.sleep(0.005)


async def stop(room: Room, turn: asyncio.Task[None]) -> None:
    """Tell the worker to stop, as SIGTERM does, and replace it by another one."""
    room.engine.begin_to_stop()
    await asyncio.wait_for(turn, 20)
    await room.engine.close()
    room.engine = room.new_engine()


async def attempts(room: Room, run: Run) -> list[tuple[RecordStatus, int]]:
    return [(record.status, record.attempts) for record in await room.records(run)]


async def test_a_worker_that_stops_claims_nothing_finishes_its_calls_and_hands_on_at_once(
    room: Room, tmp_path: Path
) -> None:
    log = tmp_path / "calls"
    run = await begun(room, "logged", log=log, seconds=0.2)
    turn = asyncio.create_task(room.turn())
    await until_noted(log, 2)

    await stop(room, turn)
    stored = [record for record in await room.records(run) if record.status is RecordStatus.COMPLETED]
    calls = noted(log)
    assert len(stored) == len(calls) < 12
    assert room.mailbox.messages == []
    assert [task.run_id for task in await room.store.tasks.overdue()] == [run.id]
    await room.sweeper().sweep()
    ended = await room.finished(run)

    assert (ended.status, ended.progress.passed) == (RunStatus.COMPLETED, 12)
    assert sorted(map(int, noted(log))) == list(range(12))
    assert await attempts(room, run) == [(RecordStatus.COMPLETED, 1)] * 12


async def test_what_outlasts_the_grace_is_handed_back_and_costs_no_attempt(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_GRACE_SECONDS", 0.1)
    log = tmp_path / "calls"
    run = await begun(room, "logged", count=2, log=log, seconds=3600)
    turn = asyncio.create_task(room.turn())
    await until_noted(log, 1)

    before = time.monotonic()
    await stop(room, turn)

    assert time.monotonic() - before < 10
    assert await attempts(room, run) == [(RecordStatus.PENDING, 0)] * 2


async def test_what_would_be_tried_again_is_handed_back_with_the_attempts_that_were_made(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its back-off may be longer than any grace; to store the failure instead would cost the attempts that are left."""
    monkeypatch.setattr(calling, "pause_seconds", lambda *_: 3600.0)
    run = await begun(room, "resting", count=3)
    turn = asyncio.create_task(room.turn())
    await until_rested(run, 1)

    await stop(room, turn)
    assert await attempts(room, run) == [
        (RecordStatus.PENDING, 1),
        (RecordStatus.PENDING, 0),
        (RecordStatus.PENDING, 0),
    ]
    await room.sweeper().sweep()
    ended = await room.finished(run)

    assert (ended.status, ended.progress.passed) == (RunStatus.COMPLETED, 3)
    assert await attempts(room, run) == [(RecordStatus.COMPLETED, 2)] + [(RecordStatus.COMPLETED, 1)] * 2


async def test_attempts_before_a_hand_over_count_towards_the_limit(room: Room) -> None:
    run = await begun(room, "moody", count=1, fails=99)
    [record] = await room.records(run)
    await room.store.records.keep_retrying({record.id: Retrying(attempts=2, last=3)})

    await room.finished(run)
    assert await attempts(room, run) == [(RecordStatus.ERRORED, 3)]
    await room.services.runs.retry_errored(actor=ANYONE, run_id=run.id)
    await room.finished(run)

    assert await attempts(room, run) == [(RecordStatus.ERRORED, 6)]


async def test_a_cancelled_run_leaves_its_calls_within_seconds(room: Room, tmp_path: Path) -> None:
    log = tmp_path / "calls"
    run = await begun(room, "logged", count=3, log=log, seconds=3600)
    turn = asyncio.create_task(room.turn())
    await until_noted(log, 1)

    before = time.monotonic()
    await room.services.runs.cancel(actor=ANYONE, run_id=run.id)
    await asyncio.wait_for(turn, 30)

    assert time.monotonic() - before < 10
    ended = await room.finished(run)
    assert (ended.status, ended.progress.cancelled) == (RunStatus.CANCELLED, 3)
    assert noted(log) == ["0"]
