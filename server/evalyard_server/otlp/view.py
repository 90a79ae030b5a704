"""The resource /v1/traces: takes spans in, and answers once the database has them."""

import asyncio
from http import HTTPStatus
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.errors import Forbidden, NotFound, Unauthenticated
from evalyard_core.storage import StoreError
from evalyard_server.authentication import secret_of_headers
from evalyard_server.running import Running, running

from .addressing import address
from .answers import JSON, Encoding, Refused, encoding_of
from .body import Body, compression_of
from .room import NoRoom, Room, Share

_log = structlog.get_logger(__name__)

#: Requests that are read and stored at once: while the database writes one, another is read.
_AT_ONCE: Final = 3
#: An exporter waits for ten seconds. What can't be stored in this time it had better send again.
_MOST_SECONDS_FOR_A_TURN: Final = 3.0
_MOST_SECONDS_TO_STORE: Final = 6.0


class OtlpTraces:
    """Answers POST; holds no more bytes of requests than `most_bytes`."""

    def __init__(self, most_bytes: int) -> None:
        self._room = Room(most_bytes)
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        request = Request(scope, receive)
        encoding = encoding_of(request.headers.get("content-type", ""))
        try:
            response = await self._respond(request, encoding)
        except Refused as why:
            response = (encoding or JSON).refused(why)
        running(request).metrics.trace_request(response.status_code)
        await response(scope, receive, send)

    async def _respond(self, request: Request, encoding: Encoding | None) -> Response:
        actor = await _admit(request)
        if encoding is None:
            raise _unknown_encoding()
        sent = Body(encoding, compression_of(request), Share(self._room))
        try:
            await sent.read(request)
            await self._turn()
        except NoRoom as error:
            sent.share.release()
            raise _overloaded() from error
        except BaseException:
            sent.share.release()
            raise
        storing = asyncio.create_task(_take_in(running(request), actor, sent))
        storing.add_done_callback(lambda _: self._turns.release())
        storing.add_done_callback(lambda _: sent.share.release())
        return await _patiently(storing)

    async def _turn(self) -> None:
        try:
            async with asyncio.timeout(_MOST_SECONDS_FOR_A_TURN):
                await self._turns.acquire()
        except TimeoutError as error:
            raise NoRoom from error


async def _admit(request: Request) -> Actor:
    try:
        actor = await running(request).gatekeeper.admit(request, secret_of_headers(request.headers))
        actor.require_role(Role.EDITOR)
    except Unauthenticated as why:
        raise Refused(HTTPStatus.UNAUTHORIZED, why.message) from why
    except Forbidden as why:
        raise Refused(HTTPStatus.FORBIDDEN, why.message) from why
    except StoreError as error:
        raise _unavailable(error) from error
    return actor


async def _patiently(storing: "asyncio.Task[Response]") -> Response:
    """Return the answer once it is there, or refuse to wait any longer.

    What is half stored is not cancelled: whoever began it ends it best, and sending it again changes nothing.
    """
    await asyncio.wait({storing}, timeout=_MOST_SECONDS_TO_STORE)
    if storing.done():
        return storing.result()
    storing.add_done_callback(_hear)
    raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "The database takes long to store this; send it again.")


async def _take_in(parts: Running, actor: Actor, body: Body) -> Response:
    try:
        found = await address(await body.decoded(), actor, parts.services.projects)
        for project_id, spans in found.spans.items():
            await parts.services.trace_intake.take_spans(project_id=project_id, received=spans)
    except NoRoom as error:
        raise _overloaded() from error
    except NotFound as why:
        raise Refused(HTTPStatus.FORBIDDEN, why.message) from why
    except StoreError as error:
        raise _unavailable(error) from error
    parts.metrics.spans(stored=sum(map(len, found.spans.values())), rejected=len(found.rejected))
    return body.encoding.accepted(found.rejected)


def _hear(storing: "asyncio.Task[Response]") -> None:
    """Note what became of a request whose sender was told to send it again."""
    error = None if storing.cancelled() else storing.exception()
    _log.info("stored spans late", error=None if error is None else str(error)[:300])


def _unknown_encoding() -> Refused:
    return Refused(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "Send Content-Type: application/x-protobuf or application/json (OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf).",
    )


def _overloaded() -> Refused:
    return Refused(HTTPStatus.TOO_MANY_REQUESTS, "More spans are coming in than can be stored; send these again.")


def _unavailable(error: StoreError) -> Refused:
    _log.warning("the database has no answer", error=str(error)[:300])
    return Refused(HTTPStatus.SERVICE_UNAVAILABLE, "The database can't be reached at the moment; send this again.")
