"""The `http` target."""

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import httpx
import pydantic_core
from jmespath.exceptions import JMESPathError

from evalyard import Target, TargetError, TargetRequest, TargetResponse
from evalyard.secrets import find_references, resolve
from evalyard_targets._connections import Connections
from evalyard_targets._http_answer import Answer, AnswerReader
from evalyard_targets._http_config import HttpConfig, is_header_value
from evalyard_targets._redaction import Redactor
from evalyard_targets._template import compile_template


class HttpTarget(Target[HttpConfig]):
    """Call a system over HTTP.

    Raises TargetError with these codes, of which the engine may call again after the first four:

    - HTTP_429 and HTTP_5xx, with the wait that a Retry-After header asks for; TIMEOUT; CONNECTION
    - HTTP_3xx and HTTP_4xx; BAD_INPUT, a path that can't be applied to the item; BAD_OUTPUT, an answer that is not
      what the config says; RESPONSE_TOO_LARGE; SECRET_MISSING and SECRET_INVALID, from `open`
    """

    def __init__(self, config: HttpConfig) -> None:
        super().__init__(config)
        self._url = httpx.URL(config.url)
        self._query = compile_template(dict(config.query)) if config.query else None
        self._body = None if config.method == "GET" else compile_template(config.body)
        self._reader = AnswerReader(config)
        self._redactor = Redactor()
        self._connections = Connections()

    async def open(self) -> None:
        """Read the secrets that the headers refer to."""
        headers = httpx.Headers({} if self._body is None else {"Content-Type": "application/json"})
        for name, value in self.config.headers.items():
            headers[name] = _resolve_header(name, value)
        references = [variable for value in self.config.headers.values() for variable in find_references(value)]
        self._redactor = Redactor(os.environ[variable] for variable in references)
        self._connections.headers = headers

    async def close(self) -> None:
        """Close the connections."""
        await self._connections.close()

    async def call(self, request: TargetRequest) -> TargetResponse:
        """Send one request and read its answer, within the request's time limit."""
        try:
            url, content = self._prepare(request)
            return self._reader.read(await self._exchange(url, content, request.timeout_seconds))
        except TargetError as error:
            error.args = (self._redactor.clean(str(error)),)
            raise

    def _prepare(self, request: TargetRequest) -> tuple[httpx.URL, bytes | None]:
        values = {
            "input": request.input,
            "metadata": request.metadata,
            "item_id": request.item_id,
            "run_id": request.run_id,
            "record_id": request.record_id,
            "trial": request.trial,
            "attempt": request.attempt,
        }
        try:
            url = self._url if self._query is None else self._url.copy_merge_params(_pairs(self._query(values)))
            return url, None if self._body is None else pydantic_core.to_json(self._body(values))
        except JMESPathError as exc:
            raise TargetError(f"A path can't be applied to this item: {exc}", code="BAD_INPUT") from exc

    async def _exchange(self, url: httpx.URL, content: bytes | None, timeout_seconds: float) -> Answer:
        try:
            async with (
                asyncio.timeout(timeout_seconds),
                self._connections.lend() as client,
                client.stream(self.config.method, url, content=content) as response,
            ):
                return Answer(response.status_code, response.headers, await self._read_body(response))
        except TimeoutError as exc:
            raise TargetError(
                f"The system did not answer within {timeout_seconds:g} s.", code="TIMEOUT", retryable=True
            ) from exc
        except httpx.DecodingError as exc:
            raise TargetError(f"The system's answer can't be decompressed: {exc}", code="BAD_OUTPUT") from exc
        except httpx.TransportError as exc:
            reason = str(exc) or type(exc).__name__
            raise TargetError(
                f"The connection to {self._url.host} failed: {reason}", code="CONNECTION", retryable=True
            ) from exc

    async def _read_body(self, response: httpx.Response) -> bytes:
        limit = self.config.max_response_bytes
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > limit and response.is_success:
                raise TargetError(
                    f"The system's answer is longer than {limit} bytes (max_response_bytes).", code="RESPONSE_TOO_LARGE"
                )
            if len(body) > limit:
                break
        return bytes(body)


def _resolve_header(name: str, value: str) -> str:
    # A secret that was mounted from a file often ends with a line end.
    resolved = resolve(value, os.environ).strip()
    if not is_header_value(resolved):
        raise TargetError(
            f"The header {name} can't carry what {', '.join(find_references(value))} holds: "
            "it may be printable ASCII characters only.",
            code="SECRET_INVALID",
        )
    return resolved


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
