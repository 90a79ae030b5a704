"""Objects by id, all that are asked for at once in one round trip."""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

from strawberry.dataloader import DataLoader

from evalyard_core.domain.errors import NotFound

T = TypeVar("T")

Key = str
ById: TypeAlias = DataLoader[Key, T | None]
GetMany: TypeAlias = Callable[[Sequence[Key]], Awaitable[Mapping[Key, T]]]


def by_id(get_many: GetMany[T], *, cache: bool) -> ById[T]:
    """Return a loader of what `get_many` finds, None for what it does not."""

    async def load(ids: list[Key]) -> list[T | BaseException | None]:
        found = await get_many(ids)
        return [found.get(identifier) for identifier in ids]

    return DataLoader(load, cache=cache)


class Edge(NamedTuple):
    """The GraphQL object that an id stands for, still to be loaded and made; null where it was deleted.

    One that has to be there says `what` it is. Awaiting an edge loads it; `load_edges` loads many of them without a
    task for each. Equal edges lead to equal objects.
    """

    loader: ById[Any]
    key: Key
    make: Callable[[Any], Any]
    what: str | None

    def made(self, found: Any) -> Any:
        """Return the object of what was found, or refuse that it was deleted since its id was read."""
        if found is not None:
            return self.make(found)
        if self.what is not None:
            raise NotFound(f"This {self.what} was deleted in the meantime.")
        return None

    def __await__(self) -> Generator[Any, None, Any]:
        """Load and make it."""
        found = yield from self.loader.load(self.key).__await__()
        return self.made(found)


async def load_edges(edges: Sequence[Edge]) -> list[Any]:
    """Return what the edges lead to, in order, before it is made a GraphQL object; each id is asked for once."""
    loading: dict[tuple[int, Key], Awaitable[Any]] = {}
    for edge in edges:
        if (id(edge.loader), edge.key) not in loading:
            loading[id(edge.loader), edge.key] = edge.loader.load(edge.key)
    found = dict(zip(loading, await asyncio.gather(*loading.values()), strict=True))
    return [found[id(edge.loader), edge.key] for edge in edges]
