"""Requests that never become a GraphQL operation."""

from collections.abc import Mapping
from http import HTTPStatus

from evalyard_core.domain.errors import BadInput, LimitExceeded, Refusal, Unauthenticated


class HttpRefusal(Exception):
    """Carries the status of the response, why (code, sentence, field) and headers that belong to the status."""

    def __init__(self, status: HTTPStatus, why: Refusal, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(why.message)
        self.status = status
        self.why = why
        self.headers = headers or {}


def malformed(message: str, *, field: str) -> HttpRefusal:
    """Refuse what is no GraphQL request."""
    return HttpRefusal(HTTPStatus.BAD_REQUEST, BadInput(message, field=field))


def unknown_caller(why: Unauthenticated) -> HttpRefusal:
    """Refuse somebody unknown; RFC 9110 section 15.5.2 asks for the challenge."""
    return HttpRefusal(HTTPStatus.UNAUTHORIZED, why, {"WWW-Authenticate": "Bearer"})


def wrong_method(message: str, *, allow: str) -> HttpRefusal:
    """Refuse a method, and say which ones are allowed."""
    return HttpRefusal(HTTPStatus.METHOD_NOT_ALLOWED, BadInput(message, field="method"), {"Allow": allow})


def unacceptable() -> HttpRefusal:
    """Refuse to answer in what the client asks for."""
    message = "Answers are application/graphql-response+json or application/json; accept one of them."
    return HttpRefusal(HTTPStatus.NOT_ACCEPTABLE, BadInput(message, field="Accept"))


def unsupported(message: str, *, header: str) -> HttpRefusal:
    """Refuse a body in a form that is not read."""
    return HttpRefusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, BadInput(message, field=header))


def too_large(most: int) -> HttpRefusal:
    """Refuse a body that is too long."""
    message = f"A request may have {most // 1_000_000} MB at most; send less in each of several."
    return HttpRefusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, LimitExceeded(message, field="body"))
