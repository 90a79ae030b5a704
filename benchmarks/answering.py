"""Systems under test that answer at once with what the input says: a function, and an HTTP server."""

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


async def answer(input: Any) -> Any:
    """Answer as a Python target."""
    return input["answer"]


async def answer_http(request: Request) -> JSONResponse:
    """Answer over HTTP."""
    return JSONResponse({"output": (await request.json())["answer"]})


app = Starlette(routes=[Route("/", answer_http, methods=["POST"])])
