"""(a) Records carried out and scored a second by one worker process, against the floor of the driver."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import AsyncMongoClient, UpdateOne
from rich.console import Console
from rich.table import Table

from benchmarks.stack import Servers, free_port, process, until_listening, worker_command
from evalyard_core.domain.access import Project
from evalyard_core.domain.evaluators import Evaluator
from evalyard_core.domain.runs import Run, RunSettings, RunStatus
from evalyard_core.domain.systems import SystemVersion
from evalyard_core.queue import BrokerQueue, connect_broker
from evalyard_core.services import Services
from evalyard_core.services.access import ANYONE
from evalyard_core.services.datasets import NewItem
from evalyard_core.services.starting import NewRun
from evalyard_core.storage import Store

DATABASE = "bench_engine"
BULK = 100
EVALUATORS = (("numeric_match", {"after": "A:"}), ("exact_match", {}), ("contains", {}))


@dataclass(frozen=True, slots=True)
class Case:
    """What one row of the table measured."""

    name: str
    seconds: list[float]
    records: int

    @property
    def per_second(self) -> float:
        return self.records / statistics.median(self.seconds)


async def measure(servers: Servers, items: Sequence[NewItem], repeats: int, console: Console) -> None:
    """Measure the floor and both targets, and print the table."""
    store = await Store.open(servers.mongodb_url, DATABASE)
    services = Services(store, BrokerQueue(connect_broker(servers.broker_url)))
    port = free_port()
    environment = servers.environment(DATABASE)
    answering = ("-m", "uvicorn", "benchmarks.answering:app", "--port", str(port), "--log-level", "warning")
    async with process(*worker_command(), environment=environment), process(*answering, environment=environment):
        await until_listening(port)
        bench = await _Bench.lay_out(services, items)
        python = await bench.version("python", {"function": "benchmarks.answering:answer"})
        http = await bench.version("http", {"url": f"http://127.0.0.1:{port}/", "output": "output"})
        cases = []
        for name, version in (("python target", python), ("http target", http)):
            await bench.run(version)
            runs = [await bench.run(version) for _ in range(repeats)]
            cases.append(Case(name, [run.seconds for run in runs], len(items)))
            floor = await _floor(servers, runs[-1].run, repeats)
    console.print(_table([floor, *cases]))
    await store.close()


@dataclass(frozen=True, slots=True)
class Timed:
    """A run and the seconds from startRun to COMPLETED."""

    run: Run
    seconds: float


@dataclass(frozen=True, slots=True)
class _Bench:
    services: Services
    project: Project
    dataset_id: str
    evaluators: Sequence[Evaluator]

    @classmethod
    async def lay_out(cls, services: Services, items: Sequence[NewItem]) -> "_Bench":
        project = await services.projects.create(actor=ANYONE, name="bench")
        dataset = await services.datasets.create(actor=ANYONE, project_id=project.id, name="cases")
        for begin in range(0, len(items), 1000):
            part = items[begin : begin + 1000]
            await services.datasets.add_items(actor=ANYONE, dataset_id=dataset.id, items=part)
        async with asyncio.timeout(60):
            while not (await services.library.catalogue(fresh=True)).targets:
                await asyncio.sleep(0.1)
        evaluators = [
            await services.evaluators.create(
                actor=ANYONE, project_id=project.id, name=plugin, plugin=plugin, config=config
            )
            for plugin, config in EVALUATORS
        ]
        return cls(services, project, dataset.id, evaluators)

    async def version(self, target: str, config: Any) -> SystemVersion:
        system = await self.services.systems.create(actor=ANYONE, project_id=self.project.id, name=target)
        return await self.services.systems.create_version(
            actor=ANYONE, system_id=system.id, name="1", target=target, config=config
        )

    async def run(self, version: SystemVersion) -> Timed:
        new = NewRun(
            project_id=self.project.id,
            dataset_id=self.dataset_id,
            system_version_id=version.id,
            evaluator_ids=[evaluator.id for evaluator in self.evaluators],
            settings=RunSettings(concurrency=16),
        )
        begun = time.perf_counter()
        run: Run | None = await self.services.runs.start(actor=ANYONE, new=new)
        while run is not None and not run.is_terminal:
            await asyncio.sleep(0.01)
            run = await self.services.store.runs.get(run.id)
        seconds = time.perf_counter() - begun
        if run is None or run.status is not RunStatus.COMPLETED:
            raise RuntimeError(f"the run did not complete: {run}")
        return Timed(run, seconds)


async def _floor(servers: Servers, run: Run, repeats: int) -> Case:
    """Insert as many documents of the same size and update each once, in bulks of 100, without any index but _id.

    The documents are those of a real run: inserted as they are planned, updated with all that the run adds.
    """
    async with AsyncMongoClient[dict[str, Any]](servers.mongodb_url) as client:
        documents = await client[DATABASE]["records"].find({"run_id": run.id}).to_list()
        planned = [{**document, **dict.fromkeys(_ADDED), "scores": []} for document in documents]
        updates = [
            UpdateOne({"_id": document["_id"]}, {"$set": {name: document[name] for name in _ADDED}})
            for document in documents
        ]
        seconds = []
        for _ in range(repeats):
            collection = client[f"{DATABASE}_floor"]["records"]
            await collection.drop()
            begun = time.perf_counter()
            for place in range(0, len(planned), BULK):
                await collection.insert_many(planned[place : place + BULK], ordered=False)
            for place in range(0, len(updates), BULK):
                await collection.bulk_write(updates[place : place + BULK], ordered=False)
            seconds.append(time.perf_counter() - begun)
    return Case("floor: insert, then update", seconds, len(documents))


_ADDED = (
    "status",
    "output",
    "verdict",
    "attempts",
    "latency_ms",
    "started_at",
    "finished_at",
    "scores",
)


def _table(cases: Sequence[Case]) -> Table:
    floor = cases[0]
    table = Table(title=f"{floor.records:,} records × {len(EVALUATORS)} evaluators, one worker process")
    for column in ("", "seconds (median)", "min to max", "records a second", "times the floor"):
        table.add_column(column, justify="left" if not column else "right")
    for case in cases:
        table.add_row(
            case.name,
            f"{statistics.median(case.seconds):.2f}",
            f"{min(case.seconds):.2f} to {max(case.seconds):.2f}",
            f"{case.per_second:,.0f}",
            f"{floor.per_second / case.per_second:.1f}",
        )
    return table
