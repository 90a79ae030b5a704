"""Asking an endpoint."""

import asyncio
import functools
import json
import os
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx

from evalyard import TargetError
from evalyard.http import AddressRefused, GuardedTransport, permanent_failure
from evalyard.secrets import resolve
from evalyard_openai._answers import Redactor, read_object, refusal
from evalyard_openai._config import EndpointConfig
from evalyard_openai._errors import EndpointError
from evalyard_openai._gate import Gate
from evalyard_openai._retrying import Retrying
from evalyard_openai._usage import Usage
from evalyard_openai._vectors import read_vectors

_MOST_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A body that an endpoint sent, what it used, and how often it was asked."""

    body: Mapping[str, Any]
    usage: Usage
    attempts: int

    @property
    def model(self) -> str | None:
        """The model that answered, which may be more exact than the name that was asked for."""
        model = self.body.get("model")
        return as_unicode(model)[:200] if isinstance(model, str) else None


@dataclass(frozen=True, slots=True)
class Embedded:
    """A vector for each text, in the order of the texts."""

    vectors: Sequence[Sequence[float]]
    answer: Answer


class Endpoint:
    """One endpoint and model, for the evaluators of one event loop.

    Connections are kept and used again; `close` closes them, and asking opens them anew. Secrets are read at each
    request, so that nothing here holds a key.
    """

    def __init__(self, config: EndpointConfig, retrying: Retrying | None = None) -> None:
        self._config = config
        self._retrying = retrying or Retrying(config.max_attempts)
        self._gate = Gate(config.max_concurrent)
        self._client: httpx.AsyncClient | None = None
        self._host = httpx.URL(config.base_url).netloc.decode()

    async def close(self) -> None:
        """Close the connections; may be called twice."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def complete(self, messages: Sequence[Mapping[str, Any]], **parameters: Any) -> Answer:
        """Ask the model for a chat completion; `parameters` are the request's, and the config's come on top.

        Raises EndpointError.
        """
        body = {"model": self._config.model, "messages": list(messages), **parameters, **self._config.parameters}
        return await self._ask("/chat/completions", body)

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """Ask for the vectors of one or more texts, with one request.

        Raises EndpointError.
        """
        body = {"model": self._config.model, "input": list(texts), "encoding_format": "float"}
        answer = await self._ask("/embeddings", body | self._config.parameters)
        return Embedded(read_vectors(answer.body, len(texts), self._host), answer)

    async def _ask(self, path: str, body: Mapping[str, Any]) -> Answer:
        content = _encode(body)
        attempts = 0
        while True:
            attempts += 1
            try:
                async with self._gate.enter():
                    answer = await self._send(path, content)
                return Answer(answer, Usage.of(answer), attempts)
            except EndpointError as error:
                wait = self._retrying.wait(error, attempts)
                if wait is None:
                    raise _tired(error, attempts) from error
                if error.code == "HTTP_429":
                    self._gate.pause(wait)
            await asyncio.sleep(wait)

    async def _send(self, path: str, content: bytes) -> dict[str, Any]:
        key = self._key()
        redactor = Redactor(key)
        try:
            response, received = await self._exchange(path, content, key)
        except TimeoutError as exc:
            message = f"{self._host} did not answer within {self._config.timeout_seconds:g} s (timeout_seconds)."
            raise EndpointError(message, code="TIMEOUT", retryable=True) from exc
        except AddressRefused as exc:
            raise EndpointError(str(exc), code="ADDRESS_REFUSED") from exc
        except httpx.HTTPError as exc:
            message = f"The connection to {self._host} failed: {redactor.clean(str(exc)) or type(exc).__name__}"
            lasting = permanent_failure(exc)
            raise EndpointError(message, code=lasting or "CONNECTION", retryable=lasting is None) from exc
        if not response.is_success:
            raise refusal(response, received, self._host, redactor)
        return read_object(received, self._host, redactor)

    async def _exchange(self, path: str, content: bytes, key: str) -> tuple[httpx.Response, bytes]:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        request = self._opened().stream("POST", self._config.base_url + path, content=content, headers=headers)
        async with asyncio.timeout(self._config.timeout_seconds), request as response:
            return response, await self._read(response)

    async def _read(self, response: httpx.Response) -> bytes:
        received = bytearray()
        async for chunk in response.aiter_bytes():
            received += chunk
            if len(received) > _MOST_BYTES:
                raise EndpointError(f"{self._host} answered with more than {_MOST_BYTES:,} bytes.", code="BAD_ANSWER")
        return bytes(received)

    def _key(self) -> str:
        # A secret that was mounted from a file often ends with a line end.
        try:
            key = resolve(self._config.api_key, os.environ).strip()
        except TargetError as error:
            raise EndpointError(str(error), code=error.code) from error
        if not (key.isascii() and key.isprintable()):
            message = f"{self._config.api_key} holds what no header can carry: a key is printable ASCII."
            raise EndpointError(message, code="SECRET_INVALID")
        return key

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            most = self._config.max_concurrent
            limits = httpx.Limits(max_connections=most, max_keepalive_connections=most, keepalive_expiry=30.0)
            self._client = httpx.AsyncClient(
                transport=GuardedTransport(tls=_tls(), limits=limits),
                timeout=None,  # noqa: S113 - the request as a whole is limited
            )
        return self._client


@functools.cache
def _tls() -> ssl.SSLContext:
    # Reading the authorities' certificates takes 40 ms, in which nothing else of the event loop goes on.
    return httpx.create_ssl_context()


def as_unicode(text: str) -> str:
    """Put question marks for halves of surrogate pairs, which JSON lets through and nothing can store."""
    return text.encode("utf-8", "replace").decode()


def _encode(body: Mapping[str, Any]) -> bytes:
    return as_unicode(json.dumps(body, ensure_ascii=False, allow_nan=False)).encode()


def _tired(error: EndpointError, attempts: int) -> EndpointError:
    again = "" if attempts == 1 else f" (asked {attempts} times)"
    return EndpointError(
        f"{error}{again}", code=error.code, retryable=error.retryable, retry_after_seconds=error.retry_after_seconds
    )
