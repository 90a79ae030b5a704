"""(f) The pages on which results are read, at 1,000 runs and 1,000,000 records, over HTTP."""

import statistics
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from pymongo import AsyncMongoClient
from rich.console import Console
from rich.table import Table

from benchmarks.laid_out import LaidOut, lay_out
from benchmarks.pages import LIST
from benchmarks.stack import Servers, serving
from evalyard_core.storage import Store
from evalyard_schema.ids import encode

DATABASE = "bench_reading"
RECORDS = 1000
REQUESTS = 30

_RECORD = "id trial input expectedOutput output status verdict latencyMs costUsd scores { name value passed }"
_RECORDS = f"edges {{ node {{ {_RECORD} }} }} pageInfo {{ hasNextPage endCursor }}"

#: Each page with its query; variables are those of `_variables`.
PAGES = {
    "runs page: 50 runs": LIST,
    "run page: summary and 50 records": f"""query ($run: ID!) {{ run(id: $run) {{
        id number name status progress {{ total completed passed failed errored }}
        summary {{ passRate passRateInterval {{ low high }} averageLatencyMs p95LatencyMs totalCostUsd }}
        evaluators {{ evaluator {{ id name }} status explanation passRate mean median histogram {{ low high count }} }}
        records(first: 50) {{ {_RECORDS} }} }} }}""",
    "records of the project, newest 50": f"""query ($project: ID!) {{ project(id: $project) {{
        records(first: 50) {{ {_RECORDS} }} }} }}""",
    "records: failed, tagged, in a range of a score": f"""query ($project: ID!, $exact: ID!) {{
        project(id: $project) {{ records(first: 50, filter: {{
            verdict: [FAILED], tags: ["tag 1"], scores: [{{ evaluatorId: $exact, min: 0.5, max: 0.9 }}]
        }}) {{ {_RECORDS} }} }} }}""",
    "records: failed, slowest 50": f"""query ($project: ID!) {{ project(id: $project) {{
        records(first: 50, filter: {{ verdict: [FAILED] }}, orderBy: {{ field: LATENCY }}) {{ {_RECORDS} }} }} }}""",
    "records of a run: text, by score": f"""query ($run: ID!, $exact: ID!) {{ run(id: $run) {{
        records(first: 50, filter: {{ search: "7" }}, orderBy: {{ field: SCORE, evaluatorId: $exact }}) {{
            {_RECORDS} }} }} }}""",
    "comparison of 3 runs, first 50 rows": f"""query ($run: ID!, $others: [ID!]!) {{
        compareRuns(baselineId: $run, candidateIds: $others) {{
            candidates {{ regressed improved unchanged passRateDelta pValue verdict warnings
                          evaluators {{ evaluator {{ id name }} delta pValue verdict }} }}
            rows(first: 50) {{ edges {{ node {{ input baseline {{ {_RECORD} }}
                candidates {{ change records {{ {_RECORD} }} }} }} }} }} }} }}""",
    "new failures of a run": f"query ($run: ID!) {{ run(id: $run) {{ newFailures(first: 50) {{ {_RECORDS} }} }} }}",
    "failure groups of a run": """query ($run: ID!) { run(id: $run) {
        failureGroups(first: 20) { edges { node { label failed cases failureRate strength pValue } } } } }""",
    "consistent failures of 5 runs": """query ($dataset: ID!) { dataset(id: $dataset) {
        consistentFailures(lastRuns: 5, first: 20) { edges { node { id input } } } } }""",
    "flaky items of 10 runs": """query ($dataset: ID!) { dataset(id: $dataset) {
        flakyItems(lastRuns: 10, first: 20) { edges { node { flips passRate item { id } } } } } }""",
    "history of 3 evaluators over 50 runs": """query ($project: ID!) { project(id: $project) {
        history(last: 50) { evaluator { name } unit points { value low high count at run { id number } }
                            trend { direction slopePerRun pValue } } } }""",
    "gate of a run": """query ($run: ID!) { run(id: $run) {
        gate(policy: { minPassRate: 0.7, maxRegressions: 200 }) { passed checks { name passed explanation } } } }""",
}


async def measure(servers: Servers, runs: int, console: Console) -> None:
    """Lay down so many runs, ask for each page, and print the table."""
    store = await Store.open(servers.mongodb_url, DATABASE)
    begun = time.perf_counter()
    laid_out = await lay_out(store, runs=runs, records=RECORDS)
    console.print(f"{runs:,} runs of {RECORDS:,} records laid down in {time.perf_counter() - begun:.0f} s")
    await store.close()
    async with AsyncMongoClient[dict[str, Any]](servers.mongodb_url) as mongodb:
        # What laying out has left to be written would be written while pages are asked for.
        await mongodb.admin.command("fsync")
    variables = _variables(laid_out)
    table = Table(title=f"{runs:,} runs, {runs * RECORDS:,} records of three scores, over HTTP")
    for column in ("page", "first ms", "p50 ms", "p95 ms", "kB"):
        table.add_column(column, justify="left" if column == "page" else "right")
    async with serving(servers, DATABASE) as client:
        for page, query in PAGES.items():
            table.add_row(page, *await _measured(client, query, variables))
    console.print(table)


def _variables(laid_out: LaidOut) -> Mapping[str, Any]:
    newest, *others = [encode("Run", run.id) for run in laid_out.runs[-3:]]
    return {
        "name": laid_out.project.name,
        "project": encode("Project", laid_out.project.id),
        "dataset": encode("Dataset", laid_out.dataset.id),
        "exact": encode("Evaluator", laid_out.evaluators[0].id),
        "run": newest,
        "others": others,
    }


async def _measured(client: httpx.AsyncClient, query: str, variables: Mapping[str, Any]) -> Sequence[str]:
    wanted = {name: value for name, value in variables.items() if f"${name}:" in query}
    seconds = []
    for _ in range(REQUESTS + 1):
        begun = time.perf_counter()
        response = await client.post("/graphql", json={"query": query, "variables": wanted})
        seconds.append(time.perf_counter() - begun)
    if "errors" in response.json():
        raise RuntimeError(f"the page is not what it should be: {response.text[:1000]}")
    first, *others = (second * 1000 for second in seconds)
    p50, p95 = statistics.median(others), statistics.quantiles(others, n=20)[-1]
    return f"{first:.0f}", f"{p50:.1f}", f"{p95:.1f}", f"{len(response.content) / 1000:.0f}"
