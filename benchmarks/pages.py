"""(b) The runs page with summaries and evaluator summaries, over HTTP, at growing numbers of records a run."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
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


class NoQueue:
    """Takes hints for nobody: the runs here are laid down as they ended."""

    async def hint(self, tasks: Sequence[Task]) -> None:
        """Do nothing."""


async def measure(servers: Servers, scales: Sequence[int], console: Console) -> None:
    """Lay down 50 runs at each scale, ask for the page a hundred times, and print the table."""
    table = Table(title=f"project.runs(first: {RUNS}) with summaries and evaluator summaries, over HTTP")
    for column in ("records a run", "fields", "p50 ms", "p95 ms", "kB"):
        table.add_column(column, justify="left" if column == "fields" else "right")
    for scale in scales:
        database = f"bench_pages_{scale}"
        store = await Store.open(servers.mongodb_url, database)
        await lay_out(Services(store, NoQueue()), RECORDS * scale)
        await store.close()
        for fields, query in (("of the list", LIST), ("all, with histograms", EVERYTHING)):
            seconds, size = await _ask(servers, database, query)
            table.add_row(
                f"{RECORDS * scale:,}",
                fields,
                f"{statistics.median(seconds) * 1000:.1f}",
                f"{statistics.quantiles(seconds, n=20)[-1] * 1000:.1f}",
                f"{size / 1000:.0f}",
            )
    console.print(table)


async def _ask(servers: Servers, database: str, query: str) -> tuple[list[float], int]:
    port = free_port()
    environment = {**servers.environment(database), "EVALYARD_AUTH": "none", "EVALYARD_PORT": str(port)}
    async with process(*serve_command(), environment=environment):
        await until_listening(port)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            body = {"query": query, "variables": {"name": "bench"}}
            seconds = []
            for _ in range(REQUESTS + 10):
                begun = time.perf_counter()
                response = await client.post("/graphql", json=body)
                seconds.append(time.perf_counter() - begun)
            answer = response.json()
            if "errors" in answer or len(answer["data"]["project"]["runs"]["edges"]) != RUNS:
                raise RuntimeError(f"the page is not what it should be: {response.text[:1000]}")
            return seconds[10:], len(response.content)


async def lay_out(
    services: Services, records: int, runs: int = RUNS, change: Callable[[Record], Record] = lambda record: record
) -> None:
    """Store a project with ended runs of so many records, each of them changed before."""
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
    for number in range(1, runs + 1):
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
            part = [change(_record(run, place)) for place in range(begin, min(records, begin + 1000))]
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
