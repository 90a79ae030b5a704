"""What loads objects in batches: one bundle an operation, or an event of a subscription, never shared by two."""

from dataclasses import dataclass

from evalyard_core.domain.access import Actor, Project
from evalyard_core.domain.datasets import Dataset, Item
from evalyard_core.domain.evaluators import Evaluator
from evalyard_core.domain.plugins import EvaluatorPlugin
from evalyard_core.domain.runs import Run
from evalyard_core.domain.systems import System, SystemVersion
from evalyard_core.services import Services

from .by_id import ById, by_id
from .lists import ListLoaders
from .plugins import plugin_loader
from .previous_runs import PreviousRuns, previous_run_loader
from .score_history import ScoreHistory, score_history_loader
from .visible import VisibleLoaders

__all__ = ["Loaders"]


@dataclass(frozen=True, slots=True)
class Loaders:
    """Every loader.

    `visible` takes ids that the client gave and `lists` checks the project. The others read unchecked, and may only
    follow ids stored in an object that the actor was allowed to read: both ends lie in one project.
    """

    visible: VisibleLoaders
    lists: ListLoaders
    projects: ById[Project]
    datasets: ById[Dataset]
    items: ById[Item]
    evaluators: ById[Evaluator]
    plugins: ById[EvaluatorPlugin]
    systems: ById[System]
    system_versions: ById[SystemVersion]
    runs: ById[Run]
    previous_runs: PreviousRuns
    score_history: ScoreHistory

    @classmethod
    def of(cls, actor: Actor, services: Services, *, cache: bool = True) -> "Loaders":
        """Return loaders that have loaded nothing yet; without `cache` they batch but keep nothing."""
        store = services.store
        return cls(
            visible=VisibleLoaders(actor, services, cache=cache),
            lists=ListLoaders(services.lists, actor, cache=cache),
            projects=by_id(store.projects.get_many, cache=cache),
            datasets=by_id(store.datasets.get_many, cache=cache),
            items=by_id(store.items.get_many, cache=cache),
            evaluators=by_id(store.evaluators.get_many, cache=cache),
            plugins=plugin_loader(services.library, cache=cache),
            systems=by_id(store.systems.get_many, cache=cache),
            system_versions=by_id(store.system_versions.get_many, cache=cache),
            runs=by_id(store.runs.get_many, cache=cache),
            previous_runs=previous_run_loader(store.runs.previous_of, cache=cache),
            score_history=score_history_loader(store.score_history.of_records, cache=cache),
        )
