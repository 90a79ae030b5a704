"""Budgets of cost and time, over all lanes and workers."""

import asyncio
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalyard_core.domain.budgets import ROUNDING, Account, allot
from evalyard_core.domain.records import RecordStatus
from evalyard_core.domain.runs import Progress, RunStatus
from evalyard_core.services.access import ANYONE
from evalyard_core.storage import Store
from tests.fixtures.commands import Commands
from tests.fixtures.objects import a_run
from tests.fixtures.openai import openai, openai_process
from tests.support.counted_system import counted_system
from tests.support.openai_replies import Reply
from tests.support.openai_server import OpenAIServer
from tests.support.room import Room

__all__ = ["openai", "openai_process"]


@pytest.fixture(autouse=True)
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVALYARD_TARGET_ALLOWED_NETWORKS", "127.0.0.0/8")


def answers(count: int) -> list[dict[str, Any]]:
    return [{"answer": str(place)} for place in range(count)]


DOLLARS = st.floats(0, 10)
ACCOUNTS = st.dictionaries(
    st.sampled_from("013"), st.builds(Account, allowed=st.floats(-1, 5), spent=st.floats(-1, 5)), max_size=3
)


@given(st.floats(0.01, 10), DOLLARS, ACCOUNTS, st.floats(0, 2))
def test_what_lanes_may_spend_and_what_was_counted_never_come_to_more_than_the_budget(
    budget: float, counted: float, others: dict[str, Account], spent: float
) -> None:
    new = allot(budget, counted, others.values(), lanes=4, spent=spent)

    taken = counted + spent + sum(max(0.0, account.allowed) for account in others.values())
    assert new.share == 0 or taken + new.share <= budget + 1e-9
    # A lane that is alone with what is left gets some of it.
    assert new.share > 0 or taken >= budget * (1 - ROUNDING)


@given(st.floats(0.01, 10), st.lists(st.floats(0, 5), min_size=2, max_size=4))
def test_lanes_that_all_wait_for_a_share_hear_that_nothing_is_left(budget: float, spent: list[float]) -> None:
    """Each has spent all that it was allowed, has told so, and asks again."""
    counted = max(0.0, budget - sum(spent))
    for lane, dollars in enumerate(spent):
        others = [Account(allowed=own, spent=own) for place, own in enumerate(spent) if place != lane]
        new = allot(budget, counted, others, lanes=len(spent), spent=dollars)
        assert (new.left, new.share) == (0, 0)


async def test_the_database_allots_as_the_domain_does(store: Store) -> None:
    loop = asyncio.get_running_loop()

    @given(st.floats(0.01, 10), DOLLARS, ACCOUNTS, st.floats(0, 2))
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    def check(budget: float, counted: float, others: dict[str, Account], spent: float) -> None:
        asyncio.run_coroutine_threadsafe(_check(store, budget, counted, others, spent), loop).result()

    await asyncio.to_thread(check)
    assert await store.run_limits.allot("nothing", 1.0, lane=0, lanes=4, spent=0.0) is None


async def _check(store: Store, budget: float, counted: float, others: dict[str, Account], spent: float) -> None:
    run = a_run(status=RunStatus.RUNNING, progress=Progress(cost_usd=counted))
    await store.runs.add(run)
    there = {**{lane: asdict(account) for lane, account in others.items()}, "2": {"allowed": 9.0, "spent": 9.0}}
    await store.runs._rows.update_one({"_id": run.id}, {"$set": {"accounts": there}})
    expected = allot(budget, counted, others.values(), lanes=4, spent=spent)

    found = await store.run_limits.allot(run.id, budget, lane=2, lanes=4, spent=spent)

    assert found is not None
    assert (found.share, found.left) == (pytest.approx(expected.share), pytest.approx(expected.left))
    row = await store.runs._rows.find_one({"_id": run.id})
    assert row is not None
    assert row["accounts"]["2"] == {"allowed": pytest.approx(expected.share + spent), "spent": spent}


async def test_what_evaluators_spend_is_bounded_too(room: Room, openai: OpenAIServer) -> None:
    openai.chat.answers(lambda _: Reply({"explanation": "Yes.", "verdict": True}, None, None, None, 10_000, 0))
    config = {"model": "test-chat", "base_url": openai.url, "api_key": "${secret:OPENAI}", "guideline": "It is right."}
    judge = await room.evaluator("evalyard-judge/judge_boolean", {**config, "prices": {"input": 1, "output": 1}})
    run = await room.start(
        await room.dataset(answers(200)), await room.system("echo"), [judge], concurrency=4, max_cost_usd=0.3
    )

    await room.deliver_to(room.engine, room.new_engine())

    ended = await room.finished(run)
    records = await room.records(run)
    scored = [record for record in records if record.scores]
    assert (ended.status, ended.status_reason) == (RunStatus.FAILED, "The run reached its cost limit of 0.3 USD.")
    # A score costs a cent; each of four lanes has three scores under way at most.
    assert 30 <= len(openai.chat.asked) == len(scored) <= 30 + 4 * 3
    assert ended.progress.cost_usd == pytest.approx(0.01 * len(scored))
    # Outputs that the budget was not enough to score stay.
    assert all(record.output is None or record.scores or record.status is RecordStatus.CANCELLED for record in records)


@pytest.mark.parametrize("seconds", [0.0, 0.03], ids=["at once", "slow"])
async def test_a_cost_limit_is_overshot_by_calls_in_flight_only(room: Room, seconds: float) -> None:
    async with counted_system(cost_usd=0.01, seconds=seconds) as system:
        version = await room.version("http", system.config)
        run = await room.start(
            await room.dataset(answers(300)), version, [await room.evaluator()], concurrency=8, max_cost_usd=0.6
        )
        engines = [room.new_engine() for _ in range(3)]

        await room.deliver_to(*engines)

        ended = await room.finished(run)
        records = await room.records(run)
        paid = [record for record in records if record.cost_usd]
        assert (ended.status, ended.status_reason) == (RunStatus.FAILED, "The run reached its cost limit of 0.6 USD.")
        assert 60 <= len(system.begun) <= 60 + 8
        # What was paid for is there, whichever lane it was in when the budget was spent.
        assert len(paid) == system.answered == len(system.begun)
        assert ended.summary is not None
        assert ended.summary.total_cost_usd == pytest.approx(0.01 * len(paid))
        assert {record.status for record in records} == {RecordStatus.COMPLETED, RecordStatus.CANCELLED}


async def test_a_run_below_its_budget_gives_back_what_it_did_not_spend(room: Room, room_commands: Commands) -> None:
    async with counted_system(cost_usd=0.01) as system:
        version = await room.version("http", system.config)
        run = await room.start(await room.dataset(answers(100)), version, concurrency=8, max_cost_usd=1.01)
        room_commands.take()

        ended = await room.finished(run)

        asked = [str(command) for command in room_commands.take() if "allotted" in str(command)]
        row = await room.store.runs._rows.find_one({"_id": run.id})
        assert (ended.status, ended.progress.completed) == (RunStatus.COMPLETED, 100)
        assert row is not None
        assert row["accounts"] == {}
        assert len(asked) < 40


async def test_a_time_limit_abandons_calls_in_flight(room: Room) -> None:
    async with counted_system(seconds=3) as system:
        version = await room.version("http", system.config)
        run = await room.start(await room.dataset(answers(40)), version, concurrency=4, max_duration_seconds=1)

        await room.deliver_to(room.engine)

        ended = await room.finished(run)
        assert (ended.status, ended.status_reason) == (RunStatus.FAILED, "The run took longer than its limit of 1 s.")
        assert {record.status for record in await room.records(run)} == {RecordStatus.CANCELLED}
        assert len(system.begun) == 4


async def test_a_run_that_nothing_is_submitted_to_ends_when_its_time_is_over(room: Room) -> None:
    run = await room.start(None, None, max_duration_seconds=1)
    at_work = await room.store.runs.get(run.id)
    await room.store.runs._rows.update_one({"_id": run.id}, {"$set": {"started_at": run.created_at.replace(year=2020)}})

    await room.sweeper().sweep()
    ended = await room.finished(run)

    assert at_work is not None
    assert (at_work.status, ended.status) == (RunStatus.RUNNING, RunStatus.FAILED)
    assert ended.status_reason == "The run took longer than its limit of 1 s."


async def test_a_run_that_spent_its_budget_can_be_scored_again(room: Room) -> None:
    run = await room.start(await room.dataset(answers(60)), await room.system("priced"), max_cost_usd=0.2)
    ended = await room.finished(run)
    exact = await room.evaluator()

    again = await room.services.runs.rescore(actor=ANYONE, run_id=run.id, evaluator_ids=[exact.id])
    scored = await room.finished(again)

    assert (ended.status, ended.stopping) == (RunStatus.FAILED, "The run reached its cost limit of 0.2 USD.")
    assert (scored.status, scored.stopping) == (RunStatus.COMPLETED, None)
    assert scored.tallies[exact.id].passed == scored.progress.completed == ended.progress.completed
