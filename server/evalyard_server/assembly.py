"""Routes, middleware, start and end of the application, over any schema."""

import contextlib
import gc
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Message, Receive, Scope, Send

from evalyard_core.logging import configure_logging
from evalyard_core.settings import Settings
from evalyard_core.storage import StoreError
from evalyard_server import graphiql, health
from evalyard_server.exports.view import Exports
from evalyard_server.graphql_http.responses import without_database, without_reason
from evalyard_server.graphql_http.view import GraphQLOverHttp
from evalyard_server.graphql_ws.view import GraphQLOverWebSocket
from evalyard_server.listening import refuse_open_access
from evalyard_server.metrics import Metrics
from evalyard_server.otlp.view import OtlpTraces
from evalyard_server.request_log import RequestLog
from evalyard_server.running import Interface, State, start
from evalyard_server.start_error import StartError

_DAY_SECONDS = 86_400
_MEGABYTE = 1_000_000

#: Compresses piece by piece, as they come. The default, level 9, takes longer and gains next to nothing on text.
_COMPRESSION = Middleware(GZipMiddleware, compresslevel=5)


def assemble(settings: Settings, interface: Interface) -> Starlette:
    """Return the application; raises StartError for settings that let in everyone who reaches the machine."""
    refuse_open_access(settings)
    return Api(
        routes=_routes(settings, interface),
        middleware=_middleware(settings),
        exception_handlers={StoreError: without_database, Exception: without_reason},
        lifespan=_lifespan(settings, interface),
    )


class Api(Starlette):
    """An application whose failure to start is told in its own sentence, without a traceback."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the life of the process (ASGI)."""
        if scope["type"] != "lifespan":
            await super().__call__(scope, receive, send)
            return

        async def tell(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed" and isinstance(reason := sys.exception(), StartError):
                message["message"] = str(reason)
            await send(message)

        await super().__call__(scope, receive, tell)


def _lifespan(settings: Settings, interface: Interface) -> Callable[[Starlette], AbstractAsyncContextManager[State]]:
    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[State]:
        configure_logging(settings)
        async with start(settings, interface, Metrics()) as parts:
            with _kept_from_the_collector():
                yield {"running": parts}

    return lifespan


@contextlib.contextmanager
def _kept_from_the_collector() -> Iterator[None]:
    """Spare the garbage collector what lives as long as the process, the schema above all: a sixth of each request."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _routes(settings: Settings, interface: Interface) -> list[BaseRoute]:
    return [
        Route("/", _to_graphql),
        graphiql.routes(),
        Route("/graphql", GraphQLOverHttp()),
        WebSocketRoute("/graphql", GraphQLOverWebSocket(interface.schema, settings.cors_origins)),
        Route("/exports/{what:path}", Exports(), methods=["GET"], middleware=[_COMPRESSION]),
        Route("/v1/traces", OtlpTraces(settings.traces_in_flight_mb * _MEGABYTE), methods=["POST"]),
        Route("/healthz", health.healthz),
        Route("/readyz", health.readyz),
        Route("/metrics", health.metrics),
    ]


def _middleware(settings: Settings) -> list[Middleware]:
    log = Middleware(RequestLog)
    if not settings.cors_origins:
        return [log]
    cors = Middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=("GET", "POST"),
        allow_headers=("Authorization", "Content-Type", "X-Request-ID"),
        expose_headers=("Content-Disposition", "X-Request-ID"),
        max_age=_DAY_SECONDS,
    )
    return [log, cors]


async def _to_graphql(_request: Request) -> Response:
    return RedirectResponse("graphql")
