"""What is read a page at a time: lists, each of them inside one project."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from .datasets import ItemSource
from .filters import RecordFilter, RecordOrder, RunFilter, RunOrder, TraceFilter, TraceOrder

L = TypeVar("L")
T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows in order, a cursor each."""

    items: Sequence[T]
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool

    def with_items(self, items: Sequence[U | None]) -> "Page[U]":
        """Return the page with other items in the place of its own; one that is None falls out."""
        there = [(item, cursor) for item, cursor in zip(items, self.cursors, strict=True) if item is not None]
        return Page([item for item, _ in there], [cursor for _, cursor in there], self.has_next, self.has_previous)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest(Generic[L]):
    """The `first` rows of a list behind the cursor `after`."""

    of: L
    first: int
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyList:
    """The API keys of a project."""

    project_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetList:
    """The datasets of a project whose names hold `search` and that have all the tags."""

    project_id: str
    search: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemList:
    """The items of a dataset as of a version, None being the newest; `search` looks in input and expected output.

    With `ids`, none but those.
    """

    project_id: str
    dataset_id: str
    version: int | None = None
    search: str | None = None
    tags: tuple[str, ...] = ()
    source: ItemSource | None = None
    ids: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatorList:
    """The evaluators of a project whose names hold `search`."""

    project_id: str
    search: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemList:
    """The systems of a project whose names hold `search`."""

    project_id: str
    search: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemVersionList:
    """The versions of a system."""

    project_id: str
    system_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleList:
    """The schedules of a project."""

    project_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorList:
    """The monitors of a project."""

    project_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunList:
    """The runs of a project, or in it those of a dataset, a system version, a schedule or a monitor."""

    project_id: str
    dataset_id: str | None = None
    system_version_id: str | None = None
    schedule_id: str | None = None
    monitor_id: str | None = None
    wanted: RunFilter = field(default_factory=RunFilter)
    order: RunOrder = field(default_factory=RunOrder)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordList:
    """The records of a project, or in it those of a run, an item or a trace.

    Without an order a run's are in its own order.
    """

    project_id: str
    run_id: str | None = None
    item_id: str | None = None
    trace_id: str | None = None
    wanted: RecordFilter = field(default_factory=RecordFilter)
    order: RecordOrder | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceList:
    """The traces of a project."""

    project_id: str
    wanted: TraceFilter = field(default_factory=TraceFilter)
    order: TraceOrder = field(default_factory=TraceOrder)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanList:
    """The spans of a trace, by their start; `trace` is the trace's id in the store."""

    project_id: str
    trace: str
