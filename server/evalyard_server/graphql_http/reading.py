"""From an HTTP request to a GraphQL request."""

import json
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import ClientDisconnect, Request

from evalyard_server.client_json import read_json
from evalyard_server.operations import GraphQLRequest

from .refusals import malformed, too_large, unsupported

MOST_BYTES: Final = 50_000_000

_UTF_8: Final = {"utf-8", "utf8", "us-ascii", "ascii"}


async def read_request(request: Request) -> GraphQLRequest:
    """Return what a GET or POST request wants executed, or raise HttpRefusal."""
    if request.method == "GET":
        return _from_query(request.query_params)
    _check_content_type(request)
    return _from_body(await _read_body(request))


def _from_query(parameters: Mapping[str, str]) -> GraphQLRequest:
    query = parameters.get("query")
    if query is None:
        raise malformed("The parameter query is missing: ?query={viewer{name}}.", field="query")
    return GraphQLRequest(
        query=query,
        variables=_map(_json_parameter(parameters, "variables"), "variables"),
        operation_name=parameters.get("operationName") or None,
        extensions=_map(_json_parameter(parameters, "extensions"), "extensions"),
    )


def _json_parameter(parameters: Mapping[str, str], name: str) -> Any:
    text = parameters.get(name)
    if not text:
        return None
    try:
        return read_json(text.encode())
    except json.JSONDecodeError as error:
        raise malformed(f"The parameter {name} is not JSON: {error}.", field=name) from error


def _check_content_type(request: Request) -> None:
    """Only JSON is read: a form that a page of another site may send without asking (CORS) never is."""
    media_type, *parameters = (part.strip().lower() for part in request.headers.get("content-type", "").split(";"))
    if media_type != "application/json":
        shown = media_type or "nothing"
        raise unsupported(f"Send Content-Type: application/json, not {shown}.", header="Content-Type")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in _UTF_8:
            raise unsupported("Send the body as UTF-8.", header="Content-Type")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise unsupported("Send the body without Content-Encoding.", header="Content-Encoding")


async def _read_body(request: Request) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > MOST_BYTES:
        raise too_large(MOST_BYTES)
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > MOST_BYTES:
                raise too_large(MOST_BYTES)
            parts.append(part)
    except ClientDisconnect as error:
        raise malformed("The body ended early.", field="body") from error
    return b"".join(parts)


def _from_body(body: bytes) -> GraphQLRequest:
    try:
        content = read_json(body)
    except json.JSONDecodeError as error:
        raise malformed(f"The body is not JSON: {error}.", field="body") from error
    if isinstance(content, list):
        raise malformed("Batches are not taken: send one operation in each request.", field="body")
    if not isinstance(content, dict):
        raise malformed('The body must be an object such as {"query": "{ viewer { name } }"}.', field="body")
    if "query" not in content:
        raise malformed("The body has no query.", field="query")
    return GraphQLRequest(
        query=_text(content["query"], "query"),
        variables=_map(content.get("variables"), "variables"),
        operation_name=_name(content.get("operationName")),
        extensions=_map(content.get("extensions"), "extensions"),
    )


def _text(value: Any, field: str) -> str:
    if not isinstance(value, str):
        raise malformed(f"{field} must be a string.", field=field)
    return value


def _name(value: Any) -> str | None:
    return None if value is None else _text(value, "operationName") or None


def _map(value: Any, field: str) -> dict[str, Any] | None:
    if value is not None and not isinstance(value, dict):
        raise malformed(f"{field} must be an object.", field=field)
    return value
