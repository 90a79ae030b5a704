"""A log line for each request to the API, and a name by which its other lines are found."""

import re
import secrets
from time import perf_counter
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = structlog.get_logger(__name__)

_NAME: Final = re.compile(r"[\w.-]{1,64}")
_SLOW_SECONDS: Final = 1.0


class RequestLog:
    """Names each request in the log and in `X-Request-ID`; a name that a proxy gave is kept.

    What went well and quickly is told at level debug only, so that a busy server stays readable.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI)."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        name = given if _NAME.fullmatch(given) else secrets.token_hex(8)
        with structlog.contextvars.bound_contextvars(request=name):
            if scope["type"] == "http":
                await self._serve(name, scope, receive, send)
            else:
                await self._app(scope, receive, send)

    async def _serve(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        status, begun = 500, perf_counter()

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                MutableHeaders(scope=message)["X-Request-ID"] = name
            await send(message)

        try:
            await self._app(scope, receive, named)
        finally:
            _tell(scope, status, perf_counter() - begun)


def _tell(scope: Scope, status: int, seconds: float) -> None:
    tell = _log.info if status >= 400 or seconds > _SLOW_SECONDS else _log.debug
    tell("request", method=scope["method"], path=scope["path"], status=status, milliseconds=round(seconds * 1000, 1))
