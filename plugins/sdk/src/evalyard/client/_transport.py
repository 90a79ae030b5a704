"""GraphQL over HTTP, and subscriptions over a WebSocket."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import httpx

from ._errors import ClientError, NotLoggedIn, Refused, Unreachable
from ._settings import Connection

_PROTOCOL: Final = "graphql-transport-ws"
#: With this code a server closes the connection of who may not ask.
_UNAUTHORIZED: Final = 4401
_TRIES: Final = 6
_LONGEST_PAUSE: Final = 30.0
_PASSING: Final = frozenset({429, 502, 503, 504})


class Transport:
    """Asks one server, again where it is away for a moment; whatever is asked has to bear being asked twice."""

    def __init__(self, connection: Connection, *, timeout_seconds: float = 30.0, tries: int = _TRIES) -> None:
        self.connection = connection
        self._tries = tries
        headers = {"Authorization": f"Bearer {connection.api_key}"} if connection.api_key else {}
        self._headers = headers
        self._http = httpx.AsyncClient(base_url=connection.url, headers=headers, timeout=timeout_seconds)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return the data of an operation; raises Refused, NotLoggedIn or Unreachable."""
        body = _encoded({"query": query, "variables": variables})
        for attempt in range(1, self._tries + 1):
            try:
                response = await self._http.post("/graphql", content=body, headers={"Content-Type": "application/json"})
            except httpx.HTTPError as error:
                problem, pause = Unreachable(self._silence(error)), _pause(attempt)
            else:
                if response.status_code not in _PASSING:
                    return self._read(response)
                problem, pause = Unreachable(self._unavailable(response)), _pause(attempt, response)
            if attempt < self._tries:
                await asyncio.sleep(pause)
        raise problem

    async def get(self, address: str) -> AsyncIterator[bytes]:
        """Yield the parts of a file of the server, such as an export; raises as `ask` does, and does not try again."""
        try:
            async with self._http.stream("GET", address) as response:
                if response.status_code != httpx.codes.OK:
                    await response.aread()
                    raise self._unreadable(response)
                async for part in response.aiter_bytes():
                    yield part
        except httpx.HTTPError as error:
            raise Unreachable(self._silence(error)) from error

    async def subscribe(self, query: str, variables: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """Yield the data of a subscription until it is complete; raises as `ask` does, and does not reconnect."""
        from websockets.asyncio.client import connect  # noqa: PLC0415 - those who only ask need not load it
        from websockets.exceptions import ConnectionClosed, WebSocketException  # noqa: PLC0415
        from websockets.typing import Subprotocol  # noqa: PLC0415

        operation = {"query": query, "variables": dict(variables)}
        answers = {"connection_ack": {"id": "1", "type": "subscribe", "payload": operation}, "ping": {"type": "pong"}}
        address = "ws" + self.connection.url.removeprefix("http") + "/graphql"
        try:
            async with connect(
                address, subprotocols=[Subprotocol(_PROTOCOL)], additional_headers=self._headers, max_size=None
            ) as socket:
                await socket.send(json.dumps({"type": "connection_init", "payload": self._headers}))
                async for text in socket:
                    message = json.loads(text)
                    if message["type"] == "complete":
                        return
                    if message["type"] == "next":
                        yield _data(message["payload"])
                    elif message["type"] == "error":
                        raise _refusal(message["payload"])
                    elif message["type"] in answers:
                        await socket.send(json.dumps(answers[message["type"]]))
        except (OSError, WebSocketException) as error:
            closed = error.rcvd if isinstance(error, ConnectionClosed) else None
            if closed is not None and closed.code == _UNAUTHORIZED:
                raise NotLoggedIn(closed.reason) from error
            raise Unreachable(self._silence(error)) from error

    def _read(self, response: httpx.Response) -> dict[str, Any]:
        try:
            body = response.json()
        except ValueError:
            body = None
        if not isinstance(body, dict) or not ("data" in body or "errors" in body):
            raise Unreachable(
                f"{self.connection.url} answered with status {response.status_code}, and not as Evalyard does; "
                "check the address."
            )
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise NotLoggedIn(_refusal(body["errors"]).args[0])
        return _data(body)

    def _unreadable(self, response: httpx.Response) -> ClientError:
        try:
            said = response.json()
            problem = Refused(said["message"], code=said["code"], field=said.get("field"))
        except (ValueError, KeyError, TypeError):
            return Unreachable(self._unavailable(response))
        return NotLoggedIn(str(problem)) if response.status_code == httpx.codes.UNAUTHORIZED else problem

    def _silence(self, error: Exception) -> str:
        reason = str(error) or type(error).__name__
        return f"There is no answer from {self.connection.url} ({reason}); is the server running?"

    def _unavailable(self, response: httpx.Response) -> str:
        return f"{self.connection.url} has no answer at the moment (status {response.status_code}); try again."


def _encoded(body: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(body, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise ClientError(f"Something that was to be sent is no JSON: {error}.") from error


def _data(body: Mapping[str, Any]) -> dict[str, Any]:
    if body.get("errors"):
        raise _refusal(body["errors"])
    data: dict[str, Any] = body["data"]
    return data


def _refusal(errors: list[dict[str, Any]]) -> Refused:
    first = errors[0]
    extensions = first.get("extensions") or {}
    message = first["message"] if len(errors) == 1 else f"{first['message']} (and {len(errors) - 1} more)"
    return Refused(message, code=extensions.get("code", "INTERNAL"), field=extensions.get("field"))


def _pause(attempt: int, response: httpx.Response | None = None) -> float:
    """Return how many seconds to wait: what the server says, else longer each time, and never all clients at once."""
    said = response.headers.get("Retry-After", "") if response is not None else ""
    if said.isdigit():
        return min(float(said), _LONGEST_PAUSE)
    return min(0.25 * 2.0 ** (attempt - 1), _LONGEST_PAUSE) * random.uniform(0.5, 1.0)  # noqa: S311 - nothing secret
