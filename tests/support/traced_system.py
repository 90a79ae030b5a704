"""A system under test behind HTTP that is instrumented: it continues the trace that it is called with."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from evalyard_core.domain.traces.spans import ReceivedSpan
from tests.fixtures.api import serve
from tests.fixtures.spans import a_received, span_id


@dataclass
class TracedSystem:
    """Answers what the input says to, after as many failures as it says; keeps the contexts of its calls."""

    url: str = ""
    contexts: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def spans(self, answer: str, *tools: str) -> list[ReceivedSpan]:
        """Return what it would export of its last call for an answer: itself, and the tools that it ran."""
        trace_id, parent = self.contexts[answer][-1]
        agent = a_received(0, name="agent", trace_id=trace_id, span_id=span_id(0), parent_span_id=parent)
        ran = [
            a_received(n, parent=0, name=name, trace_id=trace_id, attributes={"openinference.span.kind": "TOOL"})
            for n, name in enumerate(tools, 1)
        ]
        return [agent, *ran]

    async def answer(self, request: Request) -> Response:
        """Answer a call."""
        asked: dict[str, Any] = await request.json()
        _, trace_id, parent, _ = request.headers["traceparent"].split("-")
        calls = self.contexts.setdefault(asked["answer"], [])
        calls.append((trace_id, parent))
        if len(calls) <= asked.get("fails", 0):
            return Response(status_code=503, headers={"Retry-After": "0"})
        return JSONResponse({"answer": asked["answer"]})


@contextlib.asynccontextmanager
async def traced_system() -> AsyncIterator[TracedSystem]:
    """Serve a system until the end of the block."""
    system = TracedSystem()
    async with serve(Starlette(routes=[Route("/", system.answer, methods=["POST"])])) as server:
        system.url = server.url
        yield system
