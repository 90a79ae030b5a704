"""Following and judging runs: across a connection that breaks, and with each exit code."""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

from tests.fixtures.live import Live

from .calling import evalyard

START = "mutation ($input: StartRunInput!) { startRun(input: $input) { id } }"
SUBMIT = "mutation ($id: ID!, $r: [SubmittedRecordInput!]!) { submitRecords(runId: $id, records: $r) { run { id } } }"
FINISH = "mutation ($id: ID!) { finishRun(runId: $id) { id } }"


@dataclass
class Wire:
    """What stands between a client and a server; `cut` breaks what is connected."""

    url: str
    told: asyncio.Event = field(default_factory=asyncio.Event)
    subscriptions: int = 0
    connected: list[asyncio.StreamWriter] = field(default_factory=list)

    def cut(self) -> None:
        """Break all connections at once."""
        for writer in self.connected:
            writer.transport.abort()


@asynccontextmanager
async def wire_to(live: Live) -> AsyncIterator[Wire]:
    """Forward a free port to the server."""
    host, port = urlsplit(live.url).hostname, urlsplit(live.url).port

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to = await asyncio.open_connection(host, port)
        wire.connected += [writer, to]
        with contextlib.suppress(OSError):
            async with asyncio.TaskGroup() as group:
                group.create_task(pump(reader, to))
                group.create_task(pump(there, writer))

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while part := await reader.read(65_536):
            wire.subscriptions += b"graphql-transport-ws" in part and b"GET " in part
            if b'"runProgress"' in part:
                wire.told.set()
            # Without compression, what is told can be seen.
            writer.write(part.replace(b"Sec-WebSocket-Extensions", b"X-Extensions"))
        writer.close()

    async with await asyncio.start_server(forward, "127.0.0.1", 0) as server:
        wire = Wire(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        yield wire
        wire.cut()


async def test_a_broken_connection_is_made_anew(live: Live):
    async with live.client() as asked, wire_to(live) as wire:
        new = {"projectId": await asked.project_id(), "name": "followed"}
        run = (await asked.execute(START, input=new))["startRun"]["id"]
        environment = {"PATH": os.environ["PATH"], **live.environment, "EVALYARD_URL": wire.url}
        watching = asyncio.create_task(asyncio.to_thread(evalyard, "runs", "watch", run, "--json", **environment))
        await wire.told.wait()
        wire.cut()
        await asked.execute(SUBMIT, id=run, r=[{"input": 1, "output": 1}])
        await asked.execute(FINISH, id=run)
        done = await watching

    assert done.returncode == 0, done.stderr
    states = [json.loads(line) for line in done.stdout.splitlines()]
    assert states[-1]["status"] == "COMPLETED"
    assert wire.subscriptions == 2
    revisions = [state["progress"]["revision"] for state in states]
    assert revisions == sorted(set(revisions))


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("gate", "2"), 0, "v1) passed"),
        (("gate", "v1", "--min-pass-rate", "1"), 1, "v1) did not pass"),
        (("gate", "#2", "--max-errored", "0", "--baseline", "3"), 0, "held against run 3."),
        (("gate", "2", "--min-pass-rate", "7"), 2, "--min-pass-rate Input should be less than or equal to 1."),
        (("gate", "nowhere"), 2, "The project has no run 'nowhere'; see `evalyard runs list`."),
        (("gate", "unended", "--max-errored", "0"), 3, "evalyard: Run "),
        (("runs", "watch", "unended", "--timeout", "3"), 3, "has not ended within 3 s; it goes on."),
        (("runs", "start", "--dataset", "support", "--system", "desk@v9"), 2, "has no version 'v9'"),
        (("datasets", "show", "RGF0YXNldDow"), 2, "The project has no dataset"),
        (("evaluators", "create", "x", "--plugin", "y", "--threshold", "0.5"), 2, "does not begin with one of GT"),
    ],
)
async def test_exit_codes(arguments: tuple[str, ...], code: int, sentence: str, live: Live):
    async with live.client() as asked:
        if "unended" in arguments:
            new = {"projectId": await asked.project_id(), "name": "unended"}
            await asked.execute(START, input=new)
    done = await asyncio.to_thread(evalyard, *arguments, PATH=os.environ["PATH"], **live.environment)

    assert done.returncode == code, done.stderr
    assert sentence in done.stdout + done.stderr
