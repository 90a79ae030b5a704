"""Objects by an id that the client gave: those that exist for the actor, and no others."""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Protocol, TypeVar

from evalyard_core.domain.access import Actor
from evalyard_core.services import Services

from .by_id import ById, by_id

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class ReadVisible(Protocol[T_co]):
    """How a service reads objects for an actor."""

    def __call__(self, *, actor: Actor, ids: Sequence[str]) -> Awaitable[Mapping[str, T_co]]: ...


class VisibleLoaders:
    """A loader for each type of object; the services decide what the actor sees."""

    def __init__(self, actor: Actor, services: Services, *, cache: bool) -> None:
        def visible(read: ReadVisible[T]) -> ById[T]:
            return by_id(lambda ids: read(actor=actor, ids=ids), cache=cache)

        self.api_keys = visible(services.access.get_many)
        self.projects = visible(services.projects.get_many)
        self.datasets = visible(services.datasets.get_many)
        self.items = visible(services.datasets.get_items)
        self.evaluators = visible(services.evaluators.get_many)
        self.systems = visible(services.systems.get_many)
        self.system_versions = visible(services.systems.get_versions)
        self.runs = visible(services.runs.get_many)
        self.records = visible(services.records.get_many)
