"""(b) The runs page with summaries and evaluator summaries, over HTTP, at growing numbers of records a run."""

import statistics
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
from pymongo import AsyncMongoClient
from rich.console import Console
from rich.table import Table

from benchmarks.laid_out import lay_out
from benchmarks.stack import Servers, serving
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
        await lay_out(store, runs=RUNS, records=RECORDS * scale)
        await store.close()
    async with AsyncExitStack() as stack:
        mongodb = await stack.enter_async_context(AsyncMongoClient[dict[str, Any]](servers.mongodb_url))
        # What laying out has left to be written would be written while pages are asked for.
        await mongodb.admin.command("fsync")
        pages = []
        for scale in scales:
            client = await stack.enter_async_context(serving(servers, _database(scale)))
            pages += [Page(RECORDS * scale, fields, query, client) for fields, query in QUERIES.items()]
        sizes = [_checked(await page.ask()) for page in pages]
        floor = [await _floor(mongodb, _database(scales[0])) for _ in range(REQUESTS)]
        for _ in range(REQUESTS):
            for page in pages:
                await page.ask()
    console.print(_table(pages, sizes, floor))


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
