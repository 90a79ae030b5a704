"""A system under test that counts how it is called, for tests of limits: real HTTP on the loopback interface."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.fixtures.api import serve

#: Answers a call that was counted, the first being 1; None for an answer as usual.
Refuse = Callable[[int], Response | None]


@dataclass
class CountedSystem:
    """The server as a test sees it; `seconds` is what a call takes, `cost_usd` what it costs."""

    port: int = 0
    seconds: float = 0.0
    cost_usd: float = 0.0
    tokens: int = 0
    refuse: Refuse = lambda _: None
    begun: list[float] = field(default_factory=list)
    answered: int = 0
    in_flight: int = 0
    most_in_flight: int = 0

    @property
    def config(self) -> dict[str, Any]:
        """The config of an `http` target that calls it."""
        return {
            "url": f"http://127.0.0.1:{self.port}/",
            "output": "answer",
            "cost_usd": "cost",
            "prompt_tokens": "tokens",
        }

    @property
    def span_seconds(self) -> float:
        """The time between the first call and the last."""
        return max(self.begun) - min(self.begun)

    async def answer(self, request: Request) -> Response:
        body = await request.json()
        self.begun.append(time.monotonic())
        refusal = self.refuse(len(self.begun))
        if refusal is not None:
            return refusal
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.in_flight -= 1
        self.answered += 1
        return JSONResponse({"answer": body["answer"], "cost": self.cost_usd, "tokens": self.tokens})


@contextlib.asynccontextmanager
async def counted_system(**options: Any) -> AsyncIterator[CountedSystem]:
    """Serve on a free port until the end of the block."""
    system = CountedSystem(**options)
    async with serve(Starlette(routes=[Route("/", system.answer, methods=["POST"])])) as listening:
        system.port = listening.port
        yield system
