"""The resource /exports: whoever has a key, or a link, reads a table of any length."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from http import HTTPStatus
from typing import Final

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from evalyard_core.domain.access import Actor
from evalyard_core.domain.errors import (
    BadInput,
    Conflict,
    Forbidden,
    LimitExceeded,
    NotFound,
    Refusal,
    Unauthenticated,
)
from evalyard_core.services import Services
from evalyard_core.storage import StoreError
from evalyard_server.authentication import secret_of_headers
from evalyard_server.running import running

from .asking import Asked, asked
from .table import Encoder, Table

_log = structlog.get_logger(__name__)

_STATUS: Final[dict[type[Refusal], HTTPStatus]] = {
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    BadInput: HTTPStatus.BAD_REQUEST,
    Conflict: HTTPStatus.CONFLICT,
    LimitExceeded: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}


class Exports:
    """Answers GET and HEAD with a file, or with why there is none."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        request = Request(scope, receive)
        try:
            wanted = asked(request.path_params["what"], request.query_params)
            services = running(request).services
            table = await wanted.open(await _admit(request, services), services)
        except Refusal as why:
            await _refused(why)(scope, receive, send)
        except StoreError as error:
            await _unavailable(error)(scope, receive, send)
        else:
            await _serve(request, send, wanted, table)


async def _serve(request: Request, send: Send, wanted: Asked, table: Table) -> None:
    # In a thread: the first Parquet file of a process takes a while to begin.
    encoder = await asyncio.to_thread(wanted.encoder, table.columns)
    headers = _headers(table, wanted, encoder)
    if request.method == "HEAD":
        await Response(headers=headers)(request.scope, request.receive, send)
        return
    outcome = "failed"
    try:
        was_taken = await _stream(request, send, headers, _chunks(table, encoder))
        outcome = "complete" if was_taken else "abandoned"
    finally:
        running(request).metrics.export(wanted.form.lower(), outcome)


async def _admit(request: Request, services: Services) -> Actor:
    """Return who asks: whoever a link lets in, else whoever a key belongs to."""
    if "signature" in request.query_params:
        path = f"/exports/{request.path_params['what']}"
        return await services.links.admit(path=path, parameters=request.query_params.multi_items())
    return await running(request).gatekeeper.admit(request, secret_of_headers(request.headers))


async def _chunks(table: Table, encoder: Encoder) -> AsyncGenerator[bytes, None]:
    async with aclosing(table.rows) as rows:
        async for row in rows:
            encoder.add(row)
            if encoder.is_full:
                # A row group of Parquet is compressed: others are served meanwhile.
                yield await asyncio.to_thread(encoder.take)
    yield await asyncio.to_thread(encoder.finish)


async def _stream(request: Request, send: Send, headers: dict[str, str], chunks: AsyncGenerator[bytes, None]) -> bool:
    """Send a body as it comes; stop reading when nobody takes it, and tell whether all of it was sent.

    What goes wrong on the way leaves the body without its end, by which the client sees that it is not whole.
    """
    start = Response(headers=headers)
    del start.headers["content-length"]
    async with aclosing(chunks):
        await send({"type": "http.response.start", "status": start.status_code, "headers": start.raw_headers})
        async for chunk in chunks:
            if await request.is_disconnected():
                return False
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
    return True


def _headers(table: Table, wanted: Asked, encoder: Encoder) -> dict[str, str]:
    return {
        "Content-Type": encoder.media_type,
        "Content-Disposition": f'attachment; filename="{table.title}.{wanted.form}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }


def _refused(why: Refusal) -> Response:
    field = {} if why.field is None else {"field": why.field}
    challenge = {"WWW-Authenticate": "Bearer"} if isinstance(why, Unauthenticated) else {}
    return _said(_STATUS[type(why)], {"code": why.code, "message": why.message, **field}, challenge)


def _unavailable(error: StoreError) -> Response:
    _log.warning("the database has no answer", error=str(error))
    body = {"code": "INTERNAL", "message": "The database can't be reached at the moment; try again."}
    return _said(HTTPStatus.SERVICE_UNAVAILABLE, body, {"Retry-After": "1"})


def _said(status: HTTPStatus, body: dict[str, str], headers: dict[str, str]) -> Response:
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store", **headers}, media_type="application/json")
