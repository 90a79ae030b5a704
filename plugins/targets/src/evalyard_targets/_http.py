"""The `http` target."""

from collections.abc import Iterator
from typing import Any

import httpx
import pydantic_core

from evalyard import CallSpan, Target, TargetError, TargetRequest, TargetResponse
from evalyard_targets._endpoint import Endpoint
from evalyard_targets._http_answer import AnswerReader
from evalyard_targets._http_config import HttpConfig
from evalyard_targets._template import compile_template, fill


class HttpTarget(Target[HttpConfig]):
    """Call a system over HTTP.

    Raises TargetError with these codes, of which the engine may call again after the first four:

    - HTTP_429 and HTTP_5xx, with the wait that a Retry-After header asks for; TIMEOUT; CONNECTION
    - HTTP_3xx and HTTP_4xx; UNKNOWN_HOST; TLS, a certificate that is not to be trusted; BAD_INPUT, a path that can't
      be applied to the item; BAD_OUTPUT, an answer that is not what the config says; RESPONSE_TOO_LARGE;
      ADDRESS_REFUSED; SECRET_MISSING and SECRET_INVALID, from `open`
    """

    def __init__(self, config: HttpConfig) -> None:
        super().__init__(config)
        self._query = compile_template(dict(config.query)) if config.query else None
        self._body = None if config.method == "GET" else compile_template(config.body)
        self._reader = AnswerReader(config)
        self._endpoint = Endpoint(config.url, self._headers(), max_response_bytes=config.max_response_bytes)

    async def open(self) -> None:
        """Read the secrets that the headers refer to."""
        await self._endpoint.open()

    async def close(self) -> None:
        """Close the connections."""
        await self._endpoint.close()

    def call_span(self) -> CallSpan | None:
        """Return a span of the HTTP conventions (OpenTelemetry semantic conventions, "HTTP client span")."""
        if not self.config.trace:
            return None
        url = self._endpoint.url
        attributes = {"http.request.method": self.config.method, "server.address": url.host, "url.path": url.path}
        return CallSpan(self.config.method, attributes)

    async def call(self, request: TargetRequest) -> TargetResponse:
        """Send one request and read its answer, within the request's time limit."""
        with self._endpoint.without_secrets():
            url, content = self._prepare(request)
            traceparent = request.traceparent if self.config.trace else None
            answer = await self._endpoint.send(self.config.method, url, content, request.timeout_seconds, traceparent)
            return self._reader.read(answer)

    def _headers(self) -> dict[str, str]:
        named = {name.lower() for name in self.config.headers}
        plain = {} if self._body is None or "content-type" in named else {"Content-Type": "application/json"}
        return plain | self.config.headers

    def _prepare(self, request: TargetRequest) -> tuple[httpx.URL, bytes | None]:
        url = self._endpoint.url
        if self._query is not None:
            url = url.copy_merge_params(_pairs(fill(self._query, request)))
        return url, None if self._body is None else pydantic_core.to_json(fill(self._body, request))


def _pairs(query: dict[str, Any]) -> httpx.QueryParams:
    return httpx.QueryParams([(name, text) for name, value in query.items() for text in _texts(name, value)])


def _texts(name: str, value: Any) -> Iterator[str | int | float | bool]:
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, dict | list):
            raise TargetError(
                f"The query parameter {name} would be {part!r}, which is no single value.", code="BAD_INPUT"
            )
        if part is not None:
            yield part
