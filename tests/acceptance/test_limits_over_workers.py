"""Limits of runs and systems with real worker processes, as the system under test sees them."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from evalyard_core.domain.rates import RateLimit
from evalyard_core.domain.records import RecordStatus
from evalyard_core.domain.runs import RunStatus
from tests.acceptance.test_killed_workers import Stage, staged
from tests.support.counted_system import counted_system
from tests.support.room import Room

WORKERS = 2


@pytest.fixture
async def stage(
    room: Room, broker_url: str, mongodb_url: str, database_name: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stage]:
    """Return a room whose work is done by two worker processes, which may call this machine."""
    monkeypatch.setenv("EVALYARD_TARGET_ALLOWED_NETWORKS", "127.0.0.0/8")
    async with staged(room, broker_url, mongodb_url, database_name) as stage:
        for _ in range(WORKERS):
            await stage.add_worker()
        async with asyncio.timeout(180):
            # The room's own entry among them is gone when nobody has renewed it for long.
            while sum(worker.id != "here" for worker in await room.store.workers.live()) < WORKERS:
                await asyncio.sleep(0.05)
        yield stage


async def test_limits_hold_over_all_worker_processes(stage: Stage) -> None:
    """One test for all of them: to start the workers takes most of its time."""
    room = stage.room
    async with counted_system(seconds=0.05) as free, counted_system(cost_usd=0.01, seconds=0.02) as costly:
        dataset = await room.dataset([{"answer": str(place)} for place in range(150)])
        crowded = await room.start(dataset, await room.version("http", free.config), concurrency=6)
        bounded = await room.start(dataset, await room.version("http", costly.config), concurrency=8, max_cost_usd=0.5)
        crowded = await stage.run_until(crowded, lambda run: run.is_terminal)
        bounded = await stage.run_until(bounded, lambda run: run.is_terminal)
        stored = [record for record in await room.records(bounded) if record.cost_usd]

    async with counted_system() as limited:
        version = await room.version("http", limited.config, RateLimit(requests_per_minute=1_200))
        paced = [await room.start(dataset, version, sample_size=40) for _ in range(2)]
        paced = [await stage.run_until(run, lambda run: run.is_terminal) for run in paced]

    assert (crowded.status, crowded.progress.completed) == (RunStatus.COMPLETED, 150)
    assert 4 <= free.most_in_flight <= 6
    assert (bounded.status, bounded.status_reason) == (RunStatus.FAILED, "The run reached its cost limit of 0.5 USD.")
    assert 50 <= len(costly.begun) == len(stored) <= 50 + 8
    assert {record.status for record in stored} == {RecordStatus.COMPLETED}
    assert [run.progress.completed for run in paced] == [40, 40]
    # 80 moments 50.8 ms apart: the first may have begun half a second ago, the last be used a second late.
    assert limited.span_seconds >= 79 * 61 / 1_200 - 1.5
