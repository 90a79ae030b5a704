"""Objects by id, all that are asked for at once in one round trip."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias, TypeVar

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
