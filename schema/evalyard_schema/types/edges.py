"""Following a stored id to the object that it stands for."""

from collections.abc import Callable
from typing import TypeVar

from evalyard_core.domain.errors import NotFound
from evalyard_schema.loaders.by_id import ById

N = TypeVar("N")
T = TypeVar("T")


async def follow(loader: ById[T], identifier: str, make: Callable[[T], N], *, what: str) -> N:
    """Return the GraphQL object of an id; refuse where the object was deleted since the id was read."""
    found = await loader.load(identifier)
    if found is None:
        raise NotFound(f"This {what} was deleted in the meantime.")
    return make(found)


async def follow_if_there(loader: ById[T], identifier: str | None, make: Callable[[T], N]) -> N | None:
    """Return the GraphQL object of an id, None without an id or where the object was deleted."""
    found = None if identifier is None else await loader.load(identifier)
    return None if found is None else make(found)
