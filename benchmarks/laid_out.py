"""Runs that have ended, laid down as they would have come to be, for pages to be read of."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from evalyard import ScoreType
from evalyard_core.domain.access import Project
from evalyard_core.domain.datasets import Dataset
from evalyard_core.domain.evaluators import Evaluator, EvaluatorSnapshot
from evalyard_core.domain.ids import new_id, record_id
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Record, RecordStatus, Score, ScoreStatus, Verdict
from evalyard_core.domain.runs import DatasetPin, Run, RunSettings, RunSource, RunStatus, SystemPin
from evalyard_core.domain.scores import blank_score
from evalyard_core.domain.systems import SystemVersion
from evalyard_core.domain.tasks import Task
from evalyard_core.services import Services
from evalyard_core.services.access import ANYONE
from evalyard_core.services.datasets import NewItem
from evalyard_core.storage import Store

_BATCH: Final = 1000
_PASSING: Final = 0.75


class NoQueue:
    """Takes hints for nobody: the runs here are laid down as they ended."""

    async def hint(self, tasks: Sequence[Task]) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class LaidOut:
    """What was laid down, oldest run first."""

    project: Project
    dataset: Dataset
    evaluators: Sequence[Evaluator]
    runs: Sequence[Run]


async def lay_out(store: Store, *, runs: int, records: int) -> LaidOut:
    """Store runs of one system version over a dataset, each with so many records of three scores."""
    services = Services(store, NoQueue())
    project = await services.projects.create(actor=ANYONE, name="bench")
    evaluators = [await _evaluator(services, project, name) for name in ("exact", "fuzzy", "number")]
    dataset = await services.datasets.create(actor=ANYONE, project_id=project.id, name="cases")
    items = await _items(services, dataset, records)
    dataset = await store.datasets.get(dataset.id) or dataset
    system = await services.systems.create(actor=ANYONE, project_id=project.id, name="system")
    version = SystemVersion(
        id=new_id(),
        system_id=system.id,
        project_id=project.id,
        name="1",
        target="evalyard-targets/http",
        config={"url": "http://127.0.0.1/"},
        created_at=now(),
    )
    await store.system_versions.insert(version)
    pin = SystemPin(
        system_id=system.id,
        system_name=system.name,
        version_id=version.id,
        version_name=version.name,
        target=version.target,
        config=version.config,
    )
    laid = [
        await _ended(services, _run(project, dataset, pin, evaluators, number), items) for number in range(1, runs + 1)
    ]
    return LaidOut(project, dataset, evaluators, laid)


async def _items(services: Services, dataset: Dataset, count: int) -> list[str]:
    identifiers = []
    for begin in range(0, count, _BATCH):
        part = [_item(place) for place in range(begin, min(count, begin + _BATCH))]
        _, added = await services.datasets.add_items(actor=ANYONE, dataset_id=dataset.id, items=part)
        identifiers += [item.id for item in added]
    return identifiers


def _item(place: int) -> NewItem:
    return NewItem(
        input={"question": f"Case {place}: " + "how many? " * 20},
        expected_output="x" * 200,
        metadata={"language": ("en", "de", "fr")[place % 3]},
        tags=(f"tag {place % 5}",),
    )


def _run(project: Project, dataset: Dataset, pin: SystemPin, evaluators: Sequence[Evaluator], number: int) -> Run:
    return Run(
        id=new_id(),
        project_id=project.id,
        number=number,
        name=f"Run {number}",
        source=RunSource.API,
        status=RunStatus.RUNNING,
        settings=RunSettings(),
        created_at=now() + timedelta(seconds=number),
        started_at=now(),
        dataset=DatasetPin(id=dataset.id, name=dataset.name, version=dataset.version),
        system=pin,
        evaluators=tuple(map(_snapshot, evaluators)),
    )


async def _ended(services: Services, run: Run, items: Sequence[str]) -> Run:
    await services.store.runs.add(run)
    chance = random.Random(run.number)
    for begin in range(0, len(items), _BATCH):
        part = items[begin : begin + _BATCH]
        await services.store.records.add([_record(run, begin + n, item, chance) for n, item in enumerate(part)])
    ended = await services.runs.end(run_id=run.id)
    if ended is None or ended.status is not RunStatus.COMPLETED:
        raise RuntimeError(f"the run did not end: {ended}")
    return ended


async def _evaluator(services: Services, project: Project, name: str) -> Evaluator:
    evaluator = Evaluator(
        id=new_id(),
        project_id=project.id,
        name=name,
        description="",
        plugin=f"evalyard-text/{name}",
        config={},
        mapping=(),
        threshold=None,
        score_type=ScoreType.NUMERIC,
        version=1,
        created_at=now(),
        updated_at=now(),
    )
    await services.store.evaluators.add(evaluator)
    return evaluator


def _snapshot(evaluator: Evaluator) -> EvaluatorSnapshot:
    return EvaluatorSnapshot(
        evaluator_id=evaluator.id,
        name=evaluator.name,
        version=1,
        plugin=evaluator.plugin,
        plugin_version="1.0",
        config={},
        config_hash="0" * 16,
        mapping=(),
        threshold=None,
        score_type=evaluator.score_type,
    )


def _record(run: Run, place: int, item_id: str, chance: random.Random) -> Record:
    moment = now()
    passed = chance.random() < _PASSING
    item = _item(place)
    return Record(
        id=record_id(run.id, item_id, 1),
        run_id=run.id,
        project_id=run.project_id,
        dataset_id=run.dataset.id if run.dataset else None,
        item_id=item_id,
        system_version_id=run.system.version_id if run.system else None,
        seq=place,
        lane=place % 4,
        trial=1,
        input=item.input,
        expected_output=item.expected_output,
        metadata=item.metadata,
        tags=tuple(item.tags or ()),
        status=RecordStatus.COMPLETED,
        verdict=Verdict.PASSED if passed else Verdict.FAILED,
        created_at=moment,
        output=f"{chance.randrange(1000)} " + "y" * 200,
        attempts=1,
        latency_ms=float(chance.randrange(100, 3000)),
        cost_usd=0.001,
        prompt_tokens=100,
        completion_tokens=20,
        started_at=moment,
        finished_at=moment,
        scores=tuple(_score(snapshot, passed=passed, chance=chance) for snapshot in run.evaluators),
    )


def _score(snapshot: EvaluatorSnapshot, *, passed: bool, chance: random.Random) -> Score:
    number = chance.randrange(101) / 100
    score = blank_score(snapshot, now())
    return replace(score, value=number, number=number, passed=passed, status=ScoreStatus.OK)
