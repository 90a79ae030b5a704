"""Each query is served by an index, and each index serves a query.

A scenario reads every list in every order and takes every other step of the store; what it sends to the database is
recorded and then explained by the database itself, over some hundreds of documents a collection.
"""

import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import chain, product
from typing import Any, Final

import pytest
from pymongo import AsyncMongoClient

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.datasets import Dataset, ItemSource
from evalyard_core.domain.filters import (
    OrderDirection,
    RecordFilter,
    RecordOrder,
    RecordOrderField,
    RunFilter,
    RunOrder,
    RunOrderField,
    ScoreFilter,
    TraceFilter,
)
from evalyard_core.domain.lists import (
    DatasetList,
    EvaluatorList,
    ItemList,
    KeyList,
    MonitorList,
    PageRequest,
    RecordList,
    RunList,
    ScheduleList,
    SystemList,
    SystemVersionList,
)
from evalyard_core.domain.monitors import Window
from evalyard_core.domain.payload import now
from evalyard_core.domain.rates import Refused, Wanted
from evalyard_core.domain.records import Record, RecordStatus, Verdict
from evalyard_core.domain.runs import DatasetPin, Progress, Run, RunSource, RunStatus, RunSummary, SystemPin
from evalyard_core.domain.systems import System, SystemVersion
from evalyard_core.domain.tasks import TaskKind, TaskState, lane_task, run_task
from evalyard_core.services.lists import Lists, ListService
from evalyard_core.storage import Store
from evalyard_core.storage.datasets import ItemSelection
from evalyard_core.storage.indexes import INDEXES
from tests.fixtures.commands import Commands
from tests.fixtures.core import (
    a_dataset,
    a_key,
    a_monitor,
    a_project,
    a_schedule,
    a_score,
    a_sighting,
    a_system,
    a_system_version,
    an_evaluator,
    an_item,
)
from tests.fixtures.objects import a_record, a_run
from tests.fixtures.spans import trace_id
from tests.fixtures.stored_traces import Step, fill_traces, found_trace_lists, trace_lists, trace_steps

ROOT: Final = Actor(name="root", role=Role.ADMIN)
PAGE: Final = 20
MANY: Final = 300
_DEPTH: Final = 5


@dataclass(frozen=True)
class Seeds:
    """What the scenario reads."""

    store: Store
    commands: Commands
    project_id: str
    dataset: Dataset
    system: System
    version: SystemVersion
    busy: Run
    schedule_id: str
    monitor_id: str
    runs: list[Run]
    records: list[Record]
    item_ids: list[str]
    other_project_id: str


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
    schedules = [
        a_schedule(ours if n % 2 else theirs, next_at=now() + timedelta(minutes=n - 5) if n % 3 else None)
        for n in range(MANY)
    ]
    monitors = [
        a_monitor(ours if n % 2 else theirs, next_at=now() + timedelta(minutes=n - 5) if n % 3 else None)
        for n in range(MANY)
    ]
    runs = [_run(n, ours if n % 3 else theirs, datasets, systems, versions) for n in range(3 * MANY)]
    runs = [
        replace(run, schedule_id=schedules[n % 2].id, scheduled_for=run.created_at + timedelta(seconds=n))
        if n % 4 == 0
        else replace(run, monitor_id=monitors[n % 2].id if n % 4 == 1 else None)
        for n, run in enumerate(runs)
    ]
    busy = [run for run in runs if run.project_id == ours][:5]
    records = [_record(run, n) for run in busy for n in range(MANY // 2)]
    tasks = [
        task
        for run in runs
        for task in (
            run_task(TaskKind.PLAN, run.id, run.project_id, now()),
            lane_task(run.id, run.project_id, 0, TaskState.IDLE if run.number % 2 else TaskState.READY, now()),
        )
    ]
    await _fill(store.projects, projects)
    await _fill(store.api_keys, [a_key([ours, theirs, None][n % 3]) for n in range(MANY)])
    await _fill(store.datasets, datasets)
    await _fill(store.systems, systems)
    await _fill(store.system_versions, versions)
    await _fill(store.schedules, schedules)
    await _fill(store.monitors, monitors)
    await _fill(store.sightings, [a_sighting(monitors[n % 2], run_id=runs[n % 3].id, seq=n) for n in range(MANY)])
    await _fill(store.evaluators, [an_evaluator(ours if n % 2 else theirs) for n in range(MANY)])
    await store.runs._rows.insert_many(
        [store.runs._codec.encode(run) | {"at": run.started_at or run.created_at, "next_seq": 0} for run in runs]
    )
    await store.records.add(records)
    # People have scored every third record for the evaluator, the later ones last.
    for n, record in enumerate(records[::3]):
        judged = {"judged": ["e" * 24], "judged_at": now() + timedelta(seconds=n)}
        await store.records._rows.update_one({"_id": record.id}, {"$set": judged})
    # What every fourth record was answered and given as scores may be used again.
    for n, record in enumerate(records[::4]):
        kept = {"answer_key": f"a{n % 30}", "started_at": now() - timedelta(seconds=n), "scores.0.cache_key": f"s{n}"}
        await store.records._rows.update_one({"_id": record.id}, {"$set": kept})
    await _fill(store.tasks, tasks)
    await fill_traces(store, (ours, theirs), MANY)
    replaced = [(record.id, score) for record in records for score in record.scores]
    await store.score_history.add(ours, busy[0].id, replaced)
    item_ids = await _fill_items(store, datasets)
    commands.take()
    return Seeds(
        *(store, commands, ours, datasets[1], systems[1], versions[1]),
        busy=busy[0],
        schedule_id=schedules[0].id,
        monitor_id=monitors[1].id,
        runs=[run for run in runs if run.project_id == ours],
        records=records,
        item_ids=item_ids,
        other_project_id=theirs,
    )


async def _fill(repository: Any, objects: list[Any]) -> None:
    await repository._rows.insert_many([repository._codec.encode(entry) for entry in objects])


async def _fill_items(store: Store, datasets: list[Dataset]) -> list[str]:
    """Give two datasets items, of which some were revised and some removed since; return ids of the second's."""

    async def write(session: Any) -> list[str]:
        for dataset in datasets[:2]:
            items = [an_item(dataset, seq=seq, key=f"row {seq}" if seq % 2 else None) for seq in range(MANY)]
            await store.items.insert_many(items, session=session)
            for item in items[::3]:
                await store.items.revise(replace(item, since=2), session=session)
            await store.items.retire([item.id for item in items[1::3]], since=3, session=session)

        return [item.id for item in items[:PAGE]]

    return await store.transaction(write)


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
        trace_id=trace_id(n % 4) if n % 2 else None,
    )


# ------------------------------------------------------------------------------------------------------- the lists


def _lists(seeds: Seeds) -> Iterator[tuple[str, Lists[Any, Any], Any]]:
    """Yield every kind of list, in every order that it has, without filters."""
    lists, project_id = ListService(seeds.store), seeds.project_id
    yield "keys", lists.api_keys, KeyList(project_id=project_id)
    yield "datasets", lists.datasets, DatasetList(project_id=project_id)
    yield "evaluators", lists.evaluators, EvaluatorList(project_id=project_id)
    yield "systems", lists.systems, SystemList(project_id=project_id)
    yield "system versions", lists.system_versions, SystemVersionList(project_id=project_id, system_id=seeds.system.id)
    yield "schedules", lists.schedules, ScheduleList(project_id=project_id)
    of_schedule = RunList(project_id=project_id, schedule_id=seeds.schedule_id)
    yield "runs of a schedule", lists.runs, of_schedule
    yield "monitors", lists.monitors, MonitorList(project_id=project_id)
    of_monitor = RunList(project_id=project_id, monitor_id=seeds.monitor_id)
    yield "runs of a monitor", lists.runs, of_monitor
    for version in (None, 1, 2):
        items = ItemList(project_id=project_id, dataset_id=seeds.dataset.id, version=version)
        yield f"items of version {version}", lists.items, items
    for field, direction in product(RunOrderField, OrderDirection):
        order = RunOrder(field=field, direction=direction)
        yield f"runs by {field} {direction}", lists.runs, RunList(project_id=project_id, order=order)
        of_dataset = RunList(project_id=project_id, dataset_id=seeds.dataset.id, order=order)
        yield f"runs of a dataset by {field} {direction}", lists.runs, of_dataset
    of_version = RunList(project_id=project_id, system_version_id=seeds.version.id)
    yield "runs of a system version", lists.runs, of_version
    for field, direction in product(set(RecordOrderField) - {RecordOrderField.SCORE}, OrderDirection):
        by = RecordOrder(field=field, direction=direction)
        yield f"records by {field} {direction}", lists.records, RecordList(project_id=project_id, order=by)
    yield "records", lists.records, RecordList(project_id=project_id)
    yield "records of a run", lists.records, RecordList(project_id=project_id, run_id=seeds.busy.id)
    yield "records of a trace", lists.records, RecordList(project_id=project_id, trace_id=trace_id(0))
    yield "records of an item", lists.records, RecordList(project_id=project_id, item_id=seeds.records[0].item_id)
    yield from trace_lists(seeds.store, project_id)


def _sorted_lists(seeds: Seeds) -> Iterator[tuple[str, Lists[Any, Any], Any]]:
    """Yield the lists of one run, or one item, that are sorted by what no index holds: a sort of as many records."""
    records, project_id = ListService(seeds.store).records, seeds.project_id
    for field, direction in product(RecordOrderField, OrderDirection):
        by = RecordOrder(field=field, direction=direction, evaluator_id=seeds.records[0].scores[0].evaluator_id)
        yield "records of a run, sorted", records, RecordList(project_id=project_id, run_id=seeds.busy.id, order=by)
        of_runs = RecordFilter(run_ids=(seeds.busy.id,))
        yield "records of runs, sorted", records, RecordList(project_id=project_id, order=by, wanted=of_runs)


def _filtered_lists(seeds: Seeds) -> Iterator[tuple[str, Lists[Any, Any], Any]]:
    """Yield lists with filters: which index is best, and whether sorting is better, depends on what is there."""
    lists, project_id = ListService(seeds.store), seeds.project_id
    yield "datasets found", lists.datasets, DatasetList(project_id=project_id, search="a", tags=("a",))
    yield "evaluators found", lists.evaluators, EvaluatorList(project_id=project_id, search="a")
    yield "systems found", lists.systems, SystemList(project_id=project_id, search="a")
    found = ItemList(
        project_id=project_id, dataset_id=seeds.dataset.id, search="why", tags=("a",), source=ItemSource.API
    )
    yield "items found", lists.items, found
    yield "items of a version found", lists.items, replace(found, version=2)
    yield "items by id", lists.items, replace(found, ids=tuple(seeds.item_ids))
    yield from found_trace_lists(seeds.store, project_id)
    moment = now() - timedelta(hours=1)
    for wanted in (
        RunFilter(search="nightly"),
        RunFilter(status=(RunStatus.RUNNING, RunStatus.FAILED)),
        RunFilter(source=(RunSource.API,), tags=("a",)),
        RunFilter(dataset_id=seeds.dataset.id, system_id=seeds.system.id),
        RunFilter(system_version_id=seeds.version.id, evaluator_id="e" * 24),
        RunFilter(evaluator_ids=("e" * 24, "f" * 24)),
        RunFilter(started_after=moment, started_before=now()),
    ):
        yield "runs found", lists.runs, RunList(project_id=project_id, wanted=wanted)
        yield "runs of a dataset found", lists.runs, RunList(project_id=project_id, dataset_id="d", wanted=wanted)
    for chosen in (
        RecordFilter(search="why"),
        RecordFilter(run_ids=(seeds.busy.id,), status=(RecordStatus.COMPLETED,)),
        RecordFilter(item_ids=(seeds.records[0].item_id or "",), verdict=(Verdict.PASSED,)),
        RecordFilter(dataset_ids=(seeds.dataset.id,), system_version_ids=(seeds.version.id,), tags=("a",)),
        RecordFilter(facets=('["language","de"]',), error_codes=("TIMEOUT",)),
        RecordFilter(min_latency_ms=2, max_latency_ms=5),
        RecordFilter(finished_after=moment, finished_before=now()),
        RecordFilter(scores=(ScoreFilter(evaluator_id="e" * 24, passed=True, min=1, max=2),)),
    ):
        yield "records found", lists.records, RecordList(project_id=project_id, wanted=chosen)
        yield "records of a run found", lists.records, RecordList(project_id=project_id, run_id="r", wanted=chosen)


# -------------------------------------------------------------------------------------------------- the other steps


async def _keyed(store: Store, dataset_id: str) -> None:
    keys = [f"row {seq}" for seq in range(PAGE)]
    await store.transaction(lambda session: store.items.by_key(dataset_id, keys, session=session))


def _reads(seeds: Seeds) -> Iterator[Step]:
    """Yield what is read otherwise; not `workers.remembered`, which is all of its collection."""
    store, dataset, record = seeds.store, seeds.dataset, seeds.records[0]
    ids = [entry.id for entry in seeds.records[:PAGE]]
    items = [entry.item_id or "" for entry in seeds.records[:PAGE]]
    selection, old = ItemSelection(dataset.id), ItemSelection(dataset.id, version=1)
    for repository in (store.projects, store.datasets, store.runs, store.records, store.systems, store.evaluators):
        yield partial(repository.get_many, ids)
    yield partial(store.projects.page, None, PAGE, None)
    yield partial(store.projects.page, seeds.project_id, PAGE, None)
    yield partial(store.projects.by_name, "some")
    yield partial(store.api_keys.by_digest, "some")
    yield partial(store.api_keys.of_instance, 100)
    yield partial(store.datasets.uses_evaluator, "e" * 24, seeds.project_id)
    yield partial(store.items.get, items[0])
    yield partial(store.items.get_many, seeds.item_ids)
    yield partial(store.items.current, seeds.item_ids)
    yield partial(store.items.present, seeds.item_ids)
    yield partial(_keyed, store, dataset.id)
    yield partial(store.items.at_version, seeds.item_ids, dataset.id, 1)
    yield partial(store.items.count_all, selection)
    yield partial(_drained, store.items.cases(selection))
    yield partial(_drained, store.items.cases(old))
    yield partial(store.runs.by_idempotency_key, seeds.project_id, "key 151")
    yield partial(store.runs.previous_of, seeds.runs[:PAGE])
    yield store.runs.hidden
    yield store.runs.without_end
    yield store.runs.count_unfinished
    yield partial(store.runs.newest, seeds.project_id, 100)
    yield partial(store.runs.pulse, seeds.busy.id)
    yield partial(store.records.open_in_lane, seeds.busy.id, 0, from_seq=10, most=PAGE)
    yield partial(store.put_off.next_in_lane, seeds.busy.id, 0)
    yield partial(store.records.completed, seeds.busy.id, from_seq=10, most=PAGE)
    yield partial(_drained, store.records.figures(seeds.busy.id))
    yield partial(store.outcomes.of_runs, [run.id for run in seeds.runs[:2]])
    yield partial(store.outcomes.traits_of_runs, [run.id for run in seeds.runs[:2]])
    yield partial(store.records.done_since, seeds.busy.id, record.created_at)
    yield partial(store.score_history.of_records, ids)
    for wanted in _exported(seeds):
        yield partial(store.exports.scores, wanted)
        yield partial(_drained, store.exports.stream(wanted))
    yield partial(_drained, store.exports.ids(seeds.busy.id))
    yield partial(store.exports.existing, ids)
    yield partial(store.gates.newest_of_version, seeds.busy, seeds.version.id)
    yield partial(store.gates.newest_before, seeds.busy)
    yield partial(store.gates.newest_before, replace(seeds.busy, system=None))
    yield partial(store.gates.error_codes, seeds.busy.id)
    yield partial(store.gates.unasked, seeds.busy.id)
    yield partial(store.judgements.of_evaluator, "e" * 24, most=PAGE)
    yield partial(store.judgements.of_evaluator, "e" * 24, run_ids=[run.id for run in seeds.runs[:5]], most=PAGE)
    yield partial(store.schedules.due, now(), 100)
    yield partial(store.monitors.due, now(), 100)
    yield partial(store.sightings.known, ids)
    yield partial(_drained, store.sightings.of_run(seeds.runs[0].id, PAGE))
    window = Window(now() - timedelta(days=2), now())
    for seen in (TraceFilter(), TraceFilter(name="rare", session="rare", search="step")):
        yield partial(_drained, store.traces.arrived(seeds.project_id, window, seen))
    keys, an_hour_ago = range(PAGE), now() - timedelta(hours=1)
    yield partial(store.answer_cache.newest, seeds.project_id, [f"a{n}" for n in keys], since=an_hour_ago)
    yield partial(store.score_cache.newest, seeds.project_id, [f"s{n}" for n in keys], since=an_hour_ago)
    yield partial(store.rate_limits.standing, [seeds.version.id])
    yield partial(store.tasks.unfinished, seeds.busy.id)
    yield store.workers.live
    yield store.workers.live_count


def _exported(seeds: Seeds) -> Iterator[RecordList]:
    """Yield what is exported: a run, and what filters find, whatever the database might rather sort."""
    yield RecordList(project_id=seeds.project_id, run_id=seeds.busy.id)
    yield RecordList(project_id=seeds.project_id, run_id=seeds.busy.id, wanted=RecordFilter(min_latency_ms=1.0))
    yield RecordList(project_id=seeds.project_id)
    yield RecordList(project_id=seeds.project_id, wanted=RecordFilter(min_latency_ms=1e9))
    yield RecordList(project_id=seeds.project_id, wanted=RecordFilter(verdict=(Verdict.FAILED,), tags=("x",)))


def _writes(seeds: Seeds) -> Iterator[Step]:
    """Yield what changes documents found by other than their ids."""
    store, run_id = seeds.store, seeds.busy.id
    yield partial(store.rate_limits.reserve, seeds.version.id, Wanted(calls=1))
    yield partial(store.rate_limits.slow_down, seeds.version.id, Refused(age_ms=0, rate=1))
    yield partial(store.run_limits.allot, run_id, 1.0, lane=0, lanes=4, spent=0.0)
    yield partial(store.run_limits.give_back, run_id, 0)
    yield partial(store.run_limits.stop_soon, run_id, "enough")
    yield store.tasks.overdue
    yield partial(store.runs.hide_old, seeds.project_id, now() - timedelta(days=30))
    yield partial(store.tasks.wake, run_id, due_seconds=10)
    yield partial(store.tasks.reopen, run_id, due_seconds=10)
    yield partial(store.tasks.claim, f"{run_id}.0", 1, "worker", 10)
    yield partial(store.records.cancel_open, run_id, now())
    yield partial(store.records.reopen_for_scoring, run_id)
    yield partial(store.records.said_of_errored, run_id)
    yield partial(store.records.reopen_errored, run_id)
    yield partial(store.records.mark_running, [record.id for record in seeds.records[:PAGE]], now())
    for repository in (store.tasks, store.records, store.score_history):
        yield partial(repository.delete_of_run, run_id)
    yield partial(store.items.delete_of_dataset, seeds.dataset.id)
    for each in (
        *(store.api_keys, store.tasks, store.runs, store.records, store.score_history, store.items),
        *(
            store.schedules,
            store.monitors,
            store.sightings,
            store.datasets,
            store.evaluators,
            store.system_versions,
            store.systems,
        ),
    ):
        yield partial(each.delete_of_project, seeds.other_project_id)


async def _drained(stream: AsyncIterator[Any]) -> None:
    async for _ in stream:
        pass


# -------------------------------------------------------------------------------------------------------- the plans


@dataclass(frozen=True)
class Plan:
    """How the database carries out one command."""

    label: str
    command: dict[str, Any]
    stages: list[dict[str, Any]]
    read: int

    @property
    def names(self) -> set[str]:
        """The names of its stages."""
        return {stage["stage"] for stage in self.stages}

    @property
    def indexes(self) -> set[tuple[str, str]]:
        """The indexes that it uses, each with its collection."""
        own = str(next(iter(self.command.values())))
        found = {(own, stage["indexName"]) for stage in self.stages if "indexName" in stage}
        return found | {(own, name) for stage in self.stages for name in stage.get("indexesUsed", ())}

    def __str__(self) -> str:
        return f"{self.label}: {sorted(self.names)} {sorted(name for _, name in self.indexes)}, {self.read} read"


@dataclass(frozen=True)
class Scenario:
    """The plans of everything that the store sends."""

    unfiltered: list[Plan]
    sorted: list[Plan]
    filtered: list[Plan]
    others: list[Plan]

    @property
    def plans(self) -> list[Plan]:
        """All of them."""
        return [*self.unfiltered, *self.sorted, *self.filtered, *self.others]


@pytest.fixture(scope="module")
async def scenario(seeds: Seeds) -> Scenario:
    """Return the plans, those of the lists first, since the other steps change what is there."""
    return Scenario(
        unfiltered=await _plans_of_lists(seeds, _lists(seeds)),
        sorted=await _plans_of_lists(seeds, _sorted_lists(seeds)),
        filtered=await _plans_of_lists(seeds, _filtered_lists(seeds)),
        others=[
            plan
            for step in chain(
                _reads(seeds),
                _writes(seeds),
                trace_steps(seeds.store, seeds.project_id, seeds.other_project_id),
            )
            for plan in await _plans(seeds, _name(step), step)
        ],
    )


async def _plans_of_lists(seeds: Seeds, lists: Iterator[tuple[str, Lists[Any, Any], Any]]) -> list[Plan]:
    """Return the plans of the first page of each list, of a page in its depth, and of its length."""
    plans: list[Plan] = []
    for label, of_kind, wanted in lists:
        after = None
        for _ in range(_DEPTH):
            [page] = await of_kind.pages(actor=ROOT, asked=[PageRequest(of=wanted, first=PAGE, after=after)])
            after = page.cursors[-1] if page.has_next else after
        seeds.commands.take()
        first, deep = (PageRequest(of=wanted, first=PAGE, after=cursor) for cursor in (None, after))
        for what, asked in (("first", first), ("deep", deep)):
            plans += await _plans(seeds, f"{label}, {what}", partial(of_kind.pages, actor=ROOT, asked=[asked]))
        plans += await _plans(seeds, f"{label}, count", partial(of_kind.counts, actor=ROOT, lists=[wanted]))
    return plans


def _name(step: Step) -> str:
    function = step.func if isinstance(step, partial) else step
    return str(getattr(function, "__qualname__", function))


async def _plans(seeds: Seeds, label: str, step: Step) -> list[Plan]:
    await step()
    return [await _plan(seeds.store, label, command) for command in seeds.commands.take() if _can_be_explained(command)]


def _can_be_explained(command: dict[str, Any]) -> bool:
    return not {"insert", "getMore"} & command.keys()


async def _plan(store: Store, label: str, command: dict[str, Any]) -> Plan:
    explained = [await store.explain(part) for part in _parts(command)]
    return Plan(label, command, list(_stages(explained)), _read(explained))


def _parts(command: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a command as it can be explained: one change of many, and each part of a union by itself."""
    command = {name: value for name, value in command.items() if name != "ordered"}
    for changes in ("updates", "deletes"):
        if changes in command:
            command = {**command, changes: command[changes][:1]}
    unions = [stage["$unionWith"]["pipeline"] for stage in command.get("pipeline", ()) if "$unionWith" in stage]
    if unions:
        command = {**command, "pipeline": [stage for stage in command["pipeline"] if "$unionWith" not in stage]}
    yield command
    for pipeline in unions:
        yield from _parts({**command, "pipeline": pipeline})


def _stages(plan: Any) -> Iterator[dict[str, Any]]:
    """Yield the stages of the plans that were chosen."""
    for entry in plan if isinstance(plan, list) else ():
        yield from _stages(entry)
    if isinstance(plan, dict):
        if isinstance(plan.get("stage"), str):
            yield plan
        if "$sort" in plan:
            yield {"stage": "SORT"}
        if "$lookup" in plan:
            yield {
                "stage": "COLLSCAN" if int(plan["collectionScans"]) else "LOOKUP",
                "indexesUsed": plan["indexesUsed"],
            }
        for name, entry in plan.items():
            if name not in {"rejectedPlans", "executionStats", "command", "serverParameters", "$lookup"}:
                yield from _stages(entry)


def _read(plan: Any) -> int:
    """Return how many index entries and documents were looked at."""
    if isinstance(plan, list):
        return sum(map(_read, plan))
    if not isinstance(plan, dict):
        return 0
    own = max(int(plan.get("totalKeysExamined", 0)), int(plan.get("totalDocsExamined", 0)))
    return own + sum(_read(entry) for name, entry in plan.items() if name != "allPlansExecution")


# -------------------------------------------------------------------------------------------------------- the tests


async def test_every_declared_index_is_there(seeds: Seeds):
    for collection, indexes in INDEXES.items():
        there = await seeds.store._database[collection].index_information()
        assert there.keys() == {"_id_", *(index.document["name"] for index in indexes)}


async def test_no_query_reads_a_whole_collection(scenario: Scenario):
    assert len(scenario.plans) > 300
    assert [str(plan) for plan in scenario.plans if "COLLSCAN" in plan.names] == []


async def test_no_list_is_sorted_but_within_a_run_or_where_a_filter_is_better_served(scenario: Scenario):
    assert [str(plan) for plan in [*scenario.unfiltered, *scenario.others] if "SORT" in plan.names] == []


async def test_a_page_costs_the_same_wherever_it_is(scenario: Scenario):
    pages = [plan for plan in scenario.unfiltered if "count" not in plan.label]
    assert len([plan for plan in pages if "deep" in plan.label]) > 40
    # Up to three stretches behind a cursor, each read for a page and one row more; some rows are hidden.
    assert [str(plan) for plan in pages if plan.read > 3 * (PAGE + 1) + 20] == []


async def test_the_runs_before_twenty_runs_are_found_without_reading_others(scenario: Scenario):
    [plan] = [plan for plan in scenario.others if "previous_of" in plan.label]
    assert plan.read <= 3 * PAGE


async def test_a_lane_finds_its_open_records_in_an_index_of_nothing_else(scenario: Scenario):
    [plan] = [plan for plan in scenario.others if "open_in_lane" in plan.label]
    assert plan.indexes == {("records", "run_id_1_lane_1_seq_1")}


async def test_a_run_is_found_by_its_idempotency_key_in_the_index_that_keeps_it_unique(scenario: Scenario):
    [plan] = [plan for plan in scenario.others if "by_idempotency_key" in plan.label]
    assert plan.indexes == {("runs", "project_id_1_idempotency_key_1")}
    assert plan.read == 1


async def test_what_is_due_is_found_without_what_waits(scenario: Scenario):
    for kind, collection in (("Schedule", "schedules"), ("Monitor", "monitors")):
        [plan] = [plan for plan in scenario.others if plan.label == f"{kind}Repository.due"]
        assert plan.indexes == {(collection, "next_at_1")}
        assert plan.read == 4


async def test_what_people_have_judged_is_found_in_an_index_of_nothing_else(scenario: Scenario):
    plans = [plan for plan in scenario.others if "of_evaluator" in plan.label and plan.command["find"] == "records"]
    assert [plan.indexes for plan in plans] == [{("records", "judged_1_judged_at_-1__id_-1_run_id_1")}] * 2
    assert [plan.read for plan in plans] == [PAGE, PAGE]


async def test_the_newest_answers_are_found_without_reading_older_ones(scenario: Scenario):
    [plan] = [plan for plan in scenario.others if "AnswerCacheRepository" in plan.label]
    name = "project_id_1_answer_key_1_started_at_-1__id_1"
    assert plan.indexes == {("records", name), ("records", "_id_")}
    # What is found first comes out of the index alone; then a record is read for each key.
    assert {"PROJECTION_COVERED", "LOOKUP"} <= plan.names


async def test_scores_are_found_in_an_index_of_those_that_may_be_used_again(scenario: Scenario):
    [plan] = [plan for plan in scenario.others if "ScoreCacheRepository" in plan.label]
    assert plan.indexes == {("records", "project_id_1_scores.cache_key_1")}
    assert plan.read <= 2 * PAGE


async def test_each_index_is_used_or_keeps_a_rule(scenario: Scenario):
    used = set().union(*(plan.indexes for plan in scenario.plans))
    idle = {
        (collection, index.document["name"])
        for collection, indexes in INDEXES.items()
        for index in indexes
        if not index.document.get("unique") and "expireAfterSeconds" not in index.document
    } - used
    assert idle == set()
