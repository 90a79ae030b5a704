"""The embedded servers, each by the setting that it stands in for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from evalyard_core.settings import Settings
from evalyard_server.embedded.folder import DataFolder
from evalyard_server.embedded.mongod import mongod_spec, mongodb_url
from evalyard_server.embedded.process import ChildSpec
from evalyard_server.embedded.valkey import valkey_spec, valkey_url


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """How to run a server, and the URL that leads to it then."""

    spec: ChildSpec
    url: str


def mongodb(folder: DataFolder, settings: Settings) -> EmbeddedServer:
    """Return a mongod over `folder`, on the port that it had there before."""
    port = folder.port("mongodb")
    return EmbeddedServer(mongod_spec(folder, port, binary=settings.mongod), mongodb_url(port))


def valkey(folder: DataFolder, settings: Settings) -> EmbeddedServer:
    """Return a Valkey over `folder`, on the port that it had there before."""
    port = folder.port("valkey")
    return EmbeddedServer(valkey_spec(folder, port, binary=settings.valkey), valkey_url(port))


EMBEDDED: Final[Mapping[str, Callable[[DataFolder, Settings], EmbeddedServer]]] = {
    "mongodb_url": mongodb,
    "broker_url": valkey,
}
