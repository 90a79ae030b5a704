"""The API process and the database, killed again and again while spans come in: what was acknowledged is there."""

import asyncio
import os
import random
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import httpx
from google.rpc.status_pb2 import Status

from evalyard_core.domain.access import Project
from evalyard_core.domain.lists import PageRequest, TraceList
from evalyard_core.domain.payload import now
from evalyard_core.domain.traces.spans import ReceivedSpan, Span
from evalyard_core.domain.traces.trace import Trace, traces_of
from evalyard_core.settings import Settings
from evalyard_core.storage import Store
from evalyard_server.embedded.folder import DataFolder
from evalyard_server.embedded.process import ChildSpec, Stage
from evalyard_server.embedded.servers import EMBEDDED
from evalyard_server.listening import open_listener
from evalyard_server.supervisor import BackOff, Supervisor
from tests.fixtures.core import a_project
from tests.fixtures.otlp import PROTOBUF, as_protobuf
from tests.fixtures.servers import MEMORY
from tests.fixtures.spans import a_received, span_id

ROOT: Final = Path(__file__).parents[2]
DATABASE, API = "the database", "the API"
KILLS: Final = (API, DATABASE, API, DATABASE)
SENDERS: Final = 3
#: Spans of a trace come in two requests, so that each request finds half of its traces there.
SPANS_A_TRACE: Final = 8
TRACES_A_REQUEST: Final = 12


@dataclass(frozen=True)
class Place:
    """A database and an API process that are started again whenever they die."""

    supervisor: Supervisor
    mongodb_url: str
    url: str

    def kill(self, name: str) -> None:
        """Kill one of them, if it lives."""
        pid = self.supervisor.pids().get(name)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)


@asynccontextmanager
async def place(broker_url: str) -> AsyncIterator[Place]:
    """Start both."""
    supervisor = Supervisor(lambda _: None, BackOff(first_seconds=0.1, most_seconds=0.4))
    with (
        tempfile.TemporaryDirectory(prefix="evalyard-test-", dir=MEMORY) as temporary,
        open_listener("127.0.0.1", 0) as listener,
    ):
        port = listener.getsockname()[1]
        listener.close()
        folder = DataFolder.lock(Path(temporary))
        try:
            database = EMBEDDED["mongodb_url"](folder, Settings())
            await supervisor.start([database.spec])
            await supervisor.start([_api(port, database.url, broker_url, Path(temporary) / "api.log")])
            yield Place(supervisor, database.url, f"http://127.0.0.1:{port}")
        finally:
            await supervisor.stop()
            folder.close()


def _api(port: int, mongodb_url: str, broker_url: str, log: Path) -> ChildSpec:
    async def settle() -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            while True:
                try:
                    await client.get(f"http://127.0.0.1:{port}/healthz")
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
                else:
                    return

    environment = {
        "EVALYARD_MONGODB_URL": mongodb_url,
        "EVALYARD_DATABASE": "killed",
        "EVALYARD_BROKER_URL": broker_url,
        "EVALYARD_PORT": str(port),
        "EVALYARD_AUTH": "none",
        "PYTHONPATH": str(ROOT),
    }
    return ChildSpec(
        name=API,
        stage=Stage.API,
        command=[sys.executable, "-m", "evalyard.cli", "serve"],
        settle=settle,
        explain=lambda code, output: f"it ended with {code}: {output}",
        environment=environment,
        log=log,
    )


class Sender:
    """An application that sends each request again until it is acknowledged."""

    def __init__(self, place: Place, project: Project, number: int) -> None:
        self._place = place
        self._project = project
        self._number = number
        self.acknowledged: list[ReceivedSpan] = []
        self.refusals = 0

    async def run(self, ended: asyncio.Event) -> None:
        """Send until it is the end; what is not acknowledged then is given up."""
        async with httpx.AsyncClient(trust_env=False, timeout=10, headers=PROTOBUF) as client:
            first = self._number * 1_000_000
            while not ended.is_set():
                for part in (slice(0, None, 2), slice(1, None, 2)):
                    await self._send(client, [spans[part] for spans in _traces(first)], ended)
                first += TRACES_A_REQUEST

    async def _send(self, client: httpx.AsyncClient, traces: list[list[ReceivedSpan]], ended: asyncio.Event) -> None:
        spans = [span for part in traces for span in part]
        body = as_protobuf(*spans, resource={"evalyard.project": self._project.name})
        while not ended.is_set():
            try:
                response = await client.post(f"{self._place.url}/v1/traces", content=body)
            except httpx.TransportError:
                await asyncio.sleep(0.02)
                continue
            if response.status_code == 200:
                self.acknowledged += spans
                return
            assert response.status_code in {429, 503}, response.content
            self.refusals += 1
            await asyncio.sleep(0.02)


def _traces(first: int) -> list[list[ReceivedSpan]]:
    return [
        [a_received(n, first + trace, parent=None if n == 0 else 0) for n in range(SPANS_A_TRACE)]
        for trace in range(TRACES_A_REQUEST)
    ]


async def test_every_acknowledged_span_survives_and_every_figure_is_right(broker_url: str) -> None:
    source = random.Random(5)
    async with place(broker_url) as here:
        project = await _project(here)
        senders = [Sender(here, project, number) for number in range(1, SENDERS + 1)]
        ended = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for sender in senders:
                group.create_task(sender.run(ended))
            for name in KILLS:
                await _until_more_is_acknowledged(senders, SENDERS * 3)
                await asyncio.sleep(source.uniform(0, 0.3))
                here.kill(name)
            await _until_more_is_acknowledged(senders, SENDERS * 3)
            here.kill(API)
            ended.set()
        store = await _opened(here)
        stored, traces = await _stored(store, project)
        await store.close()
    acknowledged = [(span.trace_id, span.span_id) for sender in senders for span in sender.acknowledged]
    assert len(acknowledged) > 1_000
    assert set(acknowledged) - {(span.received.trace_id, span.received.span_id) for span in stored} == set()
    expected = traces_of(stored, now())
    assert {key: replace(trace, received_at=expected[key].received_at) for key, trace in traces.items()} == expected


async def test_while_the_database_does_not_answer_senders_are_told_to_come_again(broker_url: str) -> None:
    async with place(broker_url) as here:
        project = await _project(here)
        body = as_protobuf(a_received(0), resource={"evalyard.project": project.name})
        database = here.supervisor.pids()[DATABASE]
        async with httpx.AsyncClient(base_url=here.url, trust_env=False, timeout=60, headers=PROTOBUF) as client:
            os.kill(database, signal.SIGSTOP)
            try:
                refused = await client.post("/v1/traces", content=body)
            finally:
                os.kill(database, signal.SIGCONT)
            async with asyncio.timeout(60):
                while (taken := await client.post("/v1/traces", content=body)).status_code != 200:
                    assert taken.status_code == 503
        store = await _opened(here)
        [span], [trace] = await _stored(store, project)
        await store.close()
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert Status.FromString(refused.content).code == 14
    assert span.received.span_id == span_id(0)
    assert trace.endswith(span.received.trace_id)


async def _until_more_is_acknowledged(senders: list[Sender], requests: int) -> None:
    """Wait until so many requests more have been acknowledged: the place works again."""
    async with asyncio.timeout(120):
        goal = sum(len(sender.acknowledged) for sender in senders) + requests * TRACES_A_REQUEST * SPANS_A_TRACE // 2
        while sum(len(sender.acknowledged) for sender in senders) < goal:
            await asyncio.sleep(0.02)


async def _opened(here: Place) -> Store:
    return await Store.open(here.mongodb_url, "killed", wait_seconds=60)


async def _project(here: Place) -> Project:
    store = await _opened(here)
    project = a_project(name="killed")
    await store.projects.insert(project)
    await store.close()
    return project


async def _stored(store: Store, project: Project) -> tuple[list[Span], dict[str, Trace]]:
    """Return all spans and traces that there are."""
    spans = [store.spans._codec.decode(row) async for row in store.spans._rows.find({"project_id": project.id})]
    traces: dict[str, Trace] = {}
    after: str | None = None
    while True:
        request = PageRequest(of=TraceList(project_id=project.id), first=100, after=after)
        [page] = await store.traces.pages([request])
        traces |= {trace.id: trace for trace in page.items}
        if not page.has_next:
            return spans, traces
        after = page.cursors[-1]
