"""(b) The runs page with summaries and evaluator summaries, over HTTP, at growing numbers of records a run."""

import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx
from pymongo import AsyncMongoClient
from rich.console import Console
from rich.table import Table

from benchmarks.stack import Servers, free_port, process, serve_command, until_listening
from evalyard import ScoreType
from evalyard_core.domain.access import Project
from evalyard_core.domain.evaluators import Evaluator, EvaluatorSnapshot
from evalyard_core.domain.ids import new_id, record_id
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Record, RecordStatus, ScoreStatus, Verdict
from evalyard_core.domain.runs import DatasetPin, Run, RunSettings, RunSource, RunStatus, SystemPin
from evalyard_core.domain.scores import blank_score
from evalyard_core.domain.tasks import Task
from evalyard_core.services import Services
from evalyard_core.services.access import ANYONE
from evalyard_core.storage import Store

RUNS = 50
RECORDS = 1000
REQUESTS = 100
WARMING = 10

#: Every field of the summaries; a list leaves the bars of the histograms to the run's own page.
EVERYTHING = """
query Runs($name: String!) {
  project(name: $name) {
    runs(first: 50) {
      edges { node {
        id number name status statusReason source createdAt startedAt finishedAt tags trials
        dataset { id name } system { id name } systemVersion { id name }
        progress { revision total pending running completed passed failed errored cancelled percent }
        summary { totalCostUsd totalDurationMs averageLatencyMs p50LatencyMs p95LatencyMs totalTokens passRate
                  passRateInterval { low high level } passed failed errored passAtK { k anyPasses allPass } }
        evaluators { evaluator { id name } evaluatorVersion pluginVersion configHash status explanation
                     scored passed failed errored skipped passRate mean median standardDeviation minimum maximum
                     meanInterval { low high level } histogram { low high count } labels { label count } costUsd }
      } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""


LIST = EVERYTHING.replace("histogram { low high count } labels { label count }", "")
QUERIES = {"of the list": LIST, "all, with histograms": EVERYTHING}


class NoQueue:
    """Takes hints for nobody: the runs here are laid down as they ended."""

    async def hint(self, tasks: Sequence[Task]) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Page:
    """One row of the table: a query at one number of records a run, and how long each answer took."""

    records: int
    fields: str
    query: str
    client: httpx.AsyncClient
    seconds: list[float] = field(default_factory=list)

    async def ask(self) -> httpx.Response:
        begun = time.perf_counter()
        response = await self.client.post("/graphql", json={"query": self.query, "variables": {"name": "bench"}})
        self.seconds.append(time.perf_counter() - begun)
        return response


async def measure(servers: Servers, scales: Sequence[int], console: Console) -> None:
    """Lay down 50 runs at each scale, ask for each page in turn a hundred times, and print the table."""
    for scale in scales:
        store = await Store.open(servers.mongodb_url, _database(scale))
        await _lay_out(Services(store, NoQueue()), RECORDS * scale)
        await store.close()
    async with AsyncExitStack() as stack:
        mongodb = await stack.enter_async_context(AsyncMongoClient[dict[str, Any]](servers.mongodb_url))
        # What laying out has left to be written would be written while pages are asked for.
        await mongodb.admin.command("fsync")
        pages = []
        for scale in scales:
            client = await stack.enter_async_context(_api(servers, _database(scale)))
            pages += [Page(RECORDS * scale, fields, query, client) for fields, query in QUERIES.items()]
        sizes = [_checked(await page.ask()) for page in pages]
        floor = [await _floor(mongodb, _database(scales[0])) for _ in range(REQUESTS)]
        for _ in range(REQUESTS):
            for page in pages:
                await page.ask()
    console.print(_table(pages, sizes, floor))


@asynccontextmanager
async def _api(servers: Servers, database: str) -> AsyncIterator[httpx.AsyncClient]:
    port = free_port()
    environment = {**servers.environment(database), "EVALYARD_AUTH": "none", "EVALYARD_PORT": str(port)}
    async with process(*serve_command(), environment=environment):
        await until_listening(port)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            yield client


async def _floor(mongodb: AsyncMongoClient[dict[str, Any]], database: str) -> float:
    """Return the seconds that the driver takes for the documents of the runs of a page, and no more."""
    begun = time.perf_counter()
    await mongodb[database]["runs"].find().sort("at", -1).limit(RUNS).to_list()
    return time.perf_counter() - begun


def _checked(response: httpx.Response) -> int:
    answer = response.json()
    if "errors" in answer or len(answer["data"]["project"]["runs"]["edges"]) != RUNS:
        raise RuntimeError(f"the page is not what it should be: {response.text[:1000]}")
    return len(response.content)


def _table(pages: Sequence[Page], sizes: Sequence[int], floor: Sequence[float]) -> Table:
    least = statistics.median(floor)
    table = Table(title=f"project.runs(first: {RUNS}) with summaries and evaluator summaries, over HTTP")
    for column in ("records a run", "fields", "p50 ms", "p95 ms", "times the floor", "kB"):
        table.add_column(column, justify="left" if column == "fields" else "right")
    table.add_row("", "floor: the runs' documents", f"{least * 1000:.1f}", _p95(floor), "1.0", "")
    for page, size in zip(pages, sizes, strict=True):
        seconds = page.seconds[WARMING:]
        median = statistics.median(seconds)
        cells = (f"{median * 1000:.1f}", _p95(seconds), f"{median / least:.1f}", f"{size / 1000:.0f}")
        table.add_row(f"{page.records:,}", page.fields, *cells)
    return table


def _p95(seconds: Sequence[float]) -> str:
    return f"{statistics.quantiles(seconds, n=20)[-1] * 1000:.1f}"


def _database(scale: int) -> str:
    return f"bench_pages_{scale}"


async def _lay_out(services: Services, records: int) -> None:
    project = await services.projects.create(actor=ANYONE, name="bench")
    evaluators = [await _evaluator(services, project, name) for name in ("exact", "fuzzy", "number")]
    dataset = await services.datasets.create(actor=ANYONE, project_id=project.id, name="cases")
    system = await services.systems.create(actor=ANYONE, project_id=project.id, name="system")
    pin = SystemPin(
        system_id=system.id,
        system_name=system.name,
        version_id=new_id(),
        version_name="1",
        target="evalyard-targets/http",
        config={"url": "http://127.0.0.1/"},
    )
    snapshots = tuple(_snapshot(evaluator) for evaluator in evaluators)
    for number in range(1, RUNS + 1):
        run = Run(
            id=new_id(),
            project_id=project.id,
            number=number,
            name=f"Run {number}",
            source=RunSource.API,
            status=RunStatus.RUNNING,
            settings=RunSettings(),
            created_at=now() + timedelta(seconds=number),
            started_at=now(),
            dataset=DatasetPin(id=dataset.id, name=dataset.name, version=0),
            system=pin,
            evaluators=snapshots,
        )
        await services.store.runs.add(run)
        for begin in range(0, records, 1000):
            part = [_record(run, place) for place in range(begin, min(records, begin + 1000))]
            await services.store.records.add(part)
        await services.runs.end(run_id=run.id)


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


def _record(run: Run, place: int) -> Record:
    moment = now()
    passed = place % 4 != 0
    scores = tuple(
        replace(
            blank_score(snapshot, moment),
            value=place % 101 / 100,
            number=place % 101 / 100,
            passed=passed,
            status=ScoreStatus.OK,
        )
        for snapshot in run.evaluators
    )
    values: dict[str, Any] = {"input": {"question": "how many? " * 20}, "expected_output": "x" * 200}
    return Record(
        id=record_id(run.id, f"{place:024d}", 1),
        run_id=run.id,
        project_id=run.project_id,
        dataset_id=run.dataset.id if run.dataset else None,
        item_id=f"{place:024d}",
        system_version_id=run.system.version_id if run.system else None,
        seq=place,
        lane=place % 4,
        trial=1,
        metadata=None,
        tags=(),
        status=RecordStatus.COMPLETED,
        verdict=Verdict.PASSED if passed else Verdict.FAILED,
        created_at=moment,
        output="y" * 200,
        attempts=1,
        latency_ms=float(place % 300),
        cost_usd=0.001,
        prompt_tokens=100,
        completion_tokens=20,
        started_at=moment,
        finished_at=moment,
        scores=scores,
        **values,
    )
