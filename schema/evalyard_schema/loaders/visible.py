"""Objects by an id that the client gave: those that exist for the actor, and no others."""

from collections.abc import Awaitable, Mapping, Sequence
from functools import cached_property, partial
from typing import Protocol, TypeVar

from evalyard_core.domain.access import Actor, ApiKey, Project
from evalyard_core.domain.datasets import Dataset, Item
from evalyard_core.domain.evaluators import Evaluator
from evalyard_core.domain.monitors import Monitor
from evalyard_core.domain.records import Record
from evalyard_core.domain.runs import Run
from evalyard_core.domain.schedules import Schedule
from evalyard_core.domain.systems import System, SystemVersion
from evalyard_core.domain.traces.trace import Trace
from evalyard_core.services import Services
from evalyard_core.services.traces.reading import SpanOfTrace

from .by_id import ById, by_id

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class ReadVisible(Protocol[T_co]):
    """How a service reads objects for an actor."""

    def __call__(self, *, actor: Actor, ids: Sequence[str]) -> Awaitable[Mapping[str, T_co]]: ...


class VisibleLoaders:
    """A loader for each type of object, made when it is first reached; the services decide what the actor sees."""

    def __init__(self, actor: Actor, services: Services, *, cache: bool) -> None:
        self._actor = actor
        self._services = services
        self._cache = cache

    @cached_property
    def api_keys(self) -> ById[ApiKey]:
        return self._loader(self._services.access.get_many)

    @cached_property
    def projects(self) -> ById[Project]:
        return self._loader(self._services.projects.get_many)

    @cached_property
    def datasets(self) -> ById[Dataset]:
        return self._loader(self._services.datasets.get_many)

    @cached_property
    def items(self) -> ById[Item]:
        return self._loader(self._services.datasets.get_items)

    @cached_property
    def evaluators(self) -> ById[Evaluator]:
        return self._loader(self._services.evaluators.get_many)

    @cached_property
    def systems(self) -> ById[System]:
        return self._loader(self._services.systems.get_many)

    @cached_property
    def system_versions(self) -> ById[SystemVersion]:
        return self._loader(self._services.systems.get_versions)

    @cached_property
    def runs(self) -> ById[Run]:
        return self._loader(self._services.runs.get_many)

    @cached_property
    def schedules(self) -> ById[Schedule]:
        return self._loader(self._services.schedules.get_many)

    @cached_property
    def monitors(self) -> ById[Monitor]:
        return self._loader(self._services.monitors.get_many)

    @cached_property
    def records(self) -> ById[Record]:
        return self._loader(self._services.records.get_many)

    @cached_property
    def traces(self) -> ById[Trace]:
        return self._loader(self._services.trace_reading.get_many)

    @cached_property
    def spans(self) -> ById[SpanOfTrace]:
        return self._loader(self._services.trace_reading.get_spans)

    def _loader(self, read: ReadVisible[T]) -> ById[T]:
        return by_id(partial(_read, read, self._actor), cache=self._cache)


async def _read(read: ReadVisible[T], actor: Actor, ids: Sequence[str]) -> Mapping[str, T]:
    return await read(actor=actor, ids=ids)
