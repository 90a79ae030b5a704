"""What a worker that was stopped for longer than its lease still has in hand: it arrives late and changes nothing."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from evalyard_core.domain.records import RecordStatus
from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.services import Services
from evalyard_core.services.access import ANYONE
from evalyard_core.storage import Store
from evalyard_workers.engine import Engine
from tests.support.faults.tap import Hold, Tap
from tests.support.room import Room

PLANNED = ("findAndModify", "progress.total")
COUNTED = ("findAndModify", "progress.completed")
CONCLUDED = ("findAndModify", "distributions")


class Elsewhere:
    """Another worker process, whose messages to the database can be held."""

    def __init__(self, room: Room, tap: Tap, engine: Engine) -> None:
        self.tap = tap
        self._room = room
        self._engine = engine

    @asynccontextmanager
    async def stopped_at(self, run: Run, words: Sequence[str]) -> AsyncIterator[Hold]:
        """Take turns there until a message with these words is on its way; it arrives when the hold is released."""
        hold = self.tap.hold(*words)
        working = asyncio.create_task(self._work(hold))
        async with asyncio.timeout(20):
            await hold.reached.wait()
        self._room.mailbox.messages.clear()
        await self._room.expire(run)
        await self._room.sweeper().sweep()
        yield hold
        hold.released.set()
        await asyncio.wait_for(working, 20)

    async def _work(self, hold: Hold) -> None:
        while self._room.mailbox.messages and not hold.reached.is_set():
            following = await self._engine.work(*self._room.mailbox.messages.pop(0))
            if following is not None:
                self._room.mailbox.messages.insert(0, (following.id, following.ticket))


@pytest.fixture
async def elsewhere(room: Room, mongodb_url: str, database_name: str) -> AsyncIterator[Elsewhere]:
    async with Tap(urlsplit(mongodb_url).port or 0).listening() as tap:
        store = await Store.open(f"mongodb://127.0.0.1:{tap.port}/?directConnection=true", database_name)
        services = Services(store, room.mailbox)
        engine = Engine(
            services, room.mailbox, room.host, threads=8, evaluator_timeout_seconds=2, trace_quiet_seconds=0.2
        )
        yield Elsewhere(room, tap, engine)
        await engine.close()
        await store.close()


async def started(room: Room, count: int = 12, **settings: int) -> Run:
    inputs = [{"answer": str(place)} for place in range(count)]
    return await room.start(
        await room.dataset(inputs), await room.system("priced"), [await room.evaluator()], **settings
    )


async def check_exact(room: Room, run: Run, count: int = 12) -> None:
    found = await room.store.runs.get(run.id)
    assert found is not None
    assert found.summary is not None
    assert [record.status for record in await room.records(run)] == [RecordStatus.COMPLETED] * count
    assert (found.status, found.summary.passed, found.summary.errored) == (RunStatus.COMPLETED, count, 0)
    progress = found.progress
    assert (progress.total, progress.completed, progress.passed, progress.running) == (count, count, count, 0)
    assert progress.cost_usd == pytest.approx(found.summary.total_cost_usd) == pytest.approx(count / 100)
    assert [tally.passed for tally in found.tallies.values()] == [count]


async def test_a_plan_that_is_done_late_cancels_nothing(room: Room, elsewhere: Elsewhere) -> None:
    run = await started(room)
    async with elsewhere.stopped_at(run, PLANNED):
        await room.turn()
        assert len(room.mailbox.messages) == 4
    await room.deliver()
    await check_exact(room, run)


async def test_counters_that_come_after_the_end_are_not_added(room: Room, elsewhere: Elsewhere) -> None:
    run = await started(room)
    async with elsewhere.stopped_at(run, COUNTED):
        await room.deliver()
        await check_exact(room, run)
    await check_exact(room, run)


async def test_figures_that_come_after_the_end_are_the_same(room: Room, elsewhere: Elsewhere) -> None:
    run = await started(room)
    async with elsewhere.stopped_at(run, CONCLUDED):
        await room.sweeper().sweep()
        await check_exact(room, run)
    await check_exact(room, run)


async def test_figures_of_before_do_not_end_a_run_that_is_scored_again(room: Room, elsewhere: Elsewhere) -> None:
    run = await started(room)
    async with elsewhere.stopped_at(run, CONCLUDED):
        await room.sweeper().sweep()
        await room.services.runs.rescore(actor=ANYONE, run_id=run.id)
        messages, room.mailbox.messages = room.mailbox.messages, []
    again = await room.store.runs.get(run.id)
    assert again is not None
    assert again.status is RunStatus.SCORING
    room.mailbox.messages += messages
    await room.deliver()
    await check_exact(room, run)
