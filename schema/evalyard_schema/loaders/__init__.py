"""What loads objects in batches: one bundle an operation, or an event of a subscription, never shared by two."""

from functools import cached_property

from evalyard_core.domain.access import Actor, Project
from evalyard_core.domain.datasets import Dataset, Item
from evalyard_core.domain.evaluators import Evaluator
from evalyard_core.domain.monitors import Monitor
from evalyard_core.domain.plugins import EvaluatorPlugin
from evalyard_core.domain.records import Record
from evalyard_core.domain.runs import Run
from evalyard_core.domain.schedules import Schedule
from evalyard_core.domain.systems import System, SystemVersion
from evalyard_core.domain.traces.notes import SpanNotes
from evalyard_core.domain.traces.trace import Trace
from evalyard_core.services import Services

from .by_id import ById, by_id
from .cases import CasesOfRuns, case_loader
from .failure_groups import GroupsOfRuns, failure_group_loader
from .latency_breakdowns import BreakdownsOfTraces, latency_breakdown_loader
from .lists import ListLoaders
from .plugins import plugin_loader
from .previous_runs import PreviousRuns, previous_run_loader
from .score_history import ScoreHistory, score_history_loader
from .visible import VisibleLoaders

__all__ = ["Loaders"]


class Loaders:
    """Every loader, made when it is first reached: an operation wants a few of them.

    `visible` takes ids that the client gave and `lists` checks the project. The others read unchecked, and may only
    follow ids stored in an object that the actor was allowed to read: both ends lie in one project.
    """

    def __init__(self, actor: Actor, services: Services, *, cache: bool = True) -> None:
        """Without `cache` they batch but keep nothing."""
        self._actor = actor
        self._services = services
        self._store = services.store
        self._cache = cache

    @cached_property
    def visible(self) -> VisibleLoaders:
        return VisibleLoaders(self._actor, self._services, cache=self._cache)

    @cached_property
    def lists(self) -> ListLoaders:
        return ListLoaders(self._services.lists, self._actor, cache=self._cache)

    @cached_property
    def projects(self) -> ById[Project]:
        return by_id(self._store.projects.get_many, cache=self._cache)

    @cached_property
    def datasets(self) -> ById[Dataset]:
        return by_id(self._store.datasets.get_many, cache=self._cache)

    @cached_property
    def items(self) -> ById[Item]:
        return by_id(self._store.items.get_many, cache=self._cache)

    @cached_property
    def present_items(self) -> ById[bool]:
        return by_id(self._store.items.present, cache=self._cache)

    @cached_property
    def evaluators(self) -> ById[Evaluator]:
        return by_id(self._store.evaluators.get_many, cache=self._cache)

    @cached_property
    def plugins(self) -> ById[EvaluatorPlugin]:
        return plugin_loader(self._services.library, cache=self._cache)

    @cached_property
    def systems(self) -> ById[System]:
        return by_id(self._store.systems.get_many, cache=self._cache)

    @cached_property
    def system_versions(self) -> ById[SystemVersion]:
        return by_id(self._store.system_versions.get_many, cache=self._cache)

    @cached_property
    def runs(self) -> ById[Run]:
        return by_id(self._store.runs.get_many, cache=self._cache)

    @cached_property
    def schedules(self) -> ById[Schedule]:
        return by_id(self._store.schedules.get_many, cache=self._cache)

    @cached_property
    def monitors(self) -> ById[Monitor]:
        return by_id(self._store.monitors.get_many, cache=self._cache)

    @cached_property
    def records(self) -> ById[Record]:
        return by_id(self._store.records.get_many, cache=self._cache)

    @cached_property
    def traces(self) -> ById[Trace]:
        return by_id(self._services.trace_reading.present, cache=self._cache)

    @cached_property
    def span_notes(self) -> ById[SpanNotes]:
        return by_id(self._services.span_noting.present, cache=self._cache)

    @cached_property
    def latency_breakdowns(self) -> BreakdownsOfTraces:
        return latency_breakdown_loader(self._services.trace_reading, cache=self._cache)

    @cached_property
    def cases(self) -> CasesOfRuns:
        return case_loader(self._services.outcomes, cache=self._cache)

    @cached_property
    def failure_groups(self) -> GroupsOfRuns:
        return failure_group_loader(self._services.failure_groups, cache=self._cache)

    @cached_property
    def previous_runs(self) -> PreviousRuns:
        return previous_run_loader(self._store.runs.previous_of, cache=self._cache)

    @cached_property
    def score_history(self) -> ScoreHistory:
        return score_history_loader(self._store.score_history.of_records, cache=self._cache)
