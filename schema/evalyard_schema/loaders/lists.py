"""Pages and lengths of lists, those of all parents at once in one round trip."""

from typing import Generic, TypeVar

from strawberry.dataloader import DataLoader

from evalyard_core.domain.access import Actor
from evalyard_core.domain.lists import Page, PageRequest
from evalyard_core.services.lists import Lists, ListService, OfProject

T = TypeVar("T")
L = TypeVar("L", bound=OfProject)

#: How many lists are read in one round trip.
_MOST_AT_ONCE = 100


class ListLoader(Generic[T, L]):
    """The lists of one kind."""

    def __init__(self, lists: Lists[T, L], actor: Actor, *, cache: bool) -> None:
        async def load_pages(asked: list[PageRequest[L]]) -> list[Page[T] | BaseException]:
            pages: list[Page[T] | BaseException] = [*await lists.pages(actor=actor, asked=asked)]
            return pages

        async def load_counts(asked: list[L]) -> list[int | BaseException]:
            counts: list[int | BaseException] = [*await lists.counts(actor=actor, lists=asked)]
            return counts

        self._pages: DataLoader[PageRequest[L], Page[T]] = DataLoader(load_pages, _MOST_AT_ONCE, cache=cache)
        self._counts: DataLoader[L, int] = DataLoader(load_counts, _MOST_AT_ONCE, cache=cache)

    async def page(self, of: L, *, first: int, after: str | None) -> Page[T]:
        """Return a page of a list, or refuse its cursor or order."""
        return await self._pages.load(PageRequest(of=of, first=first, after=after))

    async def count(self, of: L) -> int:
        """Return how long a list is."""
        return await self._counts.load(of)


class ListLoaders:
    """A loader for each kind of list."""

    def __init__(self, lists: ListService, actor: Actor, *, cache: bool) -> None:
        self.api_keys = ListLoader(lists.api_keys, actor, cache=cache)
        self.datasets = ListLoader(lists.datasets, actor, cache=cache)
        self.items = ListLoader(lists.items, actor, cache=cache)
        self.evaluators = ListLoader(lists.evaluators, actor, cache=cache)
        self.systems = ListLoader(lists.systems, actor, cache=cache)
        self.system_versions = ListLoader(lists.system_versions, actor, cache=cache)
        self.runs = ListLoader(lists.runs, actor, cache=cache)
        self.records = ListLoader(lists.records, actor, cache=cache)
