"""Worker processes: records a second with one, two and four; a short run alone and beside a huge one."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.stack import Servers, process, servers, worker_command
from evalyard_core.domain.access import Project
from evalyard_core.domain.evaluators import Evaluator
from evalyard_core.domain.runs import Run, RunSettings
from evalyard_core.domain.systems import SystemVersion
from evalyard_core.queue import BrokerQueue, connect_broker
from evalyard_core.services import Services
from evalyard_core.services.access import ANYONE
from evalyard_core.services.datasets import NewItem
from evalyard_core.services.starting import NewRun
from evalyard_core.storage import Store

DATABASE: Final = "bench_load"
SHORT: Final = 20
LONG: Final = 10_000
PROCESSES: Final = (1, 2, 4)


async def measure(huge: int, console: Console) -> None:
    """Measure and print one table for the processes and one for the short run beside one of `huge` records."""
    async with servers() as running, AsyncExitStack() as owned:
        store = await Store.open(running.mongodb_url, DATABASE)
        owned.push_async_callback(store.close)
        services = Services(store, BrokerQueue(connect_broker(running.broker_url)))
        async with _workers(running, services, 1):
            bench = await _Bench.lay_out(services, huge)
        rates = Table(title=f"A run of {LONG:,} records that are answered at once, one evaluator")
        beside = Table(title=f"A run of {SHORT} records, alone and beside one of {huge:,}")
        for column in ("worker processes", "seconds", "records a second"):
            rates.add_column(column, justify="right")
        for column in ("worker processes", "alone, seconds", "beside, seconds"):
            beside.add_column(column, justify="right")
        for count in PROCESSES:
            async with _workers(running, services, count):
                await bench.seconds(SHORT)
                seconds = await bench.seconds(LONG)
                rates.add_row(str(count), f"{seconds:.1f}", f"{LONG / seconds:,.0f}")
                alone = await bench.seconds(SHORT)
                beside.add_row(str(count), f"{alone:.2f}", f"{await bench.seconds_beside(huge):.2f}")
        console.print(rates, beside)


@asynccontextmanager
async def _workers(running: Servers, services: Services, count: int) -> AsyncIterator[None]:
    """Have so many worker processes, and wait until they are there."""
    async with process(*worker_command(count), environment=running.environment(DATABASE)):
        async with asyncio.timeout(120):
            while await services.store.workers._rows.count_documents({}) < count:  # noqa: SLF001
                await asyncio.sleep(0.1)
        yield


@dataclass(frozen=True, slots=True)
class _Bench:
    services: Services
    project: Project
    datasets: dict[int, str]
    version: SystemVersion
    evaluators: Sequence[Evaluator]

    @classmethod
    async def lay_out(cls, services: Services, huge: int) -> "_Bench":
        project = await services.projects.create(actor=ANYONE, name="bench")
        datasets = {}
        for size in {SHORT, LONG, huge}:
            dataset = await services.datasets.create(actor=ANYONE, project_id=project.id, name=f"{size}")
            for begin in range(0, size, 1000):
                items = [NewItem(input={"answer": str(n)}, expected_output=str(n)) for n in range(begin, begin + 1000)]
                part = items[: size - begin]
                await services.datasets.add_items(actor=ANYONE, dataset_id=dataset.id, items=part)
            datasets[size] = dataset.id
        system = await services.systems.create(actor=ANYONE, project_id=project.id, name="answers")
        config = {"function": "benchmarks.answering:answer"}
        version = await services.systems.create_version(
            actor=ANYONE, system_id=system.id, name="v1", target="python", config=config
        )
        exact = await services.evaluators.create(
            actor=ANYONE, project_id=project.id, name="exact", plugin="exact_match", config={}
        )
        return cls(services, project, datasets, version, [exact])

    async def start(self, size: int) -> Run:
        new = NewRun(
            project_id=self.project.id,
            dataset_id=self.datasets[size],
            system_version_id=self.version.id,
            evaluator_ids=[evaluator.id for evaluator in self.evaluators],
            settings=RunSettings(concurrency=16),
        )
        return await self.services.runs.start(actor=ANYONE, new=new)

    async def seconds(self, size: int) -> float:
        """Return how long a run takes from its start to its figures."""
        begun = time.perf_counter()
        run: Run | None = await self.start(size)
        while run is not None and not run.is_terminal:
            await asyncio.sleep(0.02)
            run = await self.services.store.runs.get(run.id)
        return time.perf_counter() - begun

    async def seconds_beside(self, huge: int) -> float:
        """Return how long a short run takes that starts when a huge one has begun; the huge one is cancelled then."""
        other = await self.start(huge)
        while (pulse := await self.services.store.runs.pulse(other.id)) is None or pulse.progress.completed < 1000:
            await asyncio.sleep(0.02)
        taken = await self.seconds(SHORT)
        pulse = await self.services.store.runs.pulse(other.id)
        if pulse is None or pulse.progress.completed >= huge:
            raise RuntimeError("the huge run was over before the short one; take more --records")
        await self.services.runs.cancel(actor=ANYONE, run_id=other.id)
        return taken
