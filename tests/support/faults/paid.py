"""A system under test and a model that judges it, over HTTP: each call is counted, and may be held."""

import asyncio
import contextlib
import json
import re
import threading
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.fixtures.api import serve

COST_USD: Final = 0.25
#: The judge's prompt has an output in it, which has this.
_KEY: Final = re.compile(r"<(\w+) (\w+) (\d+)>")
#: How many items of a dataset are never held.
FREE: Final = 4


def passes(item: int) -> bool:
    """Tell what the judge says of an item."""
    return item % 3 != 0


class Paid:
    """What was asked of the system (`calls`) and of the judge (`judgements`), by run and number of the item.

    An item's input names its moment; what is asked for a moment can be held, from the fifth item on.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        """`seconds` is how long each answer takes."""
        self.port = 0
        self.calls: Counter[tuple[str, int]] = Counter()
        self.judgements: Counter[tuple[str, int]] = Counter()
        self._seconds = seconds
        self._held: set[tuple[str, str]] = set()
        self._waiting: Counter[tuple[str, str, int]] = Counter()
        self._lock = threading.Lock()

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator["Paid"]:
        """Serve until the end of the block."""
        routes = [
            Route("/system", self._answer, methods=["POST"]),
            Route("/v1/chat/completions", self._judge, methods=["POST"]),
        ]
        async with serve(Starlette(routes=routes)) as server:
            self.port = server.port
            yield self

    def hold(self, kind: str, moment: str) -> None:
        """Hold what is asked of the system ("calls") or of the judge ("judgements") for a moment."""
        with self._lock:
            self._held.add((kind, moment))

    def release(self) -> None:
        """Answer all that is held, and what comes."""
        with self._lock:
            self._held.clear()

    def waiting(self, kind: str, run_id: str) -> set[int]:
        """Return the items of a run for which somebody waits for an answer."""
        with self._lock:
            return {item for (what, run, item), many in self._waiting.items() if many and (what, run) == (kind, run_id)}

    async def _answer(self, request: Request) -> JSONResponse:
        asked = await request.json()
        moment, run_id, item = asked["input"]["moment"], asked["run"], asked["input"]["item"]
        await self._take("calls", moment, run_id, item)
        return JSONResponse({"answer": f"<{moment} {run_id} {item}>", "usd": COST_USD})

    async def _judge(self, request: Request) -> JSONResponse:
        found = _KEY.search(json.dumps((await request.json())["messages"]))
        if found is None:
            return JSONResponse({"error": {"message": "The prompt names no output."}}, status_code=400)
        item = int(found[3])
        await self._take("judgements", found[1], found[2], item)
        return JSONResponse(_completion(json.dumps({"explanation": "I looked.", "verdict": passes(item)})))

    async def _take(self, kind: str, moment: str, run_id: str, item: int) -> None:
        place = (kind, run_id, item)
        counted = self.calls if kind == "calls" else self.judgements
        with self._lock:
            counted[run_id, item] += 1
            self._waiting[place] += 1
        try:
            await asyncio.sleep(self._seconds)
            while item >= FREE and (kind, moment) in self._held:
                await asyncio.sleep(0.01)
        finally:
            with self._lock:
                self._waiting[place] -= 1


def _completion(content: str) -> dict[str, Any]:
    """Return an answer as an OpenAI-compatible endpoint gives it."""
    message = {"role": "assistant", "content": content}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return {"id": "1", "object": "chat.completion", "model": "m", "choices": choices, "usage": usage}
