"""(d) Comparisons: systems over the same cases, pairwise; and the comparison page of three runs of 1,000 records.

Everything goes over GraphQL and HTTP. The outputs are submitted over one dataset and scored by a worker.
"""

import statistics
import time
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.both_ways import (
    ADD_ITEMS,
    BATCH,
    CREATE_DATASET,
    CREATE_EVALUATOR,
    CREATE_PROJECT,
    FINISH,
    RUN,
    START_RUN,
    SUBMIT,
    Api,
    Problem,
    api,
    until_plugins,
)
from benchmarks.laid_out import lay_out
from benchmarks.stack import Servers, free_port, process, serve_command, until_listening
from evalyard_core.storage import Store

RUNS = 3
RECORDS = 1000
ROWS = 50
REQUESTS = 100

PAIR = """query ($baseline: ID!, $candidates: [ID!]!) {
  compareRuns(baselineId: $baseline, candidateIds: $candidates) {
    candidates {
      regressed improved unchanged passRateDelta passRateDeltaInterval { low high } pValue test verdict casesNeeded
    }
  }
}"""
PAGE = """query ($baseline: ID!, $candidates: [ID!]!, $first: Int, $change: Change) {
  compareRuns(baselineId: $baseline, candidateIds: $candidates) {
    baseline { id number name summary { passRate averageLatencyMs totalCostUsd } }
    candidates {
      run { id number name summary { passRate averageLatencyMs totalCostUsd } }
      regressed improved unchanged added removed passRateDelta passRateDeltaInterval { low high level } pValue test
      verdict averageLatencyDeltaMs costDeltaUsd warnings
      evaluators { evaluator { id name } baselineMean candidateMean delta deltaInterval { low high level } pValue test
                   pairs verdict }
    }
    rows(first: $first, change: $change) {
      edges { node {
        item { id } input expectedOutput
        baseline { id trial output verdict latencyMs scores { name number passed explanation } }
        candidates { change records { id trial output verdict latencyMs scores { name number passed explanation } } }
      } }
      pageInfo { hasNextPage endCursor } totalCount
    }
  }
}"""
IDS = 'query { project(name: "bench") { runs(first: 3) { edges { node { id } } } } }'


async def measure(servers: Servers, systems: Mapping[str, Sequence[Problem]], console: Console) -> None:
    """Compare the systems pairwise and time the page, and print both tables."""
    if len(systems) > 1:
        async with api(servers, "bench_comparing") as (asked, _):
            console.print(await _pairwise(asked, systems))
    console.print(await _page(servers))


async def _pairwise(asked: Api, systems: Mapping[str, Sequence[Problem]]) -> Table:
    table = Table(title="Systems compared pairwise: the second with the first as its baseline")
    for column in ("baseline", "candidate", "regressed", "improved", "pass rate by", "p", "verdict"):
        table.add_column(column, justify="left" if column in {"baseline", "candidate", "verdict"} else "right")
    runs = await submitted(asked, systems)
    for baseline, candidate in combinations(runs, 2):
        data = await asked.ask(PAIR, baseline=runs[baseline], candidates=[runs[candidate]])
        [found] = data["compareRuns"]["candidates"]
        low, high = (found["passRateDeltaInterval"][end] for end in ("low", "high"))
        table.add_row(
            baseline,
            candidate,
            f"{found['regressed']:,}",
            f"{found['improved']:,}",
            f"{found['passRateDelta']:+.1%} ({low:+.1%} to {high:+.1%})",
            f"{found['pValue']:.2g}",
            found["verdict"],
        )
    return table


async def submitted(asked: Api, systems: Mapping[str, Sequence[Problem]]) -> dict[str, str]:
    """Return the id of an ended run a system, all over one dataset."""
    project = (await asked.ask(CREATE_PROJECT, input={"name": "comparing"}))["createProject"]["id"]
    await until_plugins(asked)
    evaluator = await asked.ask(
        CREATE_EVALUATOR,
        input={"projectId": project, "name": "answer", "plugin": "numeric_match", "config": {"after": "A:"}},
    )
    dataset = (await asked.ask(CREATE_DATASET, input={"projectId": project, "name": "cases"}))["createDataset"]["id"]
    items = await _add_items(asked, dataset, next(iter(systems.values())))
    given = {"projectId": project, "datasetId": dataset, "evaluatorIds": [evaluator["createEvaluator"]["id"]]}
    runs: dict[str, str] = {}
    for name, problems in systems.items():
        runs[name] = (await asked.ask(START_RUN, input={**given, "name": name}))["startRun"]["id"]
        for begin in range(0, len(items), BATCH):
            pairs = zip(items[begin : begin + BATCH], problems[begin : begin + BATCH], strict=True)
            records = [{"itemId": item, "output": problem.output} for item, problem in pairs]
            await asked.ask(SUBMIT, run=runs[name], records=records)
        await asked.ask(FINISH, run=runs[name])
    for run_id in runs.values():
        while (await asked.ask(RUN, run=run_id))["run"]["status"] != "COMPLETED":
            continue
    return runs


async def _add_items(asked: Api, dataset: str, problems: Sequence[Problem]) -> list[str]:
    items: list[str] = []
    for begin in range(0, len(problems), BATCH):
        part = [{"input": p.input, "expectedOutput": p.expected} for p in problems[begin : begin + BATCH]]
        added = await asked.ask(ADD_ITEMS, dataset=dataset, items=part)
        items += [item["id"] for item in added["addDatasetItems"]["items"]]
    return items


async def _page(servers: Servers) -> Table:
    store = await Store.open(servers.mongodb_url, "bench_comparing_page")
    await lay_out(store, runs=RUNS, records=RECORDS)
    await store.close()
    table = Table(title=f"compareRuns of {RUNS} × {RECORDS:,} records with 3 scores, over HTTP")
    for column in ("rows", "first ms", "p50 ms", "p95 ms", "kB"):
        table.add_column(column, justify="left" if column == "rows" else "right")
    for rows, variables in (
        (f"the first {ROWS}", {"first": ROWS}),
        (f"the first {ROWS} that regressed", {"first": ROWS, "change": "REGRESSED"}),
    ):
        seconds, size = await _ask(servers, variables)
        first, *others = (second * 1000 for second in seconds)
        table.add_row(
            rows,
            f"{first:.0f}",
            f"{statistics.median(others):.1f}",
            f"{statistics.quantiles(others, n=20)[-1]:.1f}",
            f"{size / 1000:.0f}",
        )
    return table


async def _ask(servers: Servers, variables: dict[str, Any]) -> tuple[list[float], int]:
    """Return how long each request to a new API process took, and the size of the answer."""
    port = free_port()
    environment = {
        **servers.environment("bench_comparing_page"),
        "EVALYARD_AUTH": "none",
        "EVALYARD_PORT": str(port),
    }
    async with process(*serve_command(), environment=environment):
        await until_listening(port)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            found = (await client.post("/graphql", json={"query": IDS})).json()["data"]["project"]["runs"]["edges"]
            baseline, *candidates = (edge["node"]["id"] for edge in found)
            body = {"query": PAGE, "variables": {"baseline": baseline, "candidates": candidates, **variables}}
            seconds = []
            for _ in range(REQUESTS + 1):
                begun = time.perf_counter()
                response = await client.post("/graphql", json=body)
                seconds.append(time.perf_counter() - begun)
            answer = response.json()
            if "errors" in answer or len(answer["data"]["compareRuns"]["rows"]["edges"]) != ROWS:
                raise RuntimeError(f"the page is not what it should be: {response.text[:1000]}")
            return seconds, len(response.content)
