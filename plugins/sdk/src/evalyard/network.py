"""Which addresses a plugin may connect to where a user's config names the host.

A worker reaches what its users do not: its own machine, the private network, the metadata service of the cloud. So a
plugin connects to public addresses only, and to what the worker's operator allows in EVALYARD_TARGET_ALLOWED_NETWORKS.
`evalyard.http` has an HTTP client that keeps to it.
"""

import asyncio
import ipaddress
import os
import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, TypeAlias

from evalyard._errors import AddressRefused

__all__ = ["AddressRefused", "AllowedNetworks", "allowed_networks", "is_public"]

Address: TypeAlias = IPv4Address | IPv6Address

_SETTING: Final = "EVALYARD_TARGET_ALLOWED_NETWORKS"
_LABEL: Final = r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?"
_NAME: Final = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*")

# RFC 6052, section 2.1: an IPv4 address as hosts without IPv4 reach it.
_NAT64: Final = IPv6Network("64:ff9b::/96")
# What some versions of `ipaddress` hold for global, and Azure's metadata service, which only its own machines reach.
_NOT_PUBLIC: Final = (
    IPv4Network("192.0.0.0/24"),
    IPv4Network("168.63.129.16/32"),
    IPv6Network("64:ff9b:1::/48"),
)


@dataclass(frozen=True, slots=True)
class AllowedNetworks:
    """What may be reached besides public addresses: networks, and hosts by their names, `*.` for all below one."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    names: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str) -> "AllowedNetworks":
        """Read networks (10.0.0.0/8), addresses and host names with commas between; ValueError names a wrong one."""
        entries = [entry.strip() for entry in text.split(",") if entry.strip()]
        networks = {entry: network for entry in entries if (network := _network(entry)) is not None}
        names = [entry for entry in entries if entry not in networks]
        for name in names:
            if not _NAME.fullmatch(name) or name.rpartition(".")[2].isdigit():
                raise ValueError(f"{name!r} is no network such as 10.0.0.0/8, no address and no host name")
        return cls(tuple(networks.values()), frozenset(map(_plain, names)))

    def allows(self, address: str) -> bool:
        """Tell whether an address, written as the resolver writes it, may be connected to."""
        found = _unwrapped(ipaddress.ip_address(address))
        return is_public(found) or any(found in network for network in self.networks)

    def allows_name(self, host: str) -> bool:
        """Tell whether a host may be connected to whatever its address is."""
        labels = _plain(host).split(".")
        above = ("*." + ".".join(labels[place:]) for place in range(1, len(labels)))
        return _plain(host) in self.names or not self.names.isdisjoint(above)

    async def resolve(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host that may be connected to, in the resolver's order.

        Connect to one of these, and never to the name: asked again, the resolver may say something else. Raises
        AddressRefused where there is none, and OSError where the host is unknown.
        """
        addresses = [host] if _is_address(host) else await _addresses_of(host, port)
        if self.allows_name(host):
            return addresses
        allowed = [address for address in addresses if self.allows(address)]
        if not allowed:
            raise AddressRefused(host)
        return allowed

    def refuse(self, host: str) -> None:
        """Raise AddressRefused for a host that is written as an address and may not be connected to."""
        if _is_address(host) and not (self.allows_name(host) or self.allows(host)):
            raise AddressRefused(host)


def allowed_networks() -> AllowedNetworks:
    """Return what the operator of this worker allows; raises ValueError where that can't be read."""
    return AllowedNetworks.parse(os.environ.get(_SETTING, ""))


def is_public(address: Address) -> bool:
    """Tell whether anyone on the internet reaches an address as this machine does (the IANA registries of RFC 6890)."""
    plain = _unwrapped(address)
    special = plain.is_multicast or plain.is_reserved or any(plain in network for network in _NOT_PUBLIC)
    return plain.is_global and not special


def _unwrapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address leads to, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    teredo = address.teredo
    inner = address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
    if inner is None and address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def _addresses_of(host: str, port: int) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as exc:
        raise OSError(f"{host!r} is no host name") from exc
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _network(entry: str) -> IPv4Network | IPv6Network | None:
    try:
        return ipaddress.ip_network(entry)
    except ValueError:
        return None


def _plain(host: str) -> str:
    return host.rstrip(".").casefold()
