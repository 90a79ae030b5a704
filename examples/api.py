"""Talk to Evalyard: queries and mutations over HTTP, subscriptions over a WebSocket.

Every operation is in operations.graphql; the whole file is sent, and `operationName` picks the one to carry out.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

OPERATIONS = Path(__file__).with_name("operations.graphql").read_text(encoding="utf-8")
PROTOCOL = Subprotocol("graphql-transport-ws")


class RefusedError(Exception):
    """The server refused an operation; the message is its sentence."""


class Api:
    """The API at one address, for instance http://127.0.0.1:8000/graphql."""

    def __init__(self, url: str, http: httpx.AsyncClient) -> None:
        self.url = url
        self._http = http

    async def execute(self, operation: str, **variables: Any) -> Any:
        """Carry out a query or a mutation and return what its first field holds."""
        response = await self._http.post(self.url, json=_request(operation, variables))
        return _first_field(operation, response.json())

    async def subscribe(self, operation: str, **variables: Any) -> AsyncIterator[Any]:
        """Yield what the subscription's field holds each time it changes, until the server says that it is complete.

        The protocol: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
        """
        url = self.url.replace("http", "ws", 1)
        async with connect(url, subprotocols=[PROTOCOL], proxy=None) as socket:
            await socket.send(json.dumps({"type": "connection_init"}))
            async for message in _messages(socket):
                match message["type"]:
                    case "connection_ack":
                        payload = _request(operation, variables)
                        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
                    case "ping":
                        await socket.send(json.dumps({"type": "pong"}))
                    case "next":
                        yield _first_field(operation, message["payload"])
                    case "error":
                        raise RefusedError(f"{operation}: {message['payload'][0]['message']}")
                    case "complete":
                        return


async def _messages(socket: ClientConnection) -> AsyncIterator[dict[str, Any]]:
    async for message in socket:
        yield json.loads(message)


def _request(operation: str, variables: dict[str, Any]) -> dict[str, Any]:
    return {"query": OPERATIONS, "operationName": operation, "variables": variables}


def _first_field(operation: str, answer: dict[str, Any]) -> Any:
    if answer.get("errors"):
        raise RefusedError(f"{operation}: {answer['errors'][0]['message']}")
    return next(iter(answer["data"].values()))
