"""A server that starts workflows as GitHub's REST API does, for tests: real HTTP on the loopback interface.

It stands for a service that nobody can host. What a started workflow does, the test does itself.
"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.fixtures.api import serve

TOKEN: Final = "ghp-test-5c1e"


@dataclass
class ActionsServer:
    """The server as a test sees it; `refusals` are the answers to the next requests."""

    port: int = 0
    asked: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[Response] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def dispatch(self, request: Request) -> Response:
        body = await request.json()
        self.asked.append({"path": request.url.path, "headers": dict(request.headers), "body": body})
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"message": f"Bad credentials: {request.headers.get('authorization')}"}, 401)
        if self.refusals:
            return self.refusals.pop(0)
        if not body.get("return_run_details"):
            return Response(status_code=204)
        watch = {"workflow_run_id": 7, "run_url": f"{self.url}/runs/7", "html_url": "https://code.example/runs/7"}
        return JSONResponse(watch)


@contextlib.asynccontextmanager
async def actions_server() -> AsyncIterator[ActionsServer]:
    """Serve on a free port until the end of the block."""
    server = ActionsServer()
    path = "/repos/{owner}/{name}/actions/workflows/{workflow}/dispatches"
    async with serve(Starlette(routes=[Route(path, server.dispatch, methods=["POST"])])) as listening:
        server.port = listening.port
        yield server
