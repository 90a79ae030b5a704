"""Exports that are long: nothing is read ahead of the client, and nothing is missed in silence."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import httpx
import pytest
from pymongo import AsyncMongoClient

from evalyard_core.domain.errors import Conflict
from evalyard_core.domain.filters import RecordFilter
from evalyard_core.domain.lists import RecordList
from evalyard_core.domain.payload import now
from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.settings import Settings
from evalyard_core.storage import Store
from evalyard_server.app import create_app
from tests.fixtures.api import Server, serve
from tests.fixtures.asking import gid
from tests.fixtures.core import a_project
from tests.fixtures.house import House
from tests.fixtures.objects import a_record, a_run
from tests.integration.conftest import OPERATOR

#: What compresses well would fit into the buffers.
PLAIN = {"Accept-Encoding": "identity"}
#: More than the buffers between a server and a client hold.
RECORDS, LENGTH = 1_500, 40_000


@pytest.fixture(scope="module")
async def server(shared_settings: Settings) -> AsyncIterator[Server]:
    async with serve(create_app(shared_settings)) as server:
        yield server


@pytest.fixture
async def long_run(shared_store: Store) -> Run:
    return await _run(shared_store, RECORDS, "x" * LENGTH)


@pytest.fixture
async def short_run(shared_store: Store) -> Run:
    return await _run(shared_store, 350, "x")


async def _run(store: Store, records: int, output: str) -> Run:
    project = a_project()
    await store.projects.insert(project)
    run = a_run(project.id, status=RunStatus.COMPLETED, finished_at=now())
    await store.runs.add(run)
    for begin in range(0, records, 500):
        places = range(begin, min(begin + 500, records))
        await store.records.add([a_record(run, place, output=output) for place in places])
    return run


async def open_cursors(client: AsyncMongoClient[dict[str, object]], database: str) -> list[int]:
    """Return the ids of the cursors over records that nobody is reading from at this moment."""
    found = await client.admin.aggregate(
        [
            {"$currentOp": {"idleCursors": True, "allUsers": True}},
            {"$match": {"type": "idleCursor", "ns": f"{database}.records"}},
        ]
    )
    return [operation["cursor"]["cursorId"] async for operation in found]


async def documents_read(client: AsyncMongoClient[dict[str, object]]) -> int:
    """Return how many documents the database has returned since it was started."""
    return int((await client.admin.command("serverStatus"))["metrics"]["document"]["returned"])


async def exports_counted(server: Server, form: str, outcome: str) -> float:
    """Return how many exports the server says it had."""
    async with server.client() as client:
        figures = (await client.get("/metrics")).text
    name = f'evalyard_exports_total{{form="{form}",outcome="{outcome}"}} '
    return sum(float(line.removeprefix(name)) for line in figures.splitlines() if line.startswith(name))


@pytest.mark.parametrize("form", ["csv", "jsonl"])
async def test_a_client_that_goes_away_ends_the_reading(
    form: str, server: Server, long_run: Run, shared_settings: Settings
):
    path = f"/exports/runs/{gid('Run', long_run)}.{form}"
    async with AsyncMongoClient(shared_settings.mongodb_url) as database:
        before = await documents_read(database)
        async with server.client(headers=PLAIN) as client, client.stream("GET", path) as response:
            chunks = response.aiter_raw()
            await anext(chunks)
            async with asyncio.timeout(20):
                while len(await open_cursors(database, shared_settings.database)) != 1:
                    await asyncio.sleep(0.02)

        async with asyncio.timeout(20):
            while await open_cursors(database, shared_settings.database):
                await asyncio.sleep(0.02)
            while await exports_counted(server, form, "abandoned") != 1:
                await asyncio.sleep(0.02)
        # Each of them was read once before the first row, for the columns of the scores.
        assert await documents_read(database) - before < 1.5 * RECORDS


async def test_an_export_whose_run_is_deleted_has_no_end(server: Server, long_run: Run, shared_store: Store):
    async with (
        server.client(headers=PLAIN) as client,
        client.stream("GET", f"/exports/runs/{gid('Run', long_run)}.csv") as response,
    ):
        chunks = response.aiter_raw()
        await anext(chunks)
        await House(shared_store).services.runs.delete(actor=OPERATOR, run_id=long_run.id)

        with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
            async for _ in chunks:
                pass
    async with asyncio.timeout(20):
        while await exports_counted(server, "csv", "failed") != 1:
            await asyncio.sleep(0.02)


async def test_an_export_that_was_taken_whole_is_counted(server: Server, short_run: Run):
    async with server.client() as client:
        await client.get(f"/exports/runs/{gid('Run', short_run)}.CSV")
    assert await exports_counted(server, "csv", "complete") == 1


async def test_a_run_that_is_deleted_while_it_is_read_is_a_conflict(short_run: Run, shared_store: Store):
    services = House(shared_store).services
    export = await services.exports.of_run(actor=OPERATOR, run_id=short_run.id)
    async with aclosing(services.exports.records(export)) as records:
        await anext(records)
        await services.runs.delete(actor=OPERATOR, run_id=short_run.id)
        with pytest.raises(Conflict, match="deleted while it was read"):
            async for _ in records:
                pass


@pytest.mark.parametrize("scope", ["run", "project"])
async def test_a_cursor_that_is_lost_is_taken_up_where_it_was(
    scope: str, short_run: Run, shared_store: Store, shared_settings: Settings
):
    wanted = RecordList(project_id=short_run.project_id, run_id=short_run.id if scope == "run" else None)
    found: list[int] = []
    lost = 0
    async with AsyncMongoClient(shared_settings.mongodb_url) as client:
        database = client[shared_settings.database]
        async for record in shared_store.exports.stream(wanted):
            found.append(record.seq)
            if len(found) in {50, 180}:
                cursors = await open_cursors(client, shared_settings.database)
                answer = await database.command({"killCursors": "records", "cursors": cursors})
                lost += len(answer["cursorsKilled"])

    assert lost == 2
    assert sorted(found) == list(range(350))
    assert found == (sorted(found) if scope == "run" else sorted(found, reverse=True))


async def test_a_filter_by_items_reads_theirs_only(short_run: Run, shared_store: Store):
    other = replace(a_record(short_run, 350), item_id=f"{3:024x}")
    await shared_store.records.add([other])
    wanted = RecordList(project_id=short_run.project_id, wanted=RecordFilter(item_ids=(f"{3:024x}",)))
    assert [record.seq async for record in shared_store.exports.stream(wanted)] == [350, 3]
