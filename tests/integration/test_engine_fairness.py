"""Runs take turns: counted in turns of a worker with one thread, whose messages come in the order they were sent."""

import asyncio
from collections import Counter

import pytest

from evalyard_core.domain.datasets import Dataset
from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.domain.systems import SystemVersion
from evalyard_workers.engine import Engine
from evalyard_workers.engine import engine as engine_module
from tests.support.room import Room

LANES = 4


@pytest.fixture
async def turns(room: Room, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Have turns of a twentieth of a second in the room, and return how many each run has had."""
    monkeypatch.setattr(engine_module, "_TURN_SECONDS", 0.05)
    await room.engine.close()
    room.engine = Engine(
        room.services, room.mailbox, room.host, threads=1, evaluator_timeout_seconds=2, trace_quiet_seconds=0.2
    )
    return Counter()


async def prepared(room: Room, count: int) -> tuple[Dataset, SystemVersion]:
    return await room.dataset([{"answer": str(place)} for place in range(count)]), await room.system("priced")


async def turn(room: Room, turns: Counter[str]) -> None:
    """Deliver the next message, and count it for its run."""
    message = room.mailbox.messages[0]
    turns[message[0].partition(".")[0]] += 1
    await room.turn()


async def now(room: Room, run: Run) -> Run:
    found = await room.store.runs.get(run.id)
    assert found is not None
    return found


async def test_a_short_run_waits_for_two_turns_of_each_lane_of_a_huge_one(room: Room, turns: Counter[str]) -> None:
    huge = await room.start(*await prepared(room, 1_000), concurrency=LANES)
    for _ in range(1 + LANES):
        await turn(room, turns)
    turns.clear()

    short = await room.start(*await prepared(room, 20), concurrency=LANES)
    while not (await now(room, short)).is_terminal:
        await turn(room, turns)

    # One round until it is planned, and one until its other lanes have had their turn.
    assert turns[huge.id] <= 2 * LANES
    assert turns[short.id] <= 1 + LANES
    going_on = await now(room, huge)
    assert (going_on.status, going_on.progress.completed < 500) == (RunStatus.RUNNING, True)


async def test_ten_runs_have_equal_shares(room: Room, turns: Counter[str]) -> None:
    dataset, system = await prepared(room, 200)
    runs = [await room.start(dataset, system, concurrency=2) for _ in range(10)]
    for _ in range(10):
        await turn(room, turns)
        await turn(room, turns)
    turns.clear()

    for _ in range(10 * 2 * 3):
        await turn(room, turns)

    assert {run.id: turns[run.id] for run in runs} == dict.fromkeys((run.id for run in runs), 2 * 3)
    assert {(await now(room, run)).status for run in runs} == {RunStatus.RUNNING}


async def test_a_run_that_nobody_waits_behind_keeps_its_turn(room: Room, turns: Counter[str]) -> None:
    """To give a task back and to claim it costs round trips, which a worker with free threads saves."""
    room.engine = Engine(
        room.services, room.mailbox, room.host, threads=8, evaluator_timeout_seconds=2, trace_quiet_seconds=0.2
    )
    run = await room.start(*await prepared(room, 200), concurrency=LANES)
    await turn(room, turns)
    for _ in range(LANES):
        await turn(room, turns)

    assert (await now(room, run)).status is RunStatus.COMPLETED
    assert turns == {run.id: 1 + LANES}
    assert not room.mailbox.messages
    assert await asyncio.wait_for(room.store.tasks.unfinished(run.id), 10) == 0
