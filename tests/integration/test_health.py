"""Health, readiness and figures, and a start that fails."""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.exceptions import ConnectionClosed

from evalyard_core.domain.payload import now
from evalyard_core.domain.plugins import Worker
from evalyard_core.domain.runs import Progress, RunStatus
from evalyard_core.settings import Settings
from evalyard_core.storage import Store
from evalyard_server.assembly import assemble
from evalyard_server.embedded.folder import DataFolder
from evalyard_server.embedded.servers import EMBEDDED
from evalyard_server.supervisor import Supervisor
from tests.fixtures.api import Server, open_session, receive, send, serve
from tests.fixtures.objects import a_run
from tests.fixtures.tiny_schema import INTERFACE

NOWHERE = "redis://127.0.0.1:1/0"


async def figures(server: Server) -> dict[tuple[str, ...], float]:
    """Return the server's figures by name and label values, in the order of the labels' names."""
    async with server.client() as client:
        response = await client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    samples = [sample for family in text_string_to_metric_families(response.text) for sample in family.samples]
    return {(sample.name, *(text for _, text in sorted(sample.labels.items()))): sample.value for sample in samples}


async def test_a_server_with_all_its_parts_is_ready(open_server, shared_store):
    worker = Worker(id="w1", host="here", process=1, started_at=now(), evaluators=(), targets=())
    async with open_server.client() as client:
        alone = await client.get("/readyz")
        await shared_store.workers.publish(worker)
        complete = await client.get("/readyz")
        alive = await client.get("/healthz")

    assert alone.status_code == complete.status_code == alive.status_code == 200
    assert alone.json() == {
        "status": "ready",
        "missing": [],
        "database": "ok",
        "broker": "ok",
        "workers": 0,
        "warning": "No worker is alive: runs wait until one starts (evalyard worker).",
    }
    assert complete.json() == {"status": "ready", "missing": [], "database": "ok", "broker": "ok", "workers": 1}
    assert alive.json() == {"status": "alive"}


async def test_a_missing_broker_is_named_and_queries_are_still_answered(shared_settings):
    settings = shared_settings.model_copy(update={"broker_url": NOWHERE})
    async with serve(assemble(settings, INTERFACE)) as server, server.client() as client:
        ready = await client.get("/readyz")
        alive = await client.get("/healthz")
        answer = await client.post("/graphql", json={"query": "{ who }"})

    assert (ready.status_code, alive.status_code, answer.status_code) == (503, 200, 200)
    assert (ready.json()["status"], ready.json()["missing"]) == ("unready", ["broker"])
    assert (
        ready.json()["broker"] == "The broker at 127.0.0.1:1 does not answer: start it, or correct EVALYARD_BROKER_URL."
    )


async def test_figures(open_server, shared_store):
    await shared_store.runs.add(a_run())
    await shared_store.runs.add(a_run(status=RunStatus.COMPLETED))
    before = await figures(open_server)
    async with open_server.client() as client, open_server.connect() as socket:
        await client.post("/graphql", json={"query": "{ who }"})
        await client.post("/graphql", json={"query": "{ who forbidden }"})
        await client.post("/graphql", json={"query": "{ nope }"})
        await client.post("/graphql", json={"query": "{"})
        await client.post("/graphql", content=b"NONSENSE")
        await open_session(socket)
        run = a_run()
        await shared_store.runs.add(run)
        await send(
            socket,
            {"id": "1", "type": "subscribe", "payload": {"query": f'subscription {{ progress(runId: "{run.id}") }}'}},
        )
        await receive(socket)
        after = await figures(open_server)

    grown = {key: value - before.get(key, 0) for key, value in after.items() if key[0].startswith("evalyard_")}
    operations = {
        key[1:]: value for key, value in grown.items() if key[0] == "evalyard_graphql_operations_total" and value
    }
    assert operations == {
        ("ok", "query"): 1,
        ("errors", "query"): 1,
        ("refused", "query"): 1,
        ("refused", "unknown"): 1,
        ("ok", "subscription"): 1,
    }
    assert grown["evalyard_graphql_operation_seconds_count", "query"] == 3
    assert grown["evalyard_http_refusals_total", "415"] == 1
    assert grown["evalyard_subscriptions",] == grown["evalyard_websocket_connections",] == 1
    assert after["evalyard_unfinished_runs", "RUNNING"] == 2
    assert after["evalyard_unfinished_runs", "PENDING"] == 0
    assert after["process_resident_memory_bytes",] > 0


SERVE = """
import sys
import uvicorn
from evalyard_core.settings import Settings
from evalyard_server.assembly import assemble
from tests.fixtures.tiny_schema import INTERFACE
uvicorn.run(assemble(Settings(), INTERFACE), port=0, lifespan="on", log_config=None)
"""


async def test_a_start_without_a_database_is_a_sentence():
    environment = {
        **os.environ,
        "EVALYARD_AUTH": "none",
        "EVALYARD_MONGODB_URL": "mongodb://127.0.0.1:1/?directConnection=true",
        "EVALYARD_BROKER_URL": NOWHERE,
    }
    ended = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", SERVE], env=environment, capture_output=True, text=True, timeout=60
    )

    assert ended.returncode != 0
    assert "MongoDB can't be reached or used (" in ended.stderr
    assert "Start it, or correct EVALYARD_MONGODB_URL." in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.fixture
async def mongod() -> AsyncIterator[tuple[str, Callable[[], int | None], Supervisor]]:
    """Return the URL of a database of its own, what tells its process id, and who starts it again when it dies."""
    with tempfile.TemporaryDirectory(prefix="evalyard-test-") as temporary:
        folder = DataFolder.lock(Path(temporary))
        supervisor = Supervisor(warn=print)
        try:
            server = EMBEDDED["mongodb_url"](folder, Settings())
            await supervisor.start([server.spec])
            yield server.url, lambda: supervisor.pids().get(server.spec.name), supervisor
        finally:
            await supervisor.stop()
            folder.close()


async def test_a_database_that_hangs_is_named(mongod, broker_url):
    url, process_id, _ = mongod
    settings = Settings(mongodb_url=url, broker_url=broker_url, auth="none")
    async with serve(assemble(settings, INTERFACE)) as server, server.client() as client:
        before = await client.get("/readyz")
        os.kill(process_id(), signal.SIGSTOP)
        try:
            away, alive = await client.get("/readyz"), await client.get("/healthz")
        finally:
            os.kill(process_id(), signal.SIGCONT)
        again = await until_ready(client)

    assert (before.status_code, away.status_code, alive.status_code) == (200, 503, 200)
    assert away.json()["missing"] == ["database"]
    assert re.match(r"^The database did not answer within \d seconds\.$|^No primary", away.json()["database"])
    assert again.json()["missing"] == []


async def test_a_database_that_dies_and_comes_back_costs_no_change(mongod, broker_url):
    """Who watched a run before its database was killed sees what happens to it afterwards."""
    url, process_id, _ = mongod
    settings = Settings(mongodb_url=url, broker_url=broker_url, auth="none")
    run = a_run()
    async with (
        serve(assemble(settings, INTERFACE)) as server,
        server.client() as client,
        server.connect() as socket,
        closing_store(url, settings.database) as store,
    ):
        await store.runs.add(run)
        await open_session(socket)
        query = f'subscription {{ progress(runId: "{run.id}") }}'
        await send(socket, {"id": "1", "type": "subscribe", "payload": {"query": query}})
        first = await receive(socket)

        killed = process_id()
        os.kill(killed, signal.SIGKILL)
        async with asyncio.timeout(20):
            while process_id() in {killed, None}:
                await asyncio.sleep(0.01)
        await until_ready(client)
        await store.runs.add_progress(run.id, Progress(completed=5), {})
        second = await receive(socket)

    assert (first["payload"], second["payload"]) == ({"data": {"progress": 0}}, {"data": {"progress": 5}})


async def test_without_a_database_a_request_is_answered_with_503(mongod, broker_url):
    url, _, supervisor = mongod
    settings = Settings(mongodb_url=url, broker_url=broker_url, auth="keys")
    async with serve(assemble(settings, INTERFACE)) as server, server.client() as client:
        await supervisor.stop()
        response = await client.post("/graphql", json={"query": "{ who }"}, headers={"authorization": "Bearer evy_x"})
        export = await client.get("/exports/runs/UnVuOjE=.csv", headers={"authorization": "Bearer evy_x"})
        figures = await client.get("/metrics")
        async with server.connect() as socket:
            await send(socket, {"type": "connection_init", "payload": {"apiKey": "evy_x"}})
            with contextlib.suppress(ConnectionClosed):
                await socket.recv()

    assert (response.status_code, export.status_code, figures.status_code) == (503, 503, 200)
    assert export.json() == {
        "code": "INTERNAL",
        "message": "The database can't be reached at the moment; try again.",
    }
    assert response.json() == {
        "errors": [
            {
                "message": "The database can't be reached at the moment; try again.",
                "extensions": {"code": "INTERNAL"},
            }
        ]
    }
    assert (socket.close_code, socket.close_reason) == (1013, "The database can't be reached at the moment.")


@contextlib.asynccontextmanager
async def closing_store(url: str, database: str) -> AsyncIterator[Store]:
    store = await Store.open(url, database)
    yield store
    await store.close()


async def until_ready(client: httpx.AsyncClient) -> httpx.Response:
    async with asyncio.timeout(30):
        while (response := await client.get("/readyz")).status_code != 200:
            pass
    return response
