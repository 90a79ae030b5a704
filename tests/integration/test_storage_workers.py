"""Live workers, what is remembered of those that are gone, and questions to them."""

import asyncio
from datetime import timedelta

from evalyard_core.domain.ids import new_id
from evalyard_core.domain.payload import now
from evalyard_core.storage import Store
from evalyard_core.storage.requests import Request
from evalyard_core.storage.workers import LIVE_FOR
from tests.fixtures.core import a_plugin, a_target, a_worker


async def age(store: Store, worker_id: str) -> None:
    """Let a worker be seen no more for a while."""
    await store.workers._rows.update_one(
        {"_id": worker_id}, {"$set": {"seen_at": now() - LIVE_FOR - timedelta(seconds=1)}}
    )


async def test_a_worker_lives_while_it_beats_and_is_remembered_when_it_is_gone(store: Store):
    one = a_worker(a_plugin(), a_plugin("acme/broken", problem="It does not load."), a_target())
    two = a_worker(a_plugin("acme/exact", version="2.0.0"))
    for worker in (one, two):
        await store.workers.publish(worker)
    assert sorted(await store.workers.live(), key=lambda worker: worker.id) == [one, two]
    assert await store.workers.live_count() == 2

    await age(store, one.id)
    assert await store.workers.live() == [two]
    assert await store.workers.beat(one.id) is False
    assert await store.workers.live_count() == 2
    await store.workers.remove(one.id)
    await store.workers.remove(two.id)
    assert await store.workers.live_count() == 0
    assert await store.workers.beat(two.id) is None
    assert [(plugin.key, plugin.version) for plugin in await store.workers.remembered()] == [("acme/exact", "2.0.0")]


async def test_a_worker_is_asked_once_to_look_for_plugins(store: Store):
    one, two = a_worker(a_plugin()), a_worker()
    for worker in (one, two):
        await store.workers.publish(worker)
    assert await store.workers.beat(one.id) is False
    await store.workers.ask_for_refresh()
    assert [await store.workers.beat(one.id) for _ in range(2)] == [True, False]
    assert await store.workers.beat(two.id) is True
    await store.workers.ask_for_refresh()
    await store.workers.publish(replaced := a_worker(a_plugin("acme/new"), id=one.id))
    assert await store.workers.beat(one.id) is False
    assert await store.workers.get(one.id) == replaced


async def test_a_question_is_taken_by_one_of_those_who_have_the_plugin(store: Store):
    requests = [Request(id=new_id(), kind="k", plugin=key, body={"n": 1}, created_at=now()) for key in ("a/x", "b/y")]
    for request in requests:
        await store.requests.insert(request)
    assert await store.requests.claim("w", ["c/z"]) is None
    claims = await asyncio.gather(*(store.requests.claim(f"w{n}", ["a/x", "c/z"]) for n in range(10)))
    [taken] = [claim for claim in claims if claim is not None]
    assert (taken.id, taken.body) == (requests[0].id, {"n": 1})
    await store.requests.answer(taken.id, {"problem": None})
    answered = await store.requests.get(taken.id)
    assert answered is not None
    assert answered.answer == {"problem": None}
    await store.requests.delete(taken.id)
    await store.requests.answer(taken.id, 1)
    assert await store.requests.get(taken.id) is None


async def test_whoever_answers_hears_of_each_question(store: Store):
    arrivals = store.requests.arrivals()
    assert await anext(arrivals) is None
    for _ in range(2):
        await store.requests.insert(Request(id=new_id(), kind="k", plugin="a/x", body=None, created_at=now()))
        async with asyncio.timeout(5):
            assert await anext(arrivals) is None
    await arrivals.aclose()  # type: ignore[attr-defined]
