"""Lists of one kind, read a page at a time; any number of them in one round trip."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from evalyard_core.domain.errors import BadInput
from evalyard_core.domain.lists import Page, PageRequest

from .codec import Document
from .collection import Repository
from .pages import MOST_COUNTED, Order, as_page, read_cursor

T = TypeVar("T")
L = TypeVar("L")

#: Tells in a union which of its parts a row is of.
_PLACE: Final = "_place"


@dataclass(frozen=True, slots=True)
class Selection:
    """The documents of a list in order; `stages` compute what the order sorts by and no document holds."""

    query: Mapping[str, Any]
    order: Order
    stages: tuple[Document, ...] = ()

    def page(self, first: int, after: str | None) -> list[list[Document]]:
        """Return pipelines whose rows in turn are those of a page and more, or refuse the cursor."""
        rest: list[Document] = [{"$sort": dict(self.order.sort())}, {"$limit": first + 1}]
        return [[{"$match": self.query}, *self.stages, *behind, *rest] for behind in self._behind(after)]

    def _behind(self, after: str | None) -> list[list[Document]]:
        if after is None:
            return [[]]
        stretches = self.order.after(*read_cursor(after, self.order))
        if self.stages:  # no index holds what is computed, so that all stretches are as well read at once
            return [[{"$match": {"$or": stretches}}]]
        return [[{"$match": stretch}] for stretch in stretches]

    def count(self) -> list[Document]:
        """Return the pipeline of the number of documents, `MOST_COUNTED` at most."""
        return [{"$match": self.query}, {"$limit": MOST_COUNTED}, {"$count": "count"}]


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a page is read: pipelines whose rows in turn begin with it."""

    order: Order
    parts: Sequence[list[Document]]

    def rows(self, read: Iterator[list[Document]]) -> list[Document]:
        """Take the rows of this page's pipelines from those of all pages."""
        return [row for part in itertools.islice(read, len(self.parts)) for row in part]


class Listed(Repository[T], Generic[T, L]):
    """Documents that are read as lists; `L` says which."""

    def selection(self, wanted: L) -> Selection:
        """Return what a list holds, or refuse it."""
        raise NotImplementedError

    async def pages(self, asked: Sequence[PageRequest[L]]) -> list[Page[T] | BadInput]:
        """Return the pages in order, in one round trip; in the place of a page that is refused, why."""
        plans = [self._plan(request) for request in asked]
        parts = iter(await self._union([part for plan in plans if isinstance(plan, _Plan) for part in plan.parts]))
        return [
            as_page(plan.rows(parts), plan.order, request.first, request.after, self._decode)
            if isinstance(plan, _Plan)
            else plan
            for request, plan in zip(asked, plans, strict=True)
        ]

    def _plan(self, request: PageRequest[L]) -> "_Plan | BadInput":
        try:
            selection = self.selection(request.of)
            return _Plan(selection.order, selection.page(request.first, request.after))
        except BadInput as error:
            return error

    async def counts(self, lists: Sequence[L]) -> list[int]:
        """Return how long the lists are, `MOST_COUNTED` at most, in one round trip."""
        rows = await self._union([self.selection(wanted).count() for wanted in lists])
        return [part[0]["count"] if part else 0 for part in rows]

    async def _union(self, pipelines: Sequence[list[Document]]) -> list[list[Document]]:
        """Return the rows of each pipeline in its order: a union streams its parts one after another."""
        found: list[list[Document]] = [[] for _ in pipelines]
        if pipelines:
            [head, *others] = [[*stages, {"$set": {_PLACE: place}}] for place, stages in enumerate(pipelines)]
            joined = [{"$unionWith": {"coll": self.name, "pipeline": other}} for other in others]
            async for row in await self._rows.aggregate([*head, *joined]):
                found[row.pop(_PLACE)].append(row)
        return found

    def _decode(self, row: Document) -> T:
        return self._codec.decode(row)
