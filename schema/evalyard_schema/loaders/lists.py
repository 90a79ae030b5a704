"""Pages and lengths of lists, those of all parents at once in one round trip."""

from functools import cached_property
from typing import Generic, TypeVar

from strawberry.dataloader import DataLoader

from evalyard_core.domain.access import Actor, ApiKey
from evalyard_core.domain.datasets import Dataset, Item
from evalyard_core.domain.evaluators import Evaluator
from evalyard_core.domain.lists import (
    DatasetList,
    EvaluatorList,
    ItemList,
    KeyList,
    MonitorList,
    Page,
    PageRequest,
    RecordList,
    RunList,
    ScheduleList,
    SpanList,
    SystemList,
    SystemVersionList,
    TraceList,
)
from evalyard_core.domain.monitors import Monitor
from evalyard_core.domain.records import Record
from evalyard_core.domain.runs import Run
from evalyard_core.domain.schedules import Schedule
from evalyard_core.domain.systems import System, SystemVersion
from evalyard_core.domain.traces.spans import Span
from evalyard_core.domain.traces.trace import Trace
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
    """A loader for each kind of list, made when it is first reached."""

    def __init__(self, lists: ListService, actor: Actor, *, cache: bool) -> None:
        self._lists = lists
        self._actor = actor
        self._cache = cache

    @cached_property
    def api_keys(self) -> ListLoader[ApiKey, KeyList]:
        return ListLoader(self._lists.api_keys, self._actor, cache=self._cache)

    @cached_property
    def datasets(self) -> ListLoader[Dataset, DatasetList]:
        return ListLoader(self._lists.datasets, self._actor, cache=self._cache)

    @cached_property
    def items(self) -> ListLoader[Item, ItemList]:
        return ListLoader(self._lists.items, self._actor, cache=self._cache)

    @cached_property
    def evaluators(self) -> ListLoader[Evaluator, EvaluatorList]:
        return ListLoader(self._lists.evaluators, self._actor, cache=self._cache)

    @cached_property
    def systems(self) -> ListLoader[System, SystemList]:
        return ListLoader(self._lists.systems, self._actor, cache=self._cache)

    @cached_property
    def system_versions(self) -> ListLoader[SystemVersion, SystemVersionList]:
        return ListLoader(self._lists.system_versions, self._actor, cache=self._cache)

    @cached_property
    def runs(self) -> ListLoader[Run, RunList]:
        return ListLoader(self._lists.runs, self._actor, cache=self._cache)

    @cached_property
    def schedules(self) -> ListLoader[Schedule, ScheduleList]:
        return ListLoader(self._lists.schedules, self._actor, cache=self._cache)

    @cached_property
    def monitors(self) -> ListLoader[Monitor, MonitorList]:
        return ListLoader(self._lists.monitors, self._actor, cache=self._cache)

    @cached_property
    def records(self) -> ListLoader[Record, RecordList]:
        return ListLoader(self._lists.records, self._actor, cache=self._cache)

    @cached_property
    def traces(self) -> ListLoader[Trace, TraceList]:
        return ListLoader(self._lists.traces, self._actor, cache=self._cache)

    @cached_property
    def spans(self) -> ListLoader[Span, SpanList]:
        return ListLoader(self._lists.spans, self._actor, cache=self._cache)
