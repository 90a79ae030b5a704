"""How often systems are called: as their limits say, and less often after they have refused."""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from starlette.responses import Response

from evalyard_core.domain.payload import now
from evalyard_core.domain.rates import RateLimit, Refused
from evalyard_core.domain.records import RecordStatus
from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.domain.tasks import TaskState
from evalyard_core.services.access import ANYONE
from tests.fixtures.commands import Commands
from tests.support.counted_system import CountedSystem, counted_system
from tests.support.room import Room


@pytest.fixture(autouse=True)
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVALYARD_TARGET_ALLOWED_NETWORKS", "127.0.0.0/8")


def answers(count: int) -> list[dict[str, Any]]:
    return [{"answer": str(place)} for place in range(count)]


def too_many(seconds: float | None = None) -> Response:
    return Response(status_code=429, headers={} if seconds is None else {"Retry-After": f"{seconds:g}"})


async def statuses(room: Room, run: Run) -> dict[RecordStatus, int]:
    found = [record.status for record in await room.records(run)]
    return {status: found.count(status) for status in set(found)}


def asked_of(sent: Sequence[dict[str, Any]], collection: str) -> list[str]:
    return [next(iter(command)) for command in sent if next(iter(command.values())) == collection]


async def test_a_rate_limit_holds_over_runs_and_workers(room: Room) -> None:
    async with counted_system() as system:
        version = await room.version("http", system.config, RateLimit(requests_per_minute=1_500))
        runs = [await room.start(await room.dataset(answers(40)), version) for _ in range(2)]
        other = room.new_engine()

        await room.deliver_to(room.engine, other)

        assert [await statuses(room, run) for run in runs] == [{RecordStatus.COMPLETED: 40}] * 2
        # 80 moments 40.7 ms apart: the first may have begun half a second ago, the last be used a second late.
        assert len(system.begun) == 80
        assert system.span_seconds >= 79 * 61 / 1_500 - 1.5


async def test_tokens_a_minute_count_as_the_target_reports_them(room: Room) -> None:
    async with counted_system(tokens=500) as system:
        version = await room.version("http", system.config, RateLimit(tokens_per_minute=300_000))
        run = await room.start(await room.dataset(answers(30)), version, concurrency=2)

        await room.deliver_to(room.engine)

        assert await statuses(room, run) == {RecordStatus.COMPLETED: 30}
        # 15,000 tokens take 3 s of the limit, but for what two calls had begun that nobody knew anything of.
        assert system.span_seconds >= 28 * 500 * 61 / 300_000 - 1.5


async def test_a_limit_that_changes_holds_for_runs_that_are_at_work(room: Room) -> None:
    async with counted_system() as system:
        version = await room.version("http", system.config, RateLimit(requests_per_minute=6))
        run = await room.start(await room.dataset(answers(50)), version)
        working = asyncio.create_task(room.deliver_to(room.engine))
        async with asyncio.timeout(20):
            while not system.begun:
                await asyncio.sleep(0.02)

        changed = await room.services.systems.set_rate_limit(actor=ANYONE, version_id=version.id, limit=None)
        await asyncio.wait_for(working, 30)

        assert changed.rate_limit is None
        assert await statuses(room, run) == {RecordStatus.COMPLETED: 50}


async def test_refusals_cost_no_attempt_and_hold_up_their_own_system_only(room: Room) -> None:
    async with counted_system() as slow, counted_system() as quick:
        slow.refuse = lambda call: too_many(3) if call <= 4 else None
        slowed = await room.start(
            await room.dataset(answers(12)), await room.version("http", slow.config), concurrency=4, max_attempts=1
        )
        beside = await room.start(await room.dataset(answers(12)), await room.version("http", quick.config))

        await room.deliver_to(room.engine, room.new_engine())

        assert await statuses(room, slowed) == await statuses(room, beside) == {RecordStatus.COMPLETED: 12}
        assert {record.attempts for record in await room.records(slowed)} == {1}
        assert max(quick.begun) < min(slow.begun) + 3
        # What was under way when the first refusal came back: each lane has one call in flight.
        assert sum(begun < min(slow.begun) + 2.5 for begun in slow.begun) <= 4
        assert len(slow.begun) == 12 + 4


async def test_what_was_slowed_down_is_called_freely_again_later(room: Room, room_commands: Commands) -> None:
    async with counted_system() as system:
        version = await room.version("http", system.config)
        await room.store.rate_limits.slow_down(version.id, Refused(age_ms=0, rate=50))
        first = await room.start(await room.dataset(answers(20)), version, concurrency=8)
        await room.deliver_to(room.engine)
        slowly = asked_of(room_commands.take(), "system_versions")

        # Half a minute later.
        long_ago = {"book.resumes_at": 0.0, "book.slowed_at": 0.0}
        await room.store.system_versions._rows.update_one({"_id": version.id}, {"$set": long_ago})
        other = room.new_engine()
        second = await room.start(await room.dataset(answers(20)), version, concurrency=8)
        room_commands.take()
        await room.deliver_to(other)

        assert await statuses(room, first) == await statuses(room, second) == {RecordStatus.COMPLETED: 20}
        assert slowly.count("findAndModify") >= 3
        assert set(asked_of(room_commands.take(), "system_versions")) == {"aggregate"}


async def test_a_system_without_limits_takes_no_round_trip_more(room: Room, room_commands: Commands) -> None:
    run = await room.start(await room.dataset(answers(300)), await room.system("echo"), [await room.evaluator()])
    await room.turn()
    room_commands.take()
    begun = time.monotonic()

    await room.deliver_to(room.engine)

    sent, took = room_commands.take(), time.monotonic() - begun
    assert (await room.finished(run)).status is RunStatus.COMPLETED
    asked = asked_of(sent, "system_versions")
    assert set(asked) == {"aggregate"}
    assert len(asked) <= 1 + took / 2
    changes = [str(command.get("update", command)) for command in sent if "runs" in (*command.values(),)]
    assert changes
    # What is counted carries nothing of limits, and nobody is asked for a share of a budget.
    assert not any(word in change for change in changes for word in ("accounts", "allotted", "failures", "circuits"))


async def test_a_lane_that_waits_leaves_its_thread_to_others(room: Room) -> None:
    async with counted_system() as system:
        system.refuse = lambda _: too_many(60)
        engine = room.new_engine(threads=1)
        run = await room.start(await room.dataset(answers(3)), await room.version("http", system.config), concurrency=1)

        async with asyncio.timeout(30):
            await room.deliver_to(engine)
        await engine.close()

        [task] = (await room.store.tasks.get_many([f"{run.id}.0"])).values()
        assert (task.state, task.owner) == (TaskState.READY, None)
        assert timedelta(seconds=30) < task.due_at - now() < timedelta(seconds=60)
        [first, *others] = await room.records(run)
        assert first.retrying is not None
        assert first.retrying.limited_since is not None
        assert (first.status, first.attempts, first.retrying.attempts) == (RecordStatus.PENDING, 0, 0)
        assert [record.retrying for record in others] == [None, None]
        assert len(system.begun) == 1


async def test_who_was_refused_for_too_long_is_given_up(room: Room) -> None:
    async with counted_system() as system:
        system.refuse = lambda _: too_many(0)
        run = await room.start(
            await room.dataset(answers(1)), await room.version("http", system.config), concurrency=1, max_attempts=2
        )
        await room.turn()
        waiting = {"retrying": {"attempts": 0, "last": 2, "limited_since": now() - timedelta(minutes=11)}}
        await room.store.records._rows.update_many({"run_id": run.id}, {"$set": waiting})

        ended = await room.finished(run)

        [record] = await room.records(run)
        assert ended.status is RunStatus.COMPLETED
        assert record.error is not None
        assert (record.status, record.error.code, record.attempts) == (RecordStatus.ERRORED, "HTTP_429", 2)
        assert len(system.begun) == 2


async def test_a_turn_that_ends_between_attempts_leaves_the_others_for_the_next(room: Room) -> None:
    async with counted_system(seconds=0.05) as system:
        system.refuse = lambda call: Response(status_code=500) if call == 1 else None
        run = await room.start(
            await room.dataset(answers(1)), await room.version("http", system.config), concurrency=1, max_attempts=2
        )
        await room.turn()
        engine = room.new_engine()
        working = asyncio.create_task(engine.work(*room.mailbox.messages.pop(0)))
        async with asyncio.timeout(10):
            while not system.begun:
                await asyncio.sleep(0.005)
        await engine.close()
        await working
        handed_back = await room.records(run)

        await room.expire(run)
        await room.sweeper().sweep()
        ended = await room.finished(run)

        [record] = await room.records(run)
        assert [(entry.status, entry.attempts) for entry in handed_back] == [(RecordStatus.PENDING, 1)]
        assert (ended.status, record.status, record.attempts) == (RunStatus.COMPLETED, RecordStatus.COMPLETED, 2)


@pytest.mark.parametrize("refusals", [[0.4, 3_000.0], [3_000.0, 0.4]])
async def test_the_longest_pause_that_is_asked_for_counts(room: Room, refusals: list[float]) -> None:
    version = await room.version("http", CountedSystem(port=1).config)
    for pause in refusals:
        await room.store.rate_limits.slow_down(version.id, Refused(age_ms=100, rate=5, pause_ms=pause))

    standing = (await room.store.rate_limits.standing([version.id]))[version.id]

    assert 2_000 < standing.book.resumes_at - standing.now <= 3_000
