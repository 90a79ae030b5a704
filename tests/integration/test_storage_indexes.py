"""Each query is served by an index, and each index serves a query.

A scenario reads every list in every order and takes every other step of the store; what it sends to the database is
recorded and then explained by the database itself, over some hundreds of documents a collection.
"""

import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pytest
from pymongo import AsyncMongoClient
from tests.fixtures.core import (
    Commands,
    a_dataset,
    a_key,
    a_project,
    a_score,
    a_system,
    a_system_version,
    an_evaluator,
    an_item,
)
from tests.fixtures.objects import a_record, a_run

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.datasets import Dataset
from evalyard_core.domain.filters import (
    OrderDirection,
    RecordOrder,
    RecordOrderField,
    RunOrder,
    RunOrderField,
)
from evalyard_core.domain.lists import (
    DatasetList,
    EvaluatorList,
    ItemList,
    KeyList,
    PageRequest,
    RecordList,
    RunList,
    SystemList,
    SystemVersionList,
)
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Record, RecordStatus
from evalyard_core.domain.runs import DatasetPin, Progress, Run, RunStatus, RunSummary, SystemPin
from evalyard_core.domain.systems import System, SystemVersion
from evalyard_core.domain.tasks import Task, TaskState, lane_task, plan_task
from evalyard_core.services.lists import Lists, ListService
from evalyard_core.storage import Store

ROOT: Final = Actor(name="root", role=Role.ADMIN)
PAGE: Final = 20
MANY: Final = 300
BOTH: Final = tuple(OrderDirection)


@dataclass(frozen=True)
class Seeds:
    """What the scenario reads."""

    store: Store
    commands: Commands
    project_id: str
    dataset: Dataset
    system: System
    version: SystemVersion
    runs: list[Run]
    records: list[Record]
    tasks: list[Task]


@pytest.fixture(scope="module")
async def seeds(mongodb_url: str) -> AsyncIterator[Seeds]:
    """Return a store with some hundreds of documents in each collection, half of them of another project."""
    commands, name = Commands(), f"test_{uuid.uuid4().hex[:16]}"
    store = await Store.open(mongodb_url, name, event_listeners=[commands])
    yield await _seeded(store, commands)
    await store.close()
    async with AsyncMongoClient(mongodb_url) as client:
        await client.drop_database(name)


async def _seeded(store: Store, commands: Commands) -> Seeds:
    projects = [a_project() for _ in range(MANY)]
    ours, theirs = projects[0].id, projects[1].id
    datasets = [a_dataset(ours if n % 2 else theirs, version=3, tags=("a",)) for n in range(MANY)]
    systems = [a_system(ours if n % 2 else theirs) for n in range(MANY)]
    versions = [a_system_version(systems[1] if n % 2 else systems[0]) for n in range(MANY)]
    runs = [_run(n, ours if n % 3 else theirs, datasets, systems, versions) for n in range(3 * MANY)]
    busy = [run for run in runs if run.project_id == ours][:5]
    records = [_record(run, n) for run in busy for n in range(MANY // 2)]
    tasks = [
        task
        for run in runs
        for task in (
            plan_task(run.id, run.project_id, now()),
            lane_task(run.id, run.project_id, 0, TaskState.IDLE if run.number % 2 else TaskState.READY, now()),
        )
    ]
    await _fill(store.projects, projects)
    await _fill(store.api_keys, [a_key([ours, theirs, None][n % 3]) for n in range(MANY)])
    await _fill(store.datasets, datasets)
    await _fill(store.systems, systems)
    await _fill(store.system_versions, versions)
    await _fill(store.evaluators, [an_evaluator(ours if n % 2 else theirs) for n in range(MANY)])
    await store.runs._rows.insert_many(
        [store.runs._codec.encode(run) | {"at": run.started_at or run.created_at, "next_seq": 0} for run in runs]
    )
    await store.records.add(records)
    await _fill(store.tasks, tasks)
    await store.score_history.add(ours, busy[0].id, [(record.id, score) for record in records for score in record.scores])
    await _fill_items(store, datasets)
    commands.take()
    return Seeds(store, commands, ours, datasets[1], systems[1], versions[1], runs, records, tasks)


async def _fill(repository: Any, objects: list[Any]) -> None:
    await repository._rows.insert_many([repository._codec.encode(entry) for entry in objects])


async def _fill_items(store: Store, datasets: list[Dataset]) -> None:
    """Give two datasets items, of which some were revised and some removed since."""
    async def write(session: Any) -> None:
        for dataset in datasets[:2]:
            items = [an_item(dataset, seq=seq) for seq in range(MANY)]
            await store.items.insert_many(items, session=session)
            for item in items[::3]:
                await store.items.revise(an_item(dataset, id=item.id, seq=item.seq, since=2), session=session)
            await store.items.retire([item.id for item in items[1::3]], since=3, session=session)

    await store.transaction(write)


def _run(n: int, project_id: str, datasets: list[Dataset], systems: list[System], versions: list[SystemVersion]) -> Run:
    """Return run `n`: most over one dataset and system, with ties and nulls in everything that runs are sorted by."""
    dataset, system = datasets[1 if n % 4 else 3], systems[1 if n % 5 else 3]
    has_dataset, has_system = n % 7 != 0, n % 8 != 0
    status = list(RunStatus)[n % 6]
    version = versions[1]
    return a_run(
        project_id,
        number=n,
        status=status,
        created_at=now() - timedelta(minutes=n // 2),
        started_at=None if status is RunStatus.PENDING else now() - timedelta(minutes=n // 2),
        dataset=DatasetPin(id=dataset.id, name=dataset.name, version=1) if has_dataset else None,
        system=SystemPin(
            system_id=system.id,
            system_name=system.name,
            version_id=version.id,
            version_name=version.name,
            target="acme/echo",
            config={},
        )
        if has_dataset and has_system
        else None,
        progress=Progress(total=10, cost_usd=n % 10),
        summary=RunSummary(pass_rate=(n % 11) / 11 if n % 13 else None, total_duration_ms=float(n % 17))
        if status is RunStatus.COMPLETED or n % 6 == 4
        else None,
        idempotency_key=f"key {n}" if n % 2 else None,
        hidden=n % 50 == 0,
    )


def _record(run: Run, n: int) -> Record:
    """Return record `n` of a run: a quarter still open, latencies and costs with ties and nulls."""
    return a_record(
        run,
        n,
        lane=n % 4,
        status=RecordStatus.COMPLETED if n % 4 else list(RecordStatus)[n // 4 % 3],
        created_at=now() - timedelta(seconds=n // 3),
        latency_ms=None if n % 5 == 0 else float(n % 9),
        cost_usd=None if n % 6 == 0 else n % 8 / 100,
        scores=(a_score(number=n / 10),),
    )


# ---------------------------------------------------------------------------------------------------- the scenario


def _lists(seeds: Seeds) -> Iterator[tuple[str, Lists[Any, Any], Any]]:
    """Yield every kind of list, in every order that it has, without filters."""
    lists, project_id = ListService(seeds.store), seeds.project_id
    yield "keys", lists.api_keys, KeyList(project_id=project_id)
    yield "datasets", lists.datasets, DatasetList(project_id=project_id)
    yield "evaluators", lists.evaluators, EvaluatorList(project_id=project_id)
    yield "systems", lists.systems, SystemList(project_id=project_id)
    yield "versions", lists.system_versions, SystemVersionList(project_id=project_id, system_id=seeds.system.id)
    for version in (None, 1, 2):
        items = ItemList(project_id=project_id, dataset_id=seeds.dataset.id, version=version)
        yield f"items of version {version}", lists.items, items
    for field in RunOrderField:
        for direction in BOTH:
            order = RunOrder(field=field, direction=direction)
            yield f"runs by {field} {direction}", lists.runs, RunList(project_id=project_id, order=order)
            of_dataset = RunList(project_id=project_id, dataset_id=seeds.dataset.id, order=order)
            yield f"runs of a dataset by {field} {direction}", lists.runs, of_dataset
    of_version = RunList(project_id=project_id, system_version_id=seeds.version.id)
    yield "runs of a system version", lists.runs, of_version
    for field in (RecordOrderField.CREATED_AT, RecordOrderField.LATENCY, RecordOrderField.COST):
        for direction in BOTH:
            by = RecordOrder(field=field, direction=direction)
            yield f"records by {field} {direction}", lists.records, RecordList(project_id=project_id, order=by)
    yield "records", lists.records, RecordList(project_id=project_id)
    yield "records of a run", lists.records, RecordList(project_id=project_id, run_id=seeds.records[0].run_id)
    yield "records of an item", lists.records, RecordList(project_id=project_id, item_id=seeds.records[0].item_id)


# ------------------------------------------------------------------------------------------------------ the plans


async def _explained(store: Store, command: dict[str, Any]) -> Any:
    command = {name: value for name, value in command.items() if name != "ordered"}
    return await store.explain(command)


def _stages(plan: Any) -> Iterator[dict[str, Any]]:
    """Yield the stages of the plan that was chosen, those of the parts of a union included."""
    if isinstance(plan, list):
        for entry in plan:
            yield from _stages(entry)
    if isinstance(plan, dict):
        if isinstance(plan.get("stage"), str):
            yield plan
        if "$sort" in plan:
            yield {"stage": "SORT"}
        for name, entry in plan.items():
            if name not in {"rejectedPlans", "executionStats", "command", "serverParameters"}:
                yield from _stages(entry)


async def test_dump(seeds: Seeds):
    for label, lists, wanted in _lists(seeds):
        [page] = await lists.pages(actor=ROOT, asked=[PageRequest(of=wanted, first=PAGE)])
        first = seeds.commands.take()
        [page2] = await lists.pages(actor=ROOT, asked=[PageRequest(of=wanted, first=PAGE, after=page.cursors[-1])])
        second = seeds.commands.take()
        for c in first+second:
            e = await _explained(seeds.store, c)
            st=[(s["stage"], s.get("indexName")) for s in _stages(e)]
            names=[a for a,_ in st]
            ex = e.get("executionStats") or e["stages"][0]["$cursor"]["executionStats"]
            bad = "COLLSCAN" in names or "SORT" in names
            print("BAD" if bad else "ok ", label, "|", len(page.items), [x for x in st if x[1] or x[0] in ("SORT","SORT_MERGE","COLLSCAN","OR")], "keys", ex["totalKeysExamined"], "docs", ex["totalDocsExamined"])
