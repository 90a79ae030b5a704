"""More than there is room for: senders are told to wait, and what they send again is taken."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from google.rpc.status_pb2 import Status

from evalyard_core.domain.traces.spans import trace_key
from evalyard_core.settings import Settings
from evalyard_core.storage import Store
from evalyard_server.assembly import assemble
from tests.fixtures.api import Server, serve
from tests.fixtures.otlp import PROTOBUF, as_protobuf
from tests.fixtures.spans import a_received, trace_id
from tests.fixtures.tiny_schema import INTERFACE
from tests.integration.conftest import Key

TRACE = 77


@pytest.fixture
async def small_server(shared_settings: Settings) -> AsyncIterator[Server]:
    """Return a server with room for a megabyte."""
    settings = shared_settings.model_copy(update={"auth": "keys", "traces_in_flight_mb": 1})
    async with serve(assemble(settings, INTERFACE)) as server:
        yield server


async def _post(server: Server, body: bytes, key: Key) -> httpx.Response:
    async with server.client() as client:
        return await client.post("/v1/traces", content=body, headers={**key.headers, **PROTOBUF})


async def test_who_comes_when_there_is_no_room_is_told_to_wait(
    small_server: Server, shared_store: Store, project_id: str, project_key: Key
) -> None:
    long = as_protobuf(a_received(0, TRACE, attributes={"text": "x" * 900_000}))
    other = as_protobuf(a_received(1, TRACE, attributes={"text": "x" * 200_000}))
    reader, writer = await asyncio.open_connection("127.0.0.1", small_server.port)
    lines = {**project_key.headers, **PROTOBUF, "Host": "localhost", "Content-Length": str(len(long))}
    writer.write(
        ("POST /v1/traces HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in lines.items()) + "\r\n").encode()
    )
    writer.write(long[:-1])
    await writer.drain()

    async with asyncio.timeout(20):
        while (refused := await _post(small_server, other, project_key)).status_code == 200:
            await asyncio.sleep(0.01)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert Status.FromString(refused.content).code == 8

    writer.write(long[-1:])
    assert b" 200 " in await asyncio.wait_for(reader.readline(), 20)
    writer.close()
    await writer.wait_closed()
    async with asyncio.timeout(20):
        while (await _post(small_server, other, project_key)).status_code != 200:
            await asyncio.sleep(0.01)
    trace = await shared_store.traces.get(trace_key(project_id, trace_id(TRACE)))
    assert trace is not None
    assert trace.span_count == 2


async def test_a_request_that_never_has_room_is_refused_before_it_is_read(
    small_server: Server, project_key: Key
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", small_server.port)
    lines = {**project_key.headers, **PROTOBUF, "Host": "localhost", "Content-Length": "1000001"}
    writer.write(
        ("POST /v1/traces HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in lines.items()) + "\r\n").encode()
    )
    assert b" 413 " in await asyncio.wait_for(reader.readline(), 20)
    writer.close()
    await writer.wait_closed()
