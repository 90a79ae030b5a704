"""Objects by id, all that are asked for at once in one round trip."""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

from strawberry.dataloader import DataLoader

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
    """The GraphQL object that an id stands for, still to be loaded.

    Awaiting one loads it; `load_edges` loads many of them without a task for each.
    """

    loader: ById[Any]
    key: Key
    make: Callable[[Any], Any]

    def __await__(self) -> Generator[Any, None, Any]:
        """Load it."""
        found = yield from self.loader.load(self.key).__await__()
        return self.make(found)


async def load_edges(edges: Sequence[Edge]) -> list[Any]:
    """Return what the edges lead to, in order, before it is made a GraphQL object; each id is asked for once."""
    loading: dict[tuple[int, Key], Awaitable[Any]] = {}
    for loader, key, _ in edges:
        if (id(loader), key) not in loading:
            loading[id(loader), key] = loader.load(key)
    found = dict(zip(loading, await asyncio.gather(*loading.values()), strict=True))
    return [found[id(loader), key] for loader, key, _ in edges]
