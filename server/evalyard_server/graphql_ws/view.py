"""The resource /graphql over WebSocket."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter, GraphQL
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.schema import BaseSchema
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from evalyard_server.client_json import read_json

from .connection import Connection

_INIT_SECONDS: Final = 10
_MOST_OPERATIONS: Final = 100
#: RFC 6455, section 5.5: a control frame carries 125 bytes, two of which are the code.
_MOST_REASON_BYTES: Final = 123


class Socket(ASGIWebSocketAdapter):
    """Messages as text frames."""

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Send a message, or say that the connection is no more."""
        if self.ws.application_state is not WebSocketState.CONNECTED:
            raise WebSocketDisconnected
        await super().send_json(message)

    async def close(self, code: int, reason: str) -> None:
        """Close with a code of the protocol and as much of the reason as there is room for."""
        if self.ws.application_state is WebSocketState.CONNECTED:
            await super().close(code, reason.encode()[:_MOST_REASON_BYTES].decode(errors="ignore"))


class GraphQLOverWebSocket(GraphQL[WebSocket, None]):
    """Accepts connections from programs, from our own pages and from those of the allowed origins."""

    graphql_transport_ws_handler_class = Connection
    websocket_adapter_class = Socket

    def __init__(self, schema: BaseSchema, allowed_origins: Sequence[str]) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=timedelta(seconds=_INIT_SECONDS),
            max_subscriptions_per_connection=_MOST_OPERATIONS,
            allowed_origins=allowed_origins,
        )

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> WebSocket:  # noqa: ARG002
        """Return the connection: each operation gets its own context from `Connection`."""
        if not isinstance(request, WebSocket):
            raise TypeError("this view is for WebSockets only")
        return request

    def encode_json(self, data: object) -> str:
        """Return a message as text, as the protocol wants it."""
        return orjson.dumps(data).decode()

    def decode_json(self, data: str | bytes) -> Any:
        """Return the content of a message; what is no JSON raises a json.JSONDecodeError."""
        return read_json(data.encode() if isinstance(data, str) else data)
