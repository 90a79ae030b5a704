"""HTTP that keeps to the addresses which `evalyard.network` allows; needs httpx, as the extra `http` brings it.

    client = httpx.AsyncClient(transport=GuardedTransport(), follow_redirects=True)

A name is resolved once a connection, its addresses are checked, and the connection goes to a checked one, while TLS and
the Host header keep to the name. Redirects open connections of their own and so are checked likewise. Proxies of the
environment are not used: they would resolve names by themselves.
"""

import socket
import ssl
from collections.abc import Iterable, Sequence
from typing import Any, Final

import httpcore
import httpx

from evalyard.network import AddressRefused, AllowedNetworks, allowed_networks

__all__ = ["AddressRefused", "GuardedTransport", "permanent_failure"]

# A host with several addresses, of which the first do not answer, is reached within the time of most calls.
_ONE_OF_MANY_SECONDS: Final = 2.0


#: The resolver knows that there is no such name, or none with an address; anything else may pass.
_NO_SUCH_HOST: Final = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


def permanent_failure(error: BaseException) -> str | None:
    """Return the code of a failed connection that trying again does not mend, None where it may.

    UNKNOWN_HOST: nobody knows the name. TLS: the other side's certificate is not to be trusted.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror) and cause.errno in _NO_SUCH_HOST:
            return "UNKNOWN_HOST"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "TLS"
        cause = cause.__cause__ or cause.__context__
    return None


class GuardedTransport(httpx.AsyncHTTPTransport):
    """Connect to allowed addresses only; requests raise AddressRefused for others.

    `allowed` is by default what the operator of this worker allows. `tls` may be shared by many transports, since
    making a context takes milliseconds.
    """

    def __init__(
        self,
        *,
        allowed: AllowedNetworks | None = None,
        tls: ssl.SSLContext | None = None,
        limits: httpx.Limits | None = None,
    ) -> None:
        context = tls or httpx.create_ssl_context()
        limits = limits or httpx.Limits(max_connections=100, max_keepalive_connections=20)
        super().__init__(verify=context, trust_env=False, limits=limits)
        # httpx offers no argument for the network of its pool, httpcore does.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=_GuardedNetwork(allowed_networks() if allowed is None else allowed),
        )


class _GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Resolve, check, and dial what was checked."""

    def __init__(self, allowed: AllowedNetworks) -> None:
        self._allowed = allowed
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            addresses = await self._allowed.resolve(host, port)
        except OSError as exc:
            raise httpcore.ConnectError(str(exc)) from exc
        for address, limit in _limits(addresses, timeout):
            try:
                return await self._network.connect_tcp(address, port, limit, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
                failure = exc
        raise failure

    async def connect_unix_socket(self, path: str, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        raise AddressRefused(path)

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


def _limits(addresses: Sequence[str], timeout: float | None) -> list[tuple[str, float | None]]:
    """Pair each address with the time that it gets: the last one all there is."""
    first = _ONE_OF_MANY_SECONDS if timeout is None else min(timeout, _ONE_OF_MANY_SECONDS)
    return [*((address, first) for address in addresses[:-1]), (addresses[-1], timeout)]
