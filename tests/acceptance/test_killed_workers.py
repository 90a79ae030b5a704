"""Real worker processes, killed in the middle of a run."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.queue import BrokerQueue, connect_broker
from evalyard_core.services import Services
from evalyard_core.storage import Store
from tests.support.room import Room

ITEMS = 160
CONCURRENCY = 8


class Stage:
    """A room whose work is done by worker processes."""

    def __init__(self, room: Room, environment: dict[str, str]) -> None:
        self.room = room
        self._environment = environment
        self.workers: list[asyncio.subprocess.Process] = []

    async def add_worker(self) -> asyncio.subprocess.Process:
        """Start a worker in a session of its own."""
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "dramatiq", "evalyard_workers.main:create_broker", "-p", "1", "-t", "8"),
            env=self._environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        self.workers.append(worker)
        return worker

    async def run_until(self, run: Run, condition: Callable[[Run], bool], seconds: float = 60) -> Run:
        """Wait for a state of a run."""
        async with asyncio.timeout(seconds):
            while True:
                found = await self.room.store.runs.get(run.id)
                assert found is not None
                if condition(found):
                    return found
                await asyncio.sleep(0.02)

    async def close(self) -> None:
        for worker in self.workers:
            if worker.returncode is None:
                os.killpg(worker.pid, signal.SIGKILL)
                await worker.wait()


@asynccontextmanager
async def staged(room: Room, broker_url: str, mongodb_url: str, database_name: str) -> AsyncIterator[Stage]:
    queue = BrokerQueue(connect_broker(broker_url))
    room.services = Services(room.store, queue)
    environment = {
        **os.environ,
        "EVALYARD_MONGODB_URL": mongodb_url,
        "EVALYARD_DATABASE": database_name,
        "EVALYARD_BROKER_URL": broker_url,
        "EVALYARD_PYTHON_TARGETS": "1",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    stage = Stage(room, environment)
    try:
        yield stage
    finally:
        await stage.close()


@pytest.fixture
async def stage(room: Room, broker_url: str, mongodb_url: str, database_name: str) -> AsyncIterator[Stage]:
    async with staged(room, broker_url, mongodb_url, database_name) as stage:
        yield stage


async def start(stage: Stage, log: Path) -> tuple[Run, str]:
    """Start a run of calls that take a while and note each in a log."""
    inputs = [{"answer": f"{place}", "log": str(log), "seconds": 0.1} for place in range(ITEMS)]
    room = stage.room
    evaluator = await room.evaluator()
    dataset, system = await room.dataset(inputs), await room.system("logged")
    return await room.start(dataset, system, [evaluator], concurrency=CONCURRENCY), evaluator.id


async def check_whole(stage: Stage, run: Run, evaluator_id: str) -> None:
    """Each item once, each score once, each figure exact."""
    store: Store = stage.room.store
    records = await stage.room.records(run)
    assert len(records) == len({record.item_id for record in records}) == ITEMS
    assert {tuple(score.evaluator_id for score in record.scores) for record in records} == {(evaluator_id,)}
    assert run.status is RunStatus.COMPLETED
    assert run.summary is not None
    assert (run.summary.passed, run.summary.failed, run.summary.errored) == (ITEMS, 0, 0)
    assert (run.progress.total, run.progress.completed, run.progress.passed) == (ITEMS, ITEMS, ITEMS)
    assert run.tallies[evaluator_id].passed == ITEMS
    assert await store.tasks.unfinished(run.id) == 0


@pytest.mark.parametrize("others", [0, 1], ids=["restarted", "another worker"])
async def test_after_sigkill_the_run_is_finished_within_30_seconds(stage: Stage, tmp_path: Path, others: int) -> None:
    log = tmp_path / "calls"
    first = await stage.add_worker()
    run, evaluator_id = await start(stage, log)
    await stage.run_until(run, lambda now: now.progress.completed >= 24)
    for _ in range(others):
        await stage.add_worker()

    os.killpg(first.pid, signal.SIGKILL)
    await first.wait()
    if not others:
        await stage.add_worker()
    run = await stage.run_until(run, lambda now: now.is_terminal, seconds=30)

    await check_whole(stage, run, evaluator_id)
    calls = log.read_text().splitlines()
    assert ITEMS <= len(calls) <= ITEMS + 2 * CONCURRENCY


async def test_after_sigterm_nothing_is_called_again(stage: Stage, tmp_path: Path) -> None:
    log = tmp_path / "calls"
    first = await stage.add_worker()
    run, evaluator_id = await start(stage, log)
    await stage.run_until(run, lambda now: now.progress.completed >= 24)

    first.terminate()
    assert await asyncio.wait_for(first.wait(), 30) == 0
    handed_back = await stage.room.store.runs.get(run.id)
    assert handed_back is not None
    assert 24 <= handed_back.progress.completed < ITEMS
    await stage.add_worker()
    run = await stage.run_until(run, lambda now: now.is_terminal, seconds=30)

    await check_whole(stage, run, evaluator_id)
    assert sorted(map(json.loads, log.read_text().splitlines())) == list(range(ITEMS))
    assert {record.attempts for record in await stage.room.records(run)} == {1}
