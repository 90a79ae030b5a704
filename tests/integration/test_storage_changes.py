"""The change feed: a gap first, then what changes, also after its connection or the whole server was gone."""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

import pytest
from pymongo.errors import OperationFailure

from evalyard_core.domain.ids import new_id
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Outcome, Problem, RecordStatus
from evalyard_core.domain.runs import Progress
from evalyard_core.settings import Settings
from evalyard_core.storage import Store
from evalyard_core.storage.changes import Change, Gap, RecordCompleted, RunChanged
from evalyard_core.storage.records import Scored
from evalyard_server.embedded.folder import DataFolder
from evalyard_server.embedded.servers import EMBEDDED
from evalyard_server.supervisor import Supervisor
from tests.fixtures.core import a_dataset
from tests.fixtures.objects import a_record, a_run


class Feed:
    """What a change feed has yielded."""

    def __init__(self) -> None:
        self._changes: asyncio.Queue[Change] = asyncio.Queue()

    async def take(self, count: int, *, seconds: float = 10) -> list[Change]:
        """Return the next changes."""
        async with asyncio.timeout(seconds):
            return [await self._changes.get() for _ in range(count)]

    async def fill(self, store: Store) -> None:
        async for change in store.changes.follow():
            self._changes.put_nowait(change)


@asynccontextmanager
async def following(store: Store) -> AsyncIterator[Feed]:
    """Follow a store's changes from its gap on."""
    feed = Feed()
    filling = asyncio.create_task(feed.fill(store))
    try:
        assert await feed.take(1) == [Gap()]
        yield feed
    finally:
        filling.cancel()
        await asyncio.wait({filling})


async def test_runs_and_records_are_told_of_as_they_change_and_nothing_else(store: Store):
    await store.runs.add(a_run())
    run = a_run()
    records = [a_record(run, n, status=RecordStatus.PENDING) for n in range(4)]
    ids = [record.id for record in records]
    async with following(store) as feed:
        await store.datasets.add(a_dataset("p"))
        await store.runs.add(run)
        assert await feed.take(1) == [RunChanged(run.id)]
        await store.runs.add_progress(run.id, Progress(completed=1), {})
        assert await feed.take(1) == [RunChanged(run.id)]

        await store.records.add(records)
        await store.records.mark_running(ids, now())
        outcomes = {
            ids[0]: Outcome(output=1),
            ids[1]: Outcome(output=1),
            ids[2]: Outcome(error=Problem("X", "It broke.")),
        }
        await store.records.store_outcomes(outcomes, ())
        assert await feed.take(1) == [RecordCompleted(ids[2])]
        await store.records.store_scores([Scored(record_id=ids[0], scores=(), verdict=None, finished_at=now())])
        assert await feed.take(1) == [RecordCompleted(ids[0])]
        await store.records.cancel_open(run.id, now())
        cancelled = await feed.take(2)
        assert {change.record_id for change in cancelled if isinstance(change, RecordCompleted)} == {ids[1], ids[3]}
        await store.records.add([a_record(run, 9)])
        assert await feed.take(1) == [RecordCompleted(a_record(run, 9).id)]
        better = a_record(run, 2, output="better")
        await store.transaction(lambda session: store.records.put([], [better], session=session))
        assert await feed.take(1) == [RecordCompleted(ids[2])]
        await store.runs.delete(run.id)
        assert await feed.take(1) == [RunChanged(run.id)]


async def test_a_feed_whose_cursors_are_killed_misses_nothing(store: Store):
    async with following(store) as feed:
        runs = []
        for _ in range(3):
            runs.append(a_run())
            await store.runs.add(runs[-1])
            assert await feed.take(1) == [RunChanged(runs[-1].id)]
            await _kill_cursors(store)
        for _ in range(5):
            runs.append(a_run())
            await store.runs.add(runs[-1])
        assert await feed.take(5) == [RunChanged(run.id) for run in runs[3:]]


async def _kill_cursors(store: Store) -> None:
    """Kill every cursor on this store's database, as an operator might."""
    name = store._database.name
    for options in ({"idleCursors": True}, {}):
        operations = await store._client.admin.aggregate([{"$currentOp": options}])
        async for operation in operations:
            cursor = operation.get("cursor", {}).get("cursorId")
            if cursor and operation.get("ns", "").startswith(name):
                await store._database.command("killCursors", "$cmd.aggregate", cursors=[cursor])


class _BrokenStream:
    """A change stream that breaks off before it yields anything; the driver's own resume most breaks by itself."""

    resume_token: ClassVar = {"_data": "82"}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        raise OperationFailure("the server goes away", 11600)


@pytest.mark.parametrize("code", [260, 286])
async def test_a_feed_that_can_not_go_on_from_where_it_was_says_so(
    store: Store, monkeypatch: pytest.MonkeyPatch, code: int
):
    watch, tokens = store.changes._database.watch, []

    async def watched(*args: Any, **options: Any) -> Any:
        tokens.append(options["resume_after"])
        if len(tokens) == 1:
            return _BrokenStream()
        if len(tokens) == 2:
            raise OperationFailure("the token is lost", code)
        return await watch(*args, **options)

    monkeypatch.setattr(store.changes._database, "watch", watched)
    async with following(store) as feed:
        assert await feed.take(1) == [Gap()]
        await store.runs.add(run := a_run())
        assert await feed.take(1) == [RunChanged(run.id)]
    assert tokens == [None, _BrokenStream.resume_token, None]


async def test_a_feed_outlives_its_database(store: Store):
    async with following(store) as feed:
        await store.runs.add(run := a_run())
        assert await feed.take(1) == [RunChanged(run.id)]
        await store._client.drop_database(store._database.name)
        assert await feed.take(1) == [Gap()]
        await store.runs.add(run := a_run())
        assert await feed.take(1) == [RunChanged(run.id)]


async def test_a_feed_goes_on_where_it_was_when_the_server_was_killed():
    with tempfile.TemporaryDirectory(prefix="evalyard-test-") as temporary:
        folder = DataFolder.lock(Path(temporary))
        server, supervisor = EMBEDDED["mongodb_url"](folder, Settings()), Supervisor(warn=lambda _: None)
        try:
            await supervisor.start([server.spec])
            # On a busy machine it takes the server longer to be back than it may take in operation.
            store = await Store.open(server.url, f"test_{new_id()}", wait_seconds=30)
            try:
                await _outlive(store, supervisor)
            finally:
                await store.close()
        finally:
            await supervisor.stop()
            folder.close()


async def _outlive(store: Store, supervisor: Supervisor) -> None:
    async with following(store) as feed:
        await store.runs.add(first := a_run())
        assert await feed.take(1) == [RunChanged(first.id)]
        [pid] = supervisor.pids().values()
        os.kill(pid, signal.SIGKILL)
        # Retryable writes wait for the server to be back; the supervisor starts it again.
        await store.runs.add(second := a_run())
        await store.runs.add(third := a_run())
        assert await feed.take(2, seconds=20) == [RunChanged(second.id), RunChanged(third.id)]
