"""HTTP responses that carry a GraphQL response."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response

from evalyard_core.domain.errors import Refusal

_log = structlog.get_logger(__name__)

GRAPHQL_RESPONSE: Final = "application/graphql-response+json"
JSON: Final = "application/json"


def respond(
    body: Mapping[str, Any], media_type: str, status: HTTPStatus, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a response that nobody in between may keep."""
    return Response(
        orjson.dumps(body),
        int(status),
        {"Cache-Control": "no-store", "Vary": "Accept", **(headers or {})},
        media_type=f"{media_type}; charset=utf-8",
    )


def body_of(why: Refusal) -> dict[str, Any]:
    """Return the GraphQL response of a request that is refused as a whole."""
    field = {} if why.field is None else {"field": why.field}
    return _errors(why.message, {"code": why.code, **field})


async def without_database(_request: Request, error: Exception) -> Response:
    """Answer a request that the database has no answer for."""
    _log.warning("the database has no answer", error=str(error))
    body = _errors("The database can't be reached at the moment; try again.", {"code": "INTERNAL"})
    return respond(body, JSON, HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "1"})


async def without_reason(_request: Request, _error: Exception) -> Response:
    """Answer a request that failed for a reason nobody foresaw, which the server logs."""
    body = _errors("Something went wrong on our side; it was logged.", {"code": "INTERNAL"})
    return respond(body, JSON, HTTPStatus.INTERNAL_SERVER_ERROR)


def _errors(message: str, extensions: Mapping[str, str]) -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": extensions}]}
