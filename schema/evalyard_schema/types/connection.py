"""Lists as Relay wants them: edges with opaque keyset cursors, page info, and a total that is counted when asked."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Generic, TypeVar

import strawberry

from evalyard_core.domain.limits import check_first
from evalyard_core.domain.lists import Page
from evalyard_core.services.lists import OfProject
from evalyard_schema.described import field, object_type
from evalyard_schema.given import given
from evalyard_schema.loaders.lists import ListLoader

N = TypeVar("N")
T = TypeVar("T")
L = TypeVar("L", bound=OfProject)

#: How many rows a page has where the client does not say.
DEFAULT_FIRST = 20


@object_type
class PageInfo:
    """Where a page lies in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@object_type
class Edge(Generic[N]):
    """An object in a list."""

    cursor: str = strawberry.field(description="Opaque; `after` takes it, in the same list and order.")
    node: N


@object_type
class Connection(Generic[N]):
    """A page of a list."""

    edges: list[Edge[N]]
    page_info: PageInfo
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @field
    async def total_count(self) -> int:
        """Computed only when asked for; at most 100,000 is shown.

        Of a project's records that are filtered by other than runs and items, those among the newest 100,000 are
        counted.
        """
        return await self.count()


def connection(page: Page[T], make: Callable[[T], N], count: Callable[[], Awaitable[int]]) -> Connection[N]:
    """Return the connection of a page, `make` giving the GraphQL object of a row."""
    return Connection(
        edges=[Edge(cursor=cursor, node=make(row)) for cursor, row in zip(page.cursors, page.items, strict=True)],
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.cursors[-1] if page.cursors else None,
        ),
        count=count,
    )


async def connect(
    loader: ListLoader[T, L], of: L, make: Callable[[T], N], *, first: int | None, after: str | None
) -> Connection[N]:
    """Return a page of a list, or refuse its size, cursor or order."""
    page = await loader.page(of, first=page_size(first), after=given(after))
    return connection(page, make, partial(loader.count, of))


def page_size(first: int | None) -> int:
    """Return how many rows a page has, or refuse the number; null is the default."""
    return check_first(DEFAULT_FIRST if first is None else first)
