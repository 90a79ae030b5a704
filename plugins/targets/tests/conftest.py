"""A real HTTP server on the loopback interface that answers as a test says and keeps what it was asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest

from evalyard import Target, TargetError, TargetRequest
from evalyard_targets import HttpConfig, HttpTarget, OpenAIConfig, OpenAITarget
from tests.fixtures.openai import openai, openai_process
from tests.support.openai_server import OpenAIServer

__all__ = ["openai", "openai_process"]


@dataclass
class Asked:
    """A request that the server received; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def answer(body: Any = b"", status: int = 200, **headers: str) -> bytes:
    """Write an HTTP answer; anything but bytes becomes JSON with its content type."""
    if not isinstance(body, bytes):
        body, headers = json.dumps(body).encode(), {"content_type": "application/json", **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *lines])
    return f"{head}\r\n\r\n".encode() + body


@dataclass
class ScriptedServer:
    """Answers each request with `reply(asked)`: the bytes to send, or None to hang up."""

    reply: Callable[[Asked], Awaitable[bytes | None]]
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    _handlers: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/ask"

    def answers(self, *answers: bytes | None) -> None:
        """Give these answers in turn, and the last of them from then on."""
        script = list(answers)

        async def reply(_asked: Asked) -> bytes | None:
            return script.pop(0) if len(script) > 1 else script[0]

        self.reply = reply

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._handlers.add(asyncio.ensure_future(self._handle(reader, writer)))

    async def stop(self) -> None:
        """End the connections that are still open, among them those that a test left without an answer."""
        for handler in self._handlers:
            handler.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        try:
            while (asked := await _read_request(reader, number)) is not None:
                self.asked.append(asked)
                sent = await self.reply(asked)
                if sent is None:
                    break
                writer.write(sent)
                await writer.drain()
        except ConnectionError:
            return  # The client has seen enough, as some tests want it to.
        finally:
            writer.close()


async def _read_request(reader: asyncio.StreamReader, connection: int) -> Asked | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    except asyncio.IncompleteReadError:
        return None
    method, path, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(method, path, headers, body, connection)


@pytest.fixture(autouse=True)
def _loopback_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVALYARD_TARGET_ALLOWED_NETWORKS", "127.0.0.0/8,::1")


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async def reply(_asked: Asked) -> bytes:
        return answer({"answer": "Paris"})

    scripted = ScriptedServer(reply)
    listening = await asyncio.start_server(scripted.accept, "127.0.0.1", 0)
    scripted.port = listening.sockets[0].getsockname()[1]
    yield scripted
    listening.close()
    await scripted.stop()


@pytest.fixture
async def make_http_target(server: ScriptedServer) -> AsyncIterator[Callable[..., Awaitable[HttpTarget]]]:
    """Make targets that ask the server, opened, and closed after the test."""
    targets: list[HttpTarget] = []

    async def make(**config: Any) -> HttpTarget:
        target = HttpTarget(HttpConfig.model_validate({"url": server.url} | config))
        targets.append(target)
        await target.open()
        return target

    yield make
    for target in targets:
        await target.close()


@pytest.fixture
def make_answer() -> Callable[..., bytes]:
    return answer


@pytest.fixture
def make_request() -> Callable[..., TargetRequest]:
    def make(input: Any = "What is the capital of France?", **changes: Any) -> TargetRequest:
        values: dict[str, Any] = {
            "metadata": {"user": "u-1"},
            "item_id": "item-1",
            "run_id": "run-1",
            "record_id": "record-1",
            "trial": 2,
            "attempt": 3,
            "timeout_seconds": 5.0,
        }
        return TargetRequest(input=input, **(values | changes))

    return make


@pytest.fixture
async def make_openai(openai: OpenAIServer) -> AsyncIterator[Callable[..., Awaitable[OpenAITarget]]]:
    """Make targets that ask the server with its key, opened, and closed after the test."""
    targets: list[OpenAITarget] = []

    async def make(**config: Any) -> OpenAITarget:
        plain = {"base_url": openai.url, "model": "test-chat", "api_key": "${secret:OPENAI}"}
        target = OpenAITarget(OpenAIConfig.model_validate(plain | config))
        targets.append(target)
        await target.open()
        return target

    yield make
    for target in targets:
        await target.close()


Refusal: TypeAlias = tuple[str, bool, float | None, str]


@pytest.fixture
def refusal_of() -> Callable[[Target[Any], TargetRequest], Awaitable[Refusal]]:
    """Call a target that gives no answer; return code, retryable, retry_after_seconds and message of why."""

    async def call(target: Target[Any], request: TargetRequest) -> Refusal:
        with pytest.raises(TargetError) as caught:
            await target.call(request)
        error = caught.value
        return error.code, error.retryable, error.retry_after_seconds, str(error)

    return call
