"""Lists, a page at a time, for those who may read the projects they are of."""

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.errors import BadInput
from evalyard_core.domain.lists import Page, PageRequest
from evalyard_core.storage import Store
from evalyard_core.storage.listed import Listed


class OfProject(Protocol):
    """A list of something in a project."""

    @property
    def project_id(self) -> str: ...


T = TypeVar("T")
L = TypeVar("L", bound=OfProject)


class Lists(Generic[T, L]):
    """The lists of one kind."""

    def __init__(self, repository: Listed[T, L], role: Role = Role.VIEWER) -> None:
        self._repository = repository
        self._role = role

    async def pages(self, *, actor: Actor, asked: Sequence[PageRequest[L]]) -> Sequence[Page[T] | BadInput]:
        """Return pages in order, in one round trip; in the place of a page that is refused, why."""
        for request in asked:
            actor.require(request.of.project_id, self._role)
        return await self._repository.pages(asked)

    async def counts(self, *, actor: Actor, lists: Sequence[L]) -> Sequence[int]:
        """Return how long lists are, 100,000 at most, in one round trip."""
        for wanted in lists:
            actor.require(wanted.project_id, self._role)
        return await self._repository.counts(lists)


class ListService:
    """Every kind of list inside a project."""

    def __init__(self, store: Store) -> None:
        self.api_keys = Lists(store.api_keys, Role.ADMIN)
        self.datasets = Lists(store.datasets)
        self.items = Lists(store.items)
        self.evaluators = Lists(store.evaluators)
        self.systems = Lists(store.systems)
        self.system_versions = Lists(store.system_versions)
        self.schedules = Lists(store.schedules)
        self.monitors = Lists(store.monitors)
        self.runs = Lists(store.runs)
        self.records = Lists(store.records)
        self.traces = Lists(store.traces)
        self.spans = Lists(store.spans)
