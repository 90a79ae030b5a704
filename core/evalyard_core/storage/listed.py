"""Lists of one kind, read a page at a time; any number of them in one round trip."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from pymongo.errors import ExecutionTimeout

from evalyard_core.domain.errors import BadInput, LimitExceeded
from evalyard_core.domain.lists import Page, PageRequest

from .codec import Document
from .collection import Repository
from .pages import MOST_COUNTED, Order, as_page, read_cursor

T = TypeVar("T")
L = TypeVar("L")

#: How many rows come at once; without this the first answer holds a hundred and one.
_MOST_ROWS: Final = 20_000
#: A filter that finds next to nothing among millions of documents would be looked for until nobody waits any more.
_MOST_MILLISECONDS: Final = 20_000
_NEWEST: Final[Mapping[str, int]] = {"created_at": -1, "_id": -1}
#: Tells in a union which of the lists a row is of.
_PLACE: Final = "_place"


@dataclass(frozen=True, slots=True)
class Selection:
    """The documents of a list in order; `stages` compute what the order sorts by and no document holds.

    With `counted_among`, which documents an index finds in the order `newest`, no more than the first of those are
    looked at to count what the query finds among them.
    """

    query: Mapping[str, Any]
    order: Order
    stages: tuple[Document, ...] = ()
    counted_among: Mapping[str, Any] | None = None
    newest: Mapping[str, int] = field(default_factory=lambda: _NEWEST)

    def page(self, collection: str, first: int, after: str | None) -> list[Document]:
        """Return the pipeline of a page and one row more, or refuse the cursor."""
        limit: Document = {"$limit": first + 1}
        place = None if after is None else read_cursor(after, self.order)
        return [*self._stretches(collection, place, [limit]), limit]

    def behind(self, collection: str, place: tuple[Any, str] | None) -> list[Document]:
        """Return the pipeline of all that is behind a place (sort value and id), or of everything."""
        return self._stretches(collection, place, [])

    def _stretches(self, collection: str, place: tuple[Any, str] | None, rest: list[Document]) -> list[Document]:
        sort: Document = {"$sort": dict(self.order.sort())}
        parts = [[{"$match": self.query}, *self.stages, *behind, sort, *rest] for behind in self._behind(place)]
        return union(collection, parts)

    def _behind(self, place: tuple[Any, str] | None) -> list[list[Document]]:
        if place is None:
            return [[]]
        stretches = self.order.after(*place)
        if self.stages:  # no index holds what is computed, so that all stretches are as well read at once
            return [[{"$match": {"$or": stretches}}]]
        return [[{"$match": stretch}] for stretch in stretches]

    def count(self) -> list[Document]:
        """Return the pipeline of the number of documents, `MOST_COUNTED` at most."""
        found: list[Document] = [{"$match": self.query}, {"$limit": MOST_COUNTED}, {"$count": "count"}]
        if self.counted_among is None:
            return found
        return [{"$match": self.counted_among}, {"$sort": self.newest}, {"$limit": MOST_COUNTED}, *found]


def union(collection: str, pipelines: Sequence[list[Document]]) -> list[Document]:
    """Return a pipeline that yields the rows of each of these in turn, and runs none before its rows are wanted."""
    [head, *others] = pipelines
    return [*head, *({"$unionWith": {"coll": collection, "pipeline": other}} for other in others)]


class Listed(Repository[T], Generic[T, L]):
    """Documents that are read as lists; `L` says which."""

    def selection(self, wanted: L) -> Selection:
        """Return what a list holds, or refuse it."""
        raise NotImplementedError

    async def pages(self, asked: Sequence[PageRequest[L]]) -> list[Page[T] | BadInput]:
        """Return the pages in order, in one round trip; in the place of a page that is refused, why."""
        selections: dict[int, Selection] = {}
        pipelines: dict[int, list[Document]] = {}
        refused: dict[int, BadInput] = {}
        for place, request in enumerate(asked):
            try:
                selections[place] = self.selection(request.of)
                pipelines[place] = selections[place].page(self.name, request.first, request.after)
            except BadInput as error:
                refused[place] = error
        rows = await self._rows_of(pipelines)
        return [
            refused[place]
            if place in refused
            else as_page(rows[place], selections[place].order, request.first, request.after, self._decode)
            for place, request in enumerate(asked)
        ]

    async def counts(self, lists: Sequence[L]) -> list[int]:
        """Return how long the lists are, `MOST_COUNTED` at most, in one round trip."""
        pipelines = {place: self.selection(wanted).count() for place, wanted in enumerate(lists)}
        rows = await self._rows_of(pipelines)
        return [rows[place][0]["count"] if rows[place] else 0 for place in range(len(lists))]

    async def _rows_of(self, pipelines: Mapping[int, list[Document]]) -> Mapping[int, list[Document]]:
        """Return the rows of each pipeline, all read in one round trip, or refuse what takes too long to find."""
        found: defaultdict[int, list[Document]] = defaultdict(list)
        if not pipelines:
            return found
        whole = union(self.name, [[*stages, {"$set": {_PLACE: place}}] for place, stages in pipelines.items()])
        try:
            rows = await self._rows.aggregate(whole, batchSize=_MOST_ROWS, maxTimeMS=_MOST_MILLISECONDS)
            async for row in rows:
                found[row.pop(_PLACE)].append(row)
        except ExecutionTimeout as error:
            raise LimitExceeded("Finding this takes too long; filter by less, or in fewer runs.") from error
        return found

    def _decode(self, row: Document) -> T:
        return self._codec.decode(row)
