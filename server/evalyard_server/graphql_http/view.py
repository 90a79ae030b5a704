"""The resource /graphql over HTTP."""

from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from evalyard_core.domain.access import Actor
from evalyard_core.domain.errors import Unauthenticated
from evalyard_server.authentication import secret_of_headers
from evalyard_server.graphiql import page
from evalyard_server.operations import READING, READING_AND_WRITING, is_request_error
from evalyard_server.running import running

from .accept import negotiate
from .reading import read_request
from .refusals import HttpRefusal, malformed, unacceptable, unknown_caller, wrong_method
from .responses import GRAPHQL_RESPONSE, JSON, body_of, respond

HTML: Final = "text/html"


class GraphQLOverHttp:
    """Answers queries and mutations, and shows GraphiQL to a browser."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        request = Request(scope, receive)
        response = await _respond(request)
        await response(scope, receive, send)


async def _respond(request: Request) -> Response:
    accept = request.headers.get("accept")
    if request.method == "GET" and accept and negotiate(accept, (GRAPHQL_RESPONSE, JSON, HTML)) == HTML:
        return page(wants_key=running(request).settings.auth == "keys")
    # Without an Accept header the client is an old one.
    media_type = negotiate(accept, (GRAPHQL_RESPONSE, JSON)) if accept else JSON
    try:
        return await _answer(request, media_type)
    except HttpRefusal as refusal:
        running(request).metrics.refusal(refusal.status)
        return respond(body_of(refusal.why), media_type or JSON, refusal.status, refusal.headers)


async def _answer(request: Request, media_type: str | None) -> Response:
    actor = await _admit(request)
    if request.method not in {"GET", "POST"}:
        raise wrong_method(f"Send GET or POST, not {request.method}.", allow="GET, POST")
    if media_type is None:
        raise unacceptable()
    wanted = await read_request(request)
    kinds = READING if request.method == "GET" else READING_AND_WRITING
    try:
        result = await running(request).operations.execute(actor, wanted, kinds)
    except InvalidOperationTypeError as error:
        raise _wrong_kind(error) from error
    return respond(_body(result), media_type, _status(result, media_type))


async def _admit(request: Request) -> Actor:
    try:
        return await running(request).gatekeeper.admit(request, secret_of_headers(request.headers))
    except Unauthenticated as why:
        raise unknown_caller(why) from why


def _wrong_kind(error: InvalidOperationTypeError) -> HttpRefusal:
    if error.operation_type is OperationType.MUTATION:
        return wrong_method("A mutation is sent with POST; GET only reads.", allow="POST")
    return malformed("Subscribe over a WebSocket (graphql-transport-ws) at this address.", field="query")


def _status(result: ExecutionResult, media_type: str) -> HTTPStatus:
    """Return the status of an executed or refused operation: specification, section 6.4 (Status Codes)."""
    if media_type == JSON or not is_request_error(result):
        return HTTPStatus.OK
    ours = any((error.extensions or {}).get("code") == "INTERNAL" for error in result.errors or ())
    return HTTPStatus.INTERNAL_SERVER_ERROR if ours else HTTPStatus.BAD_REQUEST


def _body(result: ExecutionResult) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if result.errors:
        body["errors"] = [error.formatted for error in result.errors]
    if not is_request_error(result):
        body["data"] = result.data
    if result.extensions:
        body["extensions"] = result.extensions
    return body
