"""From an id to the object that it stands for."""

from collections.abc import Callable
from typing import TypeVar, cast

from evalyard_schema.loaders.by_id import ById, Edge

N = TypeVar("N")
T = TypeVar("T")


async def find(loader: ById[T], identifier: str, make: Callable[[T], N]) -> N | None:
    """Return the GraphQL object of an id that the client gave, None where there is none for it."""
    found = await loader.load(identifier)
    return None if found is None else make(found)


def follow(loader: ById[T], identifier: str, make: Callable[[T], N], *, what: str) -> N:
    """Return what gives the GraphQL object of an id; it refuses where the object was deleted since the id was read."""
    return _edge(loader, identifier, make, what)


def follow_if_there(loader: ById[T], identifier: str | None, make: Callable[[T], N | None]) -> N | None:
    """Return what gives the GraphQL object of an id, None without an id or where the object was deleted."""
    return None if identifier is None else _edge(loader, identifier, make)


def _edge(loader: ById[T], identifier: str, make: Callable[[T], N | None], what: str | None = None) -> N:
    # A resolver's annotation says what its field is, whether that is at hand or has to be waited for.
    return cast("N", Edge(loader, identifier, make, what))
