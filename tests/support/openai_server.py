"""An OpenAI-compatible server for tests: real HTTP on the loopback interface, answers and faults as a test says.

It stands for a paid service. `tests/fixtures/openai.py` has it as a fixture:

    openai.chat.answers("Paris")                              # the same to whoever asks
    openai.chat.answers(Fault.rate_limit("1"), Reply("Paris", cached_tokens=8))   # in turn, the last one from then on
    openai.chat.answers(lambda asked: asked.prompt.upper())   # or made of what was asked; may be async

Without a script, a chat model repeats the last message, or gives an instance of the JSON Schema that it is asked for,
and an embedding model gives each text a vector of its own.
"""

import asyncio
import contextlib
import hashlib
import inspect
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.fixtures.api import serve
from tests.support.openai_replies import Fault, Raw, Reply, Silence, embeddings, instance_of

KEY: Final = "sk-test-7f3a"
CHAT_MODEL: Final = "test-chat"
EMBEDDING_MODEL: Final = "test-embedding"


@dataclass(frozen=True)
class Asked:
    """A request that the server received; header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: Any

    @property
    def prompt(self) -> str:
        """The text of all messages, or of all that is to be embedded."""
        if "messages" in self.body:
            return "\n".join(str(message["content"]) for message in self.body["messages"])
        return "\n".join(_texts(self.body["input"]))


Step = Reply | Fault | Raw | Silence | str | dict[str, Any] | list[list[float]] | None
Script = Step | Callable[[Asked], Any]


class Endpoint:
    """What one path answers."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._script: list[Script] = [None]

    def answers(self, *script: Script) -> None:
        """Give these answers in turn, and the last of them from then on."""
        self._script = list(script)

    async def next(self, asked: Asked) -> Any:
        """Keep what was asked and return what to answer; None for what is usual."""
        self.asked.append(asked)
        step = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if callable(step):
            step = step(asked)
        return await step if inspect.isawaitable(step) else step


@dataclass
class OpenAIServer:
    """The server as a test sees it; `reset` makes it new."""

    port: int = 0
    key: str = ""
    models: list[str] = field(default_factory=list)
    chat: Endpoint = field(default_factory=Endpoint)
    embeddings: Endpoint = field(default_factory=Endpoint)
    most_at_once: int = 0
    connections: set[tuple[str, int]] = field(default_factory=set)
    _at_once: int = 0

    def __post_init__(self) -> None:
        self.reset()

    @property
    def url(self) -> str:
        """What clients call their base URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    def reset(self) -> None:
        """Forget scripts, requests and counts."""
        self.key = KEY
        self.models = [CHAT_MODEL, EMBEDDING_MODEL]
        self.chat, self.embeddings = Endpoint(), Endpoint()
        self.connections.clear()
        self.most_at_once = 0

    @contextlib.contextmanager
    def count(self, request: Request) -> Iterator[None]:
        """Count the requests that are answered at once, and the connections that they come by."""
        if request.client is not None:
            self.connections.add((request.client.host, request.client.port))
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            self._at_once -= 1


@contextlib.asynccontextmanager
async def openai_server() -> AsyncIterator[OpenAIServer]:
    """Serve on a free port until the end of the block."""
    server = OpenAIServer()
    async with serve(_application(server)) as listening:
        server.port = listening.port
        yield server


def _application(server: OpenAIServer) -> Starlette:
    async def chat(request: Request) -> Response:
        with server.count(request):
            return await _checked(server, request, server.chat, "messages", _complete)

    async def embed(request: Request) -> Response:
        with server.count(request):
            return await _checked(server, request, server.embeddings, "input", _embed)

    async def models(request: Request) -> Response:
        refused = _refuse_key(server, request)
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "tests"} for name in server.models]
        return refused or JSONResponse({"object": "list", "data": data})

    return Starlette(
        routes=[
            Route("/v1/chat/completions", chat, methods=["POST"]),
            Route("/v1/embeddings", embed, methods=["POST"]),
            Route("/v1/models", models),
        ]
    )


async def _checked(
    server: OpenAIServer,
    request: Request,
    endpoint: Endpoint,
    needed: str,
    answer: Callable[[dict[str, Any], Asked, Any], Response],
) -> Response:
    if refused := _refuse_key(server, request):
        return refused
    asked = Asked(request.url.path, dict(request.headers), await _json(request))
    step = await endpoint.next(asked)
    if isinstance(step, Silence):
        await _until_gone(request)
        return Response(status_code=499)
    if isinstance(step, Raw):
        return Response(step.body, step.status, media_type=step.content_type)
    fault = step if isinstance(step, Fault) else _fault(server, asked.body, needed)
    return _error(fault) if fault else answer(asked.body, asked, step)


def _complete(body: dict[str, Any], asked: Asked, step: Any) -> Response:
    reply = step if isinstance(step, Reply) else Reply(_usual(body, asked) if step is None else step)
    if not body.get("stream"):
        return JSONResponse(reply.completion(body["model"]))
    with_usage = (body.get("stream_options") or {}).get("include_usage", False)
    return StreamingResponse(_events(reply, body["model"], with_usage=with_usage), media_type="text/event-stream")


async def _events(reply: Reply, model: str, *, with_usage: bool) -> AsyncIterator[bytes]:
    for sent, chunk in enumerate(reply.chunks(model, with_usage=with_usage)):
        if sent == reply.cut_after:
            # Whoever reads sees a body that lacks its end, as when a gateway dies.
            raise asyncio.CancelledError
        yield f"data: {json.dumps(chunk)}\n\n".encode()
    yield b"data: [DONE]\n\n"


def _usual(body: dict[str, Any], asked: Asked) -> Any:
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        return instance_of(wanted["json_schema"]["schema"])
    return asked.body["messages"][-1]["content"]


def _embed(body: dict[str, Any], asked: Asked, step: Any) -> Response:
    texts = _texts(body["input"])
    vectors: Sequence[Sequence[float]] = [_vector(text) for text in texts] if step is None else step
    tokens = sum(len(text.split()) for text in texts)
    return JSONResponse(embeddings(vectors, body["model"], tokens, body.get("encoding_format", "float")))


def _vector(text: str) -> list[float]:
    """Return 8 numbers that are another's for another text; exact as 32-bit floats."""
    return [byte / 128 - 1 for byte in hashlib.sha256(text.encode()).digest()[:8]]


def _texts(given: str | list[str]) -> list[str]:
    return [given] if isinstance(given, str) else given


async def _json(request: Request) -> Any:
    try:
        return await request.json()
    except ValueError:
        return None


def _fault(server: OpenAIServer, body: Any, needed: str) -> Fault | None:
    if not isinstance(body, dict) or not body.get(needed):
        return Fault(400, f"Missing required parameter: '{needed}'.", "invalid_request_error", "missing_required")
    if body.get("model") not in server.models:
        message = f"The model `{body.get('model')}` does not exist or you do not have access to it."
        return Fault(404, message, "invalid_request_error", "model_not_found")
    return None


def _refuse_key(server: OpenAIServer, request: Request) -> Response | None:
    given = request.headers.get("authorization")
    if given == f"Bearer {server.key}":
        return None
    # OpenAI shows the key that it was given in part; whoever stores the message has to take it out.
    message = f"Incorrect API key provided: {(given or '').removeprefix('Bearer ')}."
    return _error(Fault(401, message, "invalid_request_error", "invalid_api_key"))


def _error(fault: Fault) -> Response:
    return JSONResponse(fault.as_json(), fault.status, headers=dict(fault.headers))


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue
