"""What applications send, taken in by a collector of the tests, or read from a file that one sent some time ago."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evalyard_core.domain.traces.spans import ReceivedSpan
from evalyard_server.otlp.json_text import read_json
from evalyard_server.otlp.protobuf import read_protobuf
from evalyard_server.otlp.sent import Sent
from tests.fixtures.api import serve
from tests.support.openai_replies import Reply, ToolCall
from tests.support.openai_server import OpenAIServer, openai_server

_APPLICATIONS: Final = Path(__file__).parent / "applications"
_RECORDED: Final = Path(__file__).parent / "recorded_spans"


@dataclass
class Collector:
    """Where spans are sent to, and those that came."""

    url: str = ""
    spans: list[ReceivedSpan] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        """Keep the spans of a request."""
        self.spans += spans_of(read_protobuf(await request.body()))
        return Response(media_type="application/x-protobuf")


@contextlib.asynccontextmanager
async def collector() -> AsyncIterator[Collector]:
    """Collect until the end of the block."""
    collecting = Collector()
    async with serve(Starlette(routes=[Route("/v1/traces", collecting.take, methods=["POST"])])) as listening:
        collecting.url = listening.url
        yield collecting


def recorded(name: str) -> list[ReceivedSpan]:
    """Return the spans of a file of `recorded_spans`, whose README says what sent them."""
    return spans_of(read_json((_RECORDED / f"{name}.json").read_bytes()))


def spans_of(sent: Sequence[Sent]) -> list[ReceivedSpan]:
    """Return the spans of a request, in the order in which they began; none may be rejected."""
    assert not any(part.rejected for part in sent)
    return sorted((span for part in sent for span in part.spans), key=lambda span: span.start_ns)


async def run_assistant(instrumentation: str, model: OpenAIServer, endpoint: str, **environment: str) -> None:
    """Let an assistant do what it does, in a process that knows nothing of the tests, its spans sent to an endpoint."""
    replies = Reply(
        tool_calls=[ToolCall("weather", {"city": "Paris"})],
        prompt_tokens=40,
        completion_tokens=9,
        cached_tokens=16,
        reasoning_tokens=4,
    )
    model.chat.answers(replies, Reply("It is 18 degrees.", prompt_tokens=60), Reply("Hello to you!"))
    told = {
        "PATH": os.environ["PATH"],
        "OPENAI_BASE_URL": model.url,
        "OPENAI_API_KEY": model.key,
        "OTEL_SERVICE_NAME": "assistant",
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "SPAN_ONLY",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(_APPLICATIONS / f"with_{instrumentation}.py")),
        env=told | environment,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 0, said.decode()


async def spans_of_assistant(instrumentation: str) -> list[ReceivedSpan]:
    """Run the assistant beside a model and a collector of its own, and return what it sent."""
    async with openai_server() as model, collector() as collecting:
        await run_assistant(instrumentation, model, collecting.url)
        return sorted(collecting.spans, key=lambda span: span.start_ns)
