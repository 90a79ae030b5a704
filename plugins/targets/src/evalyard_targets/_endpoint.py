"""What targets that ask over HTTP have in common: an address, headers with secrets, limits, and failures in words."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import httpx

from evalyard import TargetError
from evalyard.http import permanent_failure
from evalyard.network import AddressRefused, allowed_networks
from evalyard.secrets import find_references, resolve
from evalyard_targets._connections import Connections
from evalyard_targets._headers import is_header_value
from evalyard_targets._redaction import Redactor


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Endpoint:
    """Ask one address, as often at once as there are calls.

    Raises TargetError with these codes, of which the engine may call again after the first two: TIMEOUT and CONNECTION;
    UNKNOWN_HOST; TLS, a certificate that is not to be trusted; RESPONSE_TOO_LARGE; BAD_OUTPUT, an answer that can't be
    decompressed; ADDRESS_REFUSED, when made or asked; SECRET_MISSING and SECRET_INVALID, from `open`.
    """

    def __init__(self, url: str, headers: Mapping[str, str], *, max_response_bytes: int) -> None:
        self.url = httpx.URL(url)
        self._headers = headers
        self._names = {name.lower() for name in headers}
        self._limit = max_response_bytes
        self._redactor = Redactor()
        allowed = allowed_networks()
        try:
            allowed.refuse(self.url.host)
        except AddressRefused as exc:
            raise _refused(exc) from exc
        self._connections = Connections(allowed)

    async def open(self) -> None:
        """Read the secrets that the headers refer to."""
        self._connections.headers = httpx.Headers(
            {name: _resolve_header(name, value) for name, value in self._headers.items()}
        )
        references = [variable for value in self._headers.values() for variable in find_references(value)]
        self._redactor = Redactor(os.environ[variable] for variable in references)

    async def close(self) -> None:
        """Close the connections."""
        await self._connections.close()

    @contextmanager
    def without_secrets(self) -> Iterator[None]:
        """Take secrets out of the message of a TargetError, and shorten it."""
        try:
            yield
        except TargetError as error:
            error.args = (self._redactor.clean(str(error)),)
            raise

    async def send(
        self,
        method: str,
        url: httpx.URL,
        content: bytes | None,
        timeout_seconds: float,
        traceparent: str | None = None,
    ) -> Answer:
        """Send a request and return the answer, of which a failure's is cut at the limit."""
        async with self.ask(method, url, content, timeout_seconds, traceparent) as response:
            return Answer(response.status_code, response.headers, await self.body_of(response))

    @asynccontextmanager
    async def ask(
        self,
        method: str,
        url: httpx.URL,
        content: bytes | None,
        timeout_seconds: float,
        traceparent: str | None = None,
    ) -> AsyncIterator[httpx.Response]:
        """Send a request and give the answer's head; its body is to be read within the same time limit.

        The request carries `traceparent` unless a header of that name is set for all of them.
        """
        own = {} if traceparent is None or "traceparent" in self._names else {"traceparent": traceparent}
        try:
            async with (
                asyncio.timeout(timeout_seconds),
                self._connections.lend() as client,
                client.stream(method, url, content=content, headers=own) as response,
            ):
                yield response
        except TimeoutError as exc:
            raise TargetError(
                f"The system did not answer within {timeout_seconds:g} s.", code="TIMEOUT", retryable=True
            ) from exc
        except AddressRefused as exc:
            raise _refused(exc) from exc
        except httpx.DecodingError as exc:
            raise TargetError(f"The system's answer can't be decompressed: {exc}", code="BAD_OUTPUT") from exc
        except httpx.TransportError as exc:
            reason, lasting = str(exc) or type(exc).__name__, permanent_failure(exc)
            raise TargetError(
                f"The connection to {self.url.host} failed: {reason}",
                code=lasting or "CONNECTION",
                retryable=lasting is None,
            ) from exc

    async def body_of(self, response: httpx.Response) -> bytes:
        """Read a body, up to the limit."""
        body = bytearray()
        async for chunk in self.chunks_of(response):
            body += chunk
        return bytes(body)

    async def chunks_of(self, response: httpx.Response) -> AsyncIterator[bytes]:
        """Yield a body as it comes in; one that is too long ends early where it tells of a failure."""
        read = 0
        async for chunk in response.aiter_bytes():
            read += len(chunk)
            if read > self._limit and response.is_success:
                raise TargetError(
                    f"The system's answer is longer than {self._limit} bytes (max_response_bytes).",
                    code="RESPONSE_TOO_LARGE",
                )
            yield chunk
            if read > self._limit:
                return


def _refused(error: AddressRefused) -> TargetError:
    return TargetError(str(error), code="ADDRESS_REFUSED")


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
