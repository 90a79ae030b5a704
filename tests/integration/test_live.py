"""Live updates over a real change stream: the state at once, every last state, and one read for a thousand readers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from evalyard_core.domain.errors import LimitExceeded
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Outcome, Record, RecordStatus, Settled
from evalyard_core.domain.runs import ACTIVE, Progress, Run, RunStatus
from evalyard_core.services.live import LiveUpdates
from evalyard_core.services.mailbox import MOST_WAITING
from evalyard_core.storage import Store
from evalyard_core.storage.changes import Gap
from tests.fixtures.objects import a_record, a_run

ONE_MORE = Progress(completed=1, passed=1)


@pytest.fixture
async def live(store: Store) -> AsyncIterator[LiveUpdates]:
    live = LiveUpdates(store)
    await live.start()
    yield live
    await live.stop()


class Reads:
    """Counts how often runs and records are read."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.runs = self.records = 0
        for name in ("runs", "records"):
            monkeypatch.setattr(getattr(store, name), "get_many", self._counted(name, getattr(store, name).get_many))

    def _counted(self, name: str, read: Callable[..., Any]) -> Callable[..., Any]:
        async def counted(identifiers: Any) -> Any:
            setattr(self, name, getattr(self, name) + 1)
            return await read(identifiers)

        return counted


@pytest.fixture
def reads(store: Store, monkeypatch: pytest.MonkeyPatch) -> Reads:
    return Reads(store, monkeypatch)


async def stored_run(store: Store, **changes: Any) -> Run:
    run = a_run(**changes)
    await store.runs.add(run)
    return run


async def progress(store: Store, run: Run, times: int = 1) -> None:
    for _ in range(times):
        await store.runs.add_progress(run.id, ONE_MORE, {})


async def complete(store: Store, run: Run) -> None:
    assert await store.runs.move(run.id, RunStatus.COMPLETED, of=ACTIVE, at=now())


async def until_heard(store: Store, live: LiveUpdates) -> None:
    """Wait until the feed, which is in order, has told of everything that was stored so far."""
    others, elsewhere = live.watchers, "e" * 24
    watching = live.watch_project(elsewhere)
    first = asyncio.create_task(anext(watching))
    await until(lambda: live.watchers == others + 1)
    await stored_run(store, project_id=elsewhere)
    await first
    await watching.aclose()


async def carry_out(store: Store, records: Sequence[Record]) -> None:
    """Complete records whose system answers their places."""
    await store.records.store_whole(
        [
            Settled(
                record_id=record.id,
                outcome=Outcome(output=record.seq, finished_at=now()),
                status=RecordStatus.COMPLETED,
                verdict=record.verdict,
                scores=record.scores,
            )
            for record in records
        ]
    )


async def collect(source: AsyncIterator[Any]) -> list[Any]:
    async with asyncio.timeout(20):
        return [value async for value in source]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_run_is_shown_at_once_then_as_it_changes_then_no_more(store, live):
    run = await stored_run(store, progress=Progress(total=2))
    watching = live.watch_run(run.id)

    assert await anext(watching) == run
    await progress(store, run)
    second = await anext(watching)
    await progress(store, run)
    await complete(store, run)
    rest = await collect(watching)

    assert (second.revision, second.progress.completed) == (1, 1)
    assert [state.revision for state in rest] == sorted({state.revision for state in rest})
    assert (rest[-1].status, rest[-1].revision, rest[-1].progress.completed) == (RunStatus.COMPLETED, 3, 2)
    assert live.watchers == 0


async def test_who_has_seen_a_revision_gets_the_next_one(store, live):
    run = await stored_run(store)
    await progress(store, run)
    watching = live.watch_run(run.id, after_revision=1)
    first = asyncio.create_task(anext(watching))
    await until(lambda: live.watchers == 1)

    await progress(store, run)

    assert (await first).revision == 2
    await watching.aclose()


async def test_who_has_seen_the_end_gets_nothing_more(store, live):
    run = await stored_run(store)
    await complete(store, run)

    assert await collect(live.watch_run(run.id, after_revision=1)) == []
    assert [state.revision for state in await collect(live.watch_run(run.id, after_revision=0))] == [1]


async def test_a_run_that_is_not_there_ends_at_once(live):
    assert await collect(live.watch_run("0" * 24)) == []


@pytest.mark.parametrize("how", ["hidden", "deleted", "with its project"])
async def test_a_run_that_is_deleted_ends_its_watchers(store, live, how):
    run = await stored_run(store)
    watching = live.watch_run(run.id)
    await anext(watching)

    if how == "hidden":
        await store.runs.hide(run.id)
    elif how == "deleted":
        await store.runs.delete(run.id)
    else:
        await store.runs.delete_of_project(run.project_id)

    assert await collect(watching) == []


async def test_a_stopped_run_is_watched_until_its_figures_are_exact(store, live):
    run = await stored_run(store, progress=Progress(total=5))
    watching = live.watch_run(run.id)
    await anext(watching)

    await store.runs.move(run.id, RunStatus.CANCELLED, of=ACTIVE, at=now(), reason="Cancelled by Ann.")
    stopped = await anext(watching)
    await store.runs.add_progress(run.id, Progress(cancelled=5), {})
    (last,) = await collect(watching)

    assert (stopped.status, stopped.progress.pending) == (RunStatus.CANCELLED, 5)
    assert (last.status, last.progress.pending, last.progress.cancelled) == (RunStatus.CANCELLED, 0, 5)


async def test_changes_are_read_at_most_ten_times_a_second(store, live, reads):
    run = await stored_run(store)
    watching = asyncio.create_task(collect(live.watch_run(run.id)))
    await until(lambda: reads.runs >= 1)
    begun = asyncio.get_running_loop().time()

    await progress(store, run, times=300)
    await complete(store, run)
    states = await watching

    assert states[-1].progress.completed == 300
    assert len(states) <= reads.runs <= 3 + 10 * (asyncio.get_running_loop().time() - begun)


async def test_a_thousand_watchers_cost_one_read_a_change(store, live, reads):
    run = await stored_run(store)
    watchers = [asyncio.create_task(collect(live.watch_run(run.id))) for _ in range(1000)]
    await until(lambda: live.watchers == 1000)
    await until_heard(store, live)
    before = reads.runs

    await complete(store, run)
    collected = await asyncio.gather(*watchers)

    assert [states[-1].status for states in collected] == [RunStatus.COMPLETED] * 1000
    assert reads.runs <= before + 2
    assert live.watchers == 0


async def test_a_slow_watcher_gets_the_newest_state_and_nothing_in_between(store, live):
    run = await stored_run(store)
    slow, quick = live.watch_run(run.id), live.watch_run(run.id)
    await anext(slow)
    last = None
    await progress(store, run, times=400)
    while last is None or last.progress.completed < 400:
        last = await anext(quick)

    assert (await anext(slow)).progress.completed == 400
    await slow.aclose()
    await quick.aclose()


async def test_no_change_falls_between_subscribing_and_reading(store, live):
    """Watchers come while the run changes as fast as it can: each of them must see its end."""
    run = await stored_run(store)
    writing = asyncio.create_task(progress(store, run, times=300))
    watchers = []
    while not writing.done():
        watchers.append(asyncio.create_task(collect(live.watch_run(run.id))))
        await asyncio.sleep(0.003)
    await writing
    await complete(store, run)

    ends = {(states[-1].status, states[-1].revision) for states in await asyncio.gather(*watchers)}

    assert ends == {(RunStatus.COMPLETED, 301)}


class Held:
    """Holds readings back once they have been made, as a slow network does, until they are let go."""

    def __init__(self, repository: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made, self._go = asyncio.Event(), asyncio.Event()
        self._read = repository.get_many
        monkeypatch.setattr(repository, "get_many", self._held)

    def let_go(self) -> None:
        self._go.set()

    async def _held(self, identifiers: Any) -> Any:
        found = await self._read(identifiers)
        self.made.set()
        await self._go.wait()
        return found


async def test_a_reading_made_before_a_watcher_came_does_not_count_for_it(store, live, monkeypatch):
    """Otherwise a watcher of a run that has come back to work would be told that it has ended."""
    run = await stored_run(store)
    await complete(store, run)
    held = Held(store.runs, monkeypatch)
    earlier = asyncio.create_task(collect(live.watch_run(run.id)))
    await held.made.wait()

    reopened = await store.runs.reopen(await store.runs.get(run.id), RunStatus.RUNNING, rescoring=())
    watching = live.watch_run(run.id)
    first = asyncio.create_task(anext(watching))
    await until(lambda: live.watchers == 2)
    held.let_go()

    assert ((await first).status, (await first).revision) == (RunStatus.RUNNING, reopened.revision)
    assert [state.status for state in await earlier] == [RunStatus.COMPLETED]
    await watching.aclose()


async def test_a_change_during_a_reading_is_shown_to_those_who_watch_the_project(store, live, monkeypatch):
    run = await stored_run(store)
    await until_heard(store, live)
    watching = live.watch_project(run.project_id)
    first = asyncio.create_task(anext(watching))
    await until(lambda: live.watchers == 1)
    held = Held(store.runs, monkeypatch)
    await progress(store, run)
    await held.made.wait()

    await progress(store, run)
    await until(lambda: run.id in live._runs._batches._noted)
    held.let_go()

    assert [(await first).revision, (await asyncio.wait_for(anext(watching), 10)).revision] == [1, 2]
    await watching.aclose()


async def test_a_record_that_is_being_read_comes_before_the_end(store, live, monkeypatch):
    run = await stored_run(store, progress=Progress(total=1))
    watching = asyncio.create_task(collect(live.watch_records(run.id)))
    await until(lambda: live.watchers == 1)
    held = Held(store.records, monkeypatch)
    await store.records.add([a_record(run, 0)])
    await held.made.wait()

    await store.runs.add_progress(run.id, Progress(completed=1), {})
    await complete(store, run)
    assert (await collect(live.watch_run(run.id)))[-1].is_terminal
    held.let_go()

    assert [record.seq for record in await watching] == [0]


async def test_a_project_shows_its_new_and_changed_runs(store, live, reads):
    run = await stored_run(store)
    watching = live.watch_project(run.project_id)
    first = asyncio.create_task(anext(watching))
    await until(lambda: live.watchers == 1)

    stranger = await stored_run(store, project_id="q" * 24)
    await progress(store, stranger)
    new = await stored_run(store, name="another")
    shown = [await first]
    await progress(store, run)
    while (shown[-1].id, shown[-1].revision) != (run.id, 1):
        shown.append(await anext(watching))

    assert {state.id for state in shown} == {new.id, run.id}
    await watching.aclose()


async def test_a_project_shows_the_last_state_of_a_run_that_changes_all_the_time(store, live):
    run = await stored_run(store)
    for times in (50, 100, 150):
        watching = live.watch_project(run.project_id)
        first = asyncio.create_task(anext(watching))
        await until(lambda: live.watchers == 1)
        await progress(store, run, times=50)
        state = await first
        while state.revision < times:
            state = await asyncio.wait_for(anext(watching), 10)
        await watching.aclose()


async def test_changed_runs_are_not_read_when_nobody_watches(store, live, reads):
    watched, other = await stored_run(store), await stored_run(store)
    await until_heard(store, live)
    before = reads.runs
    watching = asyncio.create_task(collect(live.watch_run(watched.id)))
    await until(lambda: reads.runs == before + 1)

    await progress(store, other, times=20)
    await complete(store, watched)
    await watching

    assert reads.runs == before + 2


async def test_watching_a_run_shows_nothing_to_those_who_watch_its_project(store, live):
    run, other = await stored_run(store), await stored_run(store)
    await until_heard(store, live)
    watching = live.watch_project(run.project_id)
    first = asyncio.create_task(anext(watching))
    await until(lambda: live.watchers == 1)

    by_itself = live.watch_run(run.id)
    await anext(by_itself)
    await progress(store, other)

    assert (await first).id == other.id
    await watching.aclose()
    await by_itself.aclose()


async def test_each_record_is_shown_as_it_is_completed_and_the_end_comes_after_the_last(store, live, reads):
    run = await stored_run(store, progress=Progress(total=500))
    pending = [
        a_record(run, number, status=RecordStatus.PENDING, output=None, finished_at=None) for number in range(500)
    ]
    await store.records.add(pending)
    watching = asyncio.create_task(collect(live.watch_records(run.id)))
    await until(lambda: live.watchers == 1)

    for start in range(0, 500, 50):
        await carry_out(store, pending[start : start + 50])
    await store.runs.add_progress(run.id, Progress(completed=500), {})
    await complete(store, run)
    shown: list[Record] = await watching

    assert sorted(record.id for record in shown) == sorted(record.id for record in pending)
    assert {record.status for record in shown} == {RecordStatus.COMPLETED}
    assert [record.output for record in shown] == [record.seq for record in shown]
    assert reads.records <= 12
    assert live.watchers == 0


async def test_submitted_and_repeated_records_are_shown(store, live):
    run = await stored_run(store, progress=Progress(total=1))
    watching = live.watch_records(run.id)
    first = asyncio.create_task(anext(watching))
    await until(lambda: live.watchers == 1)

    errored = a_record(run, 0, status=RecordStatus.ERRORED)
    await store.records.add([errored, a_record(run, 1, status=RecordStatus.SCORING)])
    shown = [await first]
    better = a_record(run, 0, output="better")
    await store.transaction(lambda session: store.records.put([], [better], session=session))
    shown.append(await anext(watching))

    assert [(record.id, record.status) for record in shown] == [
        (errored.id, RecordStatus.ERRORED),
        (errored.id, RecordStatus.COMPLETED),
    ]
    await watching.aclose()


async def test_the_records_of_a_cancelled_run_are_shown_though_they_are_ended_after_it(store, live):
    run = await stored_run(store, progress=Progress(total=3))
    await store.records.add([a_record(run, number, status=RecordStatus.PENDING) for number in range(3)])
    watching = asyncio.create_task(collect(live.watch_records(run.id)))
    await until(lambda: live.watchers == 1)

    await store.runs.move(run.id, RunStatus.CANCELLED, of=ACTIVE, at=now())
    await store.records.cancel_open(run.id, now())
    await store.runs.add_progress(run.id, Progress(cancelled=3), {})

    assert [record.status for record in await watching] == [RecordStatus.CANCELLED] * 3


async def test_the_records_of_an_ended_run_end_at_once(store, live):
    run = await stored_run(store)
    await complete(store, run)

    assert await collect(live.watch_records(run.id)) == []


async def test_a_watcher_that_is_ten_thousand_records_behind_is_told_so(store, live):
    run = await stored_run(store)
    slow, quick = live.watch_records(run.id), live.watch_records(run.id)
    first = [asyncio.create_task(anext(slow)), asyncio.create_task(anext(quick))]
    await until(lambda: live.watchers == 2)
    await store.records.add([a_record(run, 0)])
    await asyncio.gather(*first)

    async def drain() -> int:
        return len([await anext(quick) for _ in range(MOST_WAITING + 1)])

    draining = asyncio.create_task(drain())
    for start in range(1, MOST_WAITING + 2, 500):
        numbers = range(start, min(start + 500, MOST_WAITING + 2))
        await store.records.add([a_record(run, number) for number in numbers])

    assert await asyncio.wait_for(draining, 30) == MOST_WAITING + 1
    with pytest.raises(LimitExceeded, match=r"^This subscription fell 10,000 changes behind and was ended; "):
        await anext(slow)
    await quick.aclose()
    assert live.watchers == 0


async def test_a_cancelled_watcher_leaves_nothing_behind(store, live):
    run = await stored_run(store)
    sources = [live.watch_run(run.id), live.watch_project(run.project_id), live.watch_records(run.id)]
    waiting = [asyncio.create_task(collect(source)) for source in sources]
    await until(lambda: live.watchers == 3)

    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)

    assert live.watchers == 0
    assert live._runs._of_runs == live._runs._of_projects == live._records._of_runs == {}


async def test_two_processes_see_what_either_of_them_stores(mongodb_url, database_name, store, live):
    other_store = await Store.open(mongodb_url, database_name)
    other = LiveUpdates(other_store)
    await other.start()
    run = await stored_run(store)
    watching = [asyncio.create_task(collect(one.watch_run(run.id))) for one in (live, other)]
    await until(lambda: live.watchers == other.watchers == 1)

    await progress(other_store, run)
    await complete(store, run)
    ends = [(await states)[-1].revision for states in watching]

    assert ends == [2, 2]
    await other.stop()
    await other_store.close()


async def test_the_feed_goes_on_where_it_broke_off(mongodb_url, database_name, store, live):
    run = await stored_run(store)
    watching = asyncio.create_task(collect(live.watch_run(run.id)))
    await until(lambda: live.watchers == 1)

    async with AsyncMongoClient(mongodb_url) as client:
        for _ in range(3):
            assert await kill_change_streams(client, database_name) >= 1
            await progress(store, run)
    await complete(store, run)

    assert (await watching)[-1].revision == 4


async def kill_change_streams(client: AsyncMongoClient[Any], database: str) -> int:
    """Close the cursors of the change streams over a database, as a failing server does; return how many."""
    async with asyncio.timeout(10):
        while True:
            idle = [{"$currentOp": {"idleCursors": True}}, {"$match": {"ns": f"{database}.$cmd.aggregate"}}]
            rows = await (await client.admin.aggregate(idle)).to_list()
            cursors = [row["cursor"]["cursorId"] for row in rows if "cursor" in row]
            if cursors:
                await client[database].command({"killCursors": "$cmd.aggregate", "cursors": cursors})
                return len(cursors)


async def test_after_a_gap_everything_watched_is_looked_at(store, live, monkeypatch):
    """What happens while the feed is deaf, as when the oplog has moved on, is seen once it says so."""
    run = await stored_run(store, progress=Progress(total=2))
    records = [a_record(run, number, status=RecordStatus.PENDING) for number in range(2)]
    await store.records.add(records)
    sources = [live.watch_run(run.id), live.watch_records(run.id), live.watch_project(run.project_id)]
    watching = [asyncio.create_task(collect(source)) for source in sources[:2]]
    of_project = asyncio.create_task(anext(sources[2]))
    await until(lambda: live.watchers == 3)
    hear = live._note
    monkeypatch.setattr(live, "_note", nothing)

    await carry_out(store, records)
    await store.runs.add_progress(run.id, Progress(completed=2), {})
    await complete(store, run)
    await hear(Gap())
    states, shown = await asyncio.gather(*watching)

    assert states[-1].status is RunStatus.COMPLETED
    assert [record.output for record in shown] == [0, 1]
    assert (await of_project).id == run.id
    await sources[2].aclose()


async def nothing(*_: object) -> None:
    pass


async def test_the_feed_survives_that_its_database_is_dropped(mongodb_url, database_name, store, live):
    async with AsyncMongoClient(mongodb_url) as client:
        await client.drop_database(database_name)
    run = await stored_run(store)

    watching = asyncio.create_task(collect(live.watch_run(run.id)))
    await until(lambda: live.watchers == 1)
    await complete(store, run)

    assert (await watching)[-1].status is RunStatus.COMPLETED


async def test_a_run_that_cannot_be_read_costs_its_own_watchers_only(mongodb_url, database_name, store, live):
    broken, good = await stored_run(store), await stored_run(store)
    watching = live.watch_run(broken.id)
    await anext(watching)
    async with AsyncMongoClient(mongodb_url) as client:
        await client[database_name].runs.update_one({"_id": broken.id}, {"$set": {"status": "NONSENSE"}})

    with pytest.raises(ValueError, match="NONSENSE"):
        await anext(watching)
    await complete(store, good)
    assert [state.id for state in await collect(live.watch_run(good.id))] == [good.id]


async def test_stopping_ends_every_watcher(store):
    live = LiveUpdates(store)
    await live.start()
    run = await stored_run(store)
    sources = [live.watch_run(run.id), live.watch_project(run.project_id), live.watch_records(run.id)]
    watching = [asyncio.create_task(collect(source)) for source in sources]
    await until(lambda: live.watchers == 3)

    await live.stop()

    await asyncio.gather(*watching)
    assert live.watchers == 0
