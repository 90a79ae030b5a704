"""Tasks: one holder at a time, whoever asks at once, and whatever is lost."""

import asyncio
from datetime import timedelta

import pytest

from evalyard_core.domain.ids import new_id
from evalyard_core.domain.payload import now
from evalyard_core.domain.tasks import Task, TaskKind, TaskState, lane_task, run_task
from evalyard_core.storage import Store

READY, IDLE, DONE = TaskState


async def stored(store: Store, lanes: int = 1, state: TaskState = READY) -> list[Task]:
    """Store the lanes of a run that is nowhere else."""
    run_id = new_id()
    due_at = now() + timedelta(minutes=1)
    tasks = [lane_task(run_id, "p", lane, state, due_at) for lane in range(lanes)]
    await store.tasks.add(tasks)
    return tasks


async def claimed(store: Store, task: Task, owner: str = "a", lease_seconds: float = 60) -> Task:
    """Claim a task that is free."""
    found = await store.tasks.claim(task.id, task.ticket, owner, lease_seconds)
    assert found is not None
    return found


async def expire(store: Store, *tasks: Task) -> None:
    """Let leases and hints run out."""
    ids = [task.id for task in tasks]
    await store.tasks._rows.update_many({"_id": {"$in": ids}}, {"$set": {"due_at": now() - timedelta(hours=1)}})


async def freed(store: Store) -> list[Task]:
    """Free the tasks that are overdue, and return those that this very call freed."""
    found = [await store.tasks.free(task) for task in await store.tasks.overdue()]
    return [task for task in found if task is not None]


async def get(store: Store, task: Task) -> Task:
    found = await store.tasks.get(task.id)
    assert found is not None
    return found


async def test_of_fifty_who_claim_a_task_at_once_one_gets_it(shared_store: Store):
    [task] = await stored(shared_store)
    claims = await asyncio.gather(*(shared_store.tasks.claim(task.id, 1, f"worker {n}", 60) for n in range(50)))
    [winner] = [claim for claim in claims if claim is not None]
    there = await get(shared_store, task)
    assert (there.owner, there.ticket, there.state) == (winner.owner, 1, READY)
    assert there.due_at > now() + timedelta(seconds=50)


async def test_a_message_that_is_late_or_early_claims_nothing(shared_store: Store):
    [task] = await stored(shared_store)
    for ticket in (0, 2, -1):
        assert await shared_store.tasks.claim(task.id, ticket, "a", 60) is None
    assert await shared_store.tasks.claim(f"{task.id}x", 1, "a", 60) is None
    released = await shared_store.tasks.release(await claimed(shared_store, task), READY, due_seconds=10)
    assert released is not None
    assert (released.ticket, released.owner) == (2, None)
    assert await shared_store.tasks.claim(task.id, 1, "b", 60) is None
    assert await claimed(shared_store, released)


@pytest.mark.parametrize("state", [IDLE, DONE])
async def test_a_task_without_work_can_not_be_claimed(shared_store: Store, state: TaskState):
    [task] = await stored(shared_store, state=state)
    assert await shared_store.tasks.claim(task.id, 1, "a", 60) is None


async def test_a_task_is_held_for_as_long_as_it_is_renewed(shared_store: Store):
    [task] = await stored(shared_store)
    held = await claimed(shared_store, task, lease_seconds=1)
    assert await shared_store.tasks.renew(task.id, held.owner or "", 60)
    assert (await get(shared_store, task)).due_at > now() + timedelta(seconds=50)
    assert not await shared_store.tasks.renew(task.id, "somebody else", 60)


async def test_a_lost_task_can_neither_be_renewed_nor_given_back(shared_store: Store):
    [task] = await stored(shared_store)
    lost = await claimed(shared_store, task)
    await expire(shared_store, task)
    [free] = [free for free in await freed(shared_store) if free.id == task.id]
    assert (free.owner, free.ticket, free.takeovers) == (None, 1, 1)
    taken = await claimed(shared_store, free, "b")
    assert not await shared_store.tasks.renew(task.id, lost.owner or "", 60)
    assert await shared_store.tasks.release(lost, DONE, due_seconds=10) is None
    assert await get(shared_store, task) == taken


async def test_a_worker_that_takes_its_own_lost_task_again_holds_it_once(shared_store: Store):
    """A process that was stopped for a minute may find its task free, and take it, before it notices the loss."""
    [task] = await stored(shared_store)
    lost = await claimed(shared_store, task, "a")
    await expire(shared_store, task)
    await freed(shared_store)
    again = await claimed(shared_store, await get(shared_store, task), "a")
    assert not await shared_store.tasks.renew(task.id, lost.owner or "", 60)
    assert await shared_store.tasks.release(lost, READY, due_seconds=10) is None
    assert await shared_store.tasks.renew(task.id, again.owner or "", 60)


async def test_a_task_that_is_woken_while_it_is_held_stays_ready(shared_store: Store):
    one, two = await stored(shared_store, 2)
    held_one, held_two = await claimed(shared_store, one), await claimed(shared_store, two)
    assert await shared_store.tasks.release(held_one, IDLE, due_seconds=10) == await get(shared_store, one)
    assert (await get(shared_store, one)).state is IDLE
    woken = await shared_store.tasks.wake(one.run_id, due_seconds=10)
    assert [(task.id, task.state, task.owner, task.ticket) for task in woken] == [(one.id, READY, None, 3)]
    released = await shared_store.tasks.release(held_two, IDLE, due_seconds=10)
    assert released is not None
    assert (released.state, released.ticket, released.owner) == (READY, 3, None)


async def test_a_task_that_is_done_stays_done_when_its_run_is_woken(shared_store: Store):
    [task] = await stored(shared_store)
    await shared_store.tasks.release(await claimed(shared_store, task), DONE, due_seconds=10)
    assert await shared_store.tasks.wake(task.run_id, due_seconds=10) == []
    assert (await get(shared_store, task)).state is DONE


async def test_finished_lanes_are_opened_again_and_plans_are_not(shared_store: Store):
    run_id = new_id()
    plan, lane = run_task(TaskKind.PLAN, run_id, "p", now()), lane_task(run_id, "p", 0, READY, now())
    await shared_store.tasks.add([plan, lane])
    for task in (plan, lane):
        await shared_store.tasks.release(await claimed(shared_store, task), DONE, due_seconds=10)
    assert await shared_store.tasks.unfinished(run_id) == 0
    await shared_store.tasks.reopen(run_id, due_seconds=10)
    assert [(await get(shared_store, task)).state for task in (plan, lane)] == [DONE, READY]
    assert await shared_store.tasks.unfinished(run_id) == 1
    assert await shared_store.tasks.claim(lane.id, 2, "a", 60) is None
    assert await shared_store.tasks.claim(lane.id, 3, "a", 60) is not None


async def test_two_sweepers_at_once_free_each_overdue_task_once(shared_store: Store):
    tasks = await stored(shared_store, 20)
    held = [await claimed(shared_store, task) for task in tasks[:10]]
    await expire(shared_store, *tasks)
    fresh = await stored(shared_store, 3)
    found = await asyncio.gather(*(freed(shared_store) for _ in range(5)))
    ids = [task.id for sweep in found for task in sweep if task.run_id == tasks[0].run_id]
    assert sorted(ids) == sorted(task.id for task in tasks)
    assert not {task.id for task in fresh} & {task.id for sweep in found for task in sweep}
    assert [task for task in await freed(shared_store) if task.run_id == tasks[0].run_id] == []
    for task in tasks:
        there = await get(shared_store, task)
        assert (there.owner, there.takeovers) == (None, int(task.id in {other.id for other in held}))


async def test_a_renewal_that_comes_just_before_the_sweep_keeps_the_task(shared_store: Store):
    [task] = await stored(shared_store)
    held = await claimed(shared_store, task)
    await expire(shared_store, task)
    overdue = await get(shared_store, task)
    assert await shared_store.tasks.renew(task.id, held.owner or "", 60)
    assert await shared_store.tasks.free(overdue) is None
    assert (await get(shared_store, task)).owner == held.owner


async def test_at_most_so_many_tasks_are_found_in_a_sweep_the_longest_overdue_first(shared_store: Store):
    tasks = await stored(shared_store, 4)
    await expire(shared_store, *tasks)
    await shared_store.tasks._rows.update_one({"_id": tasks[2].id}, {"$set": {"due_at": now() - timedelta(days=9)}})
    [first] = await shared_store.tasks.overdue(most=1)
    assert first.id == tasks[2].id


async def test_a_turn_that_is_given_back_forgets_the_takeovers(shared_store: Store):
    [task] = await stored(shared_store)
    for takeovers in (1, 2, 3):
        await claimed(shared_store, await get(shared_store, task))
        await expire(shared_store, task)
        await freed(shared_store)
        assert (await get(shared_store, task)).takeovers == takeovers
    released = await shared_store.tasks.release(
        await claimed(shared_store, await get(shared_store, task)), READY, due_seconds=0
    )
    assert released is not None
    assert (released.takeovers, released.ticket) == (0, 2)


async def test_a_task_that_is_there_stays_as_it_is_when_it_is_added_again(shared_store: Store):
    one, two = await stored(shared_store, 2)
    held = await claimed(shared_store, one)
    three = lane_task(one.run_id, "p", 2, READY, now())
    await shared_store.tasks.add([one, two, three])
    assert await get(shared_store, one) == held
    assert await shared_store.tasks.unfinished(one.run_id) == 3


async def test_only_tasks_with_work_are_unfinished(shared_store: Store):
    tasks = await stored(shared_store, 3)
    for task, state in zip(tasks, TaskState, strict=True):
        await shared_store.tasks.release(await claimed(shared_store, task), state, due_seconds=10)
    assert await shared_store.tasks.unfinished(tasks[0].run_id) == 1
    await shared_store.tasks.delete_of_run(tasks[0].run_id)
    assert await shared_store.tasks.get(tasks[0].id) is None
