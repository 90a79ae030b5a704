"""One WebSocket connection: Strawberry's protocol handler, with keys, and a context of its own for each operation."""

import contextlib
from collections.abc import AsyncGenerator
from typing import Any, cast

from graphql import GraphQLError
from starlette.websockets import WebSocket
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.schema import BaseSchema
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import ConnectionInitMessage, Message

from evalyard_core.domain.access import Actor
from evalyard_core.domain.errors import Unauthenticated
from evalyard_core.storage import StoreError
from evalyard_server.authentication import secret_of_payload
from evalyard_server.operations import GraphQLRequest
from evalyard_server.running import running

from .messages import problem_of

#: "Unauthorized": clients that know the protocol do not try again by themselves.
_UNAUTHORIZED = 4401
#: RFC 6455 registry: the server is not able to at the moment.
_TRY_AGAIN_LATER = 1013


class Connection(BaseGraphQLTransportWSHandler[WebSocket, None]):
    """Serves one client; its Strawberry context is the WebSocket itself."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self._running = running(self.context)
        self._leaving = contextlib.ExitStack()
        self._actor: Actor | None = None
        # The handler needs no more of a schema than this.
        self.schema = cast("BaseSchema", self)

    async def handle(self) -> None:
        """Serve until either side closes."""
        with self._leaving:
            await super().handle()

    async def handle_message(self, message: Message) -> None:
        """Take in a message, or close on one that the protocol does not know."""
        if problem := problem_of(message):
            await self.handle_invalid_message(problem)
        else:
            await super().handle_message(message)

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Find out who connects before Strawberry acknowledges it."""
        message["payload"] = payload = message.get("payload") or {}
        if not self.connection_init_received:
            self._actor = await self._admit(secret_of_payload(payload))
            if self._actor is None:
                return
            self._leaving.enter_context(self._running.sessions.entered(self._actor, self._end))
        await super().handle_connection_init(message)

    async def stream(
        self, query: str, *, variable_values: dict[str, Any] | None, operation_name: str | None, **_: Any
    ) -> AsyncGenerator[Any, None]:
        """Stand in for the schema's `stream`."""
        if self._actor is None:
            raise RuntimeError("an operation came before the connection was acknowledged")
        request = GraphQLRequest(query=query, variables=variable_values, operation_name=operation_name)
        return self._running.operations.stream(self._actor, request)

    async def handle_task_exception(self, error: Exception) -> None:
        """Log what went wrong, unless it is that the client has gone."""
        if not isinstance(error, WebSocketDisconnected):
            await super().handle_task_exception(error)

    @staticmethod
    def _get_pre_execution_close_reason(error: GraphQLError) -> str | None:  # noqa: ARG004
        """Answer a syntax error like any other, and keep the connection: it may carry other operations."""
        return None

    async def _admit(self, secret: str | None) -> Actor | None:
        """Return who connects, or close and return None."""
        try:
            return await self._running.gatekeeper.admit(self.context, secret)
        except Unauthenticated as why:
            self._running.metrics.refusal(_UNAUTHORIZED)
            await self.websocket.close(_UNAUTHORIZED, why.message)
        except StoreError:
            await self.websocket.close(_TRY_AGAIN_LATER, "The database can't be reached at the moment.")
        return None

    async def _end(self) -> None:
        """Close because the key is worthless."""
        for operation_id in list(self.operations):
            await self.cleanup_operation(operation_id)
        await self.websocket.close(_UNAUTHORIZED, "This API key was revoked or has expired.")
