"""Who asks: keys in the `Authorization` header, or in the payload of a WebSocket's connection_init."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import HTTPConnection

from evalyard_core.domain.access import Actor
from evalyard_core.domain.errors import Unauthenticated
from evalyard_core.services.access import ANYONE, AccessService
from evalyard_core.settings import Settings
from evalyard_server.listening import is_loopback


class Gatekeeper:
    """Knows whom a request comes from."""

    def __init__(self, settings: Settings, access: AccessService) -> None:
        self._open = settings.auth == "none"
        self._access = access

    async def admit(self, connection: HTTPConnection, secret: str | None) -> Actor:
        """Return who asks, or raise Unauthenticated.

        Where nobody needs a key, a page of another site could reach this server through a name of its own that it
        has changed to lead here (DNS rebinding); the Host header gives that away.
        """
        if not self._open:
            return await self._access.authenticate(secret)
        host = connection.url.hostname or ""
        if not is_loopback(host):
            raise Unauthenticated(f"Without keys Evalyard answers to localhost only, not to {host!r}; use --auth keys.")
        return ANYONE


def secret_of_headers(headers: Mapping[str, str]) -> str | None:
    """Return the key in an `Authorization: Bearer` header (RFC 6750, section 2.1), or None."""
    return _bearer(headers.get("authorization"))


def secret_of_payload(payload: Mapping[str, Any]) -> str | None:
    """Return the key in connection_init: `Authorization`, in either case, as the header has it, or a bare `apiKey`."""
    for name in ("Authorization", "authorization"):
        if secret := _bearer(payload.get(name)):
            return secret
    secret = payload.get("apiKey")
    return secret if isinstance(secret, str) else None


def _bearer(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    scheme, _, secret = value.strip().partition(" ")
    return secret.strip() or None if scheme.lower() == "bearer" else None
