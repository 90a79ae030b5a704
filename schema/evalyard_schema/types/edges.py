"""From an id to the object that it stands for."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar, cast

from evalyard_core.domain.errors import NotFound
from evalyard_schema.loaders.by_id import ById, Edge

N = TypeVar("N")
T = TypeVar("T")


async def find(loader: ById[T], identifier: str, make: Callable[[T], N]) -> N | None:
    """Return the GraphQL object of an id that the client gave, None where there is none for it."""
    return _made_if_there(make, await loader.load(identifier))


def follow(loader: ById[T], identifier: str, make: Callable[[T], N], *, what: str) -> N:
    """Return what gives the GraphQL object of an id; it refuses where the object was deleted since the id was read."""
    return _edge(loader, identifier, partial(_made, make, what))


def follow_if_there(loader: ById[T], identifier: str | None, make: Callable[[T], N | None]) -> N | None:
    """Return what gives the GraphQL object of an id, None without an id or where the object was deleted."""
    return None if identifier is None else _edge(loader, identifier, partial(_made_if_there, make))


def _edge(loader: ById[T], identifier: str, make: Callable[[T | None], N]) -> N:
    # A resolver's annotation says what its field is, whether that is at hand or has to be waited for.
    return cast("N", Edge(loader, identifier, make))


def _made(make: Callable[[T], N], what: str, found: T | None) -> N:
    if found is None:
        raise NotFound(f"This {what} was deleted in the meantime.")
    return make(found)


def _made_if_there(make: Callable[[T], N | None], found: T | None) -> N | None:
    return None if found is None else make(found)
