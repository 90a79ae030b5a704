"""(c) The same outputs in two ways: submitted, and by a run that calls an HTTP server which answers them.

Everything goes over GraphQL and HTTP. The run page, all pages of its records, and its summary must agree with each
other and between the two ways.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.stack import Servers, free_port, process, serve_command, until_listening, worker_command

PAGE = 100
BATCH = 500


@dataclass(frozen=True, slots=True)
class Problem:
    """A case, and what a system answered."""

    input: Any
    expected: Any
    output: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to: its pass count as each of three places tells it."""

    system: str
    way: str
    total: int
    summary: int
    evaluator: int
    records: int

    @property
    def agrees(self) -> bool:
        """Whether all three tell the same."""
        return self.summary == self.evaluator == self.records


class Api:
    """A GraphQL client that raises what is refused."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.AsyncClient(base_url=url, timeout=120, trust_env=False)

    async def ask(self, query: str, **variables: Any) -> Any:
        """Return the data of a query."""
        response = await self._client.post("/graphql", json={"query": query, "variables": variables})
        answer = response.json()
        if "errors" in answer:
            raise RuntimeError(answer["errors"])
        return answer["data"]

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()


async def measure(servers: Servers, systems: Mapping[str, Sequence[Problem]], console: Console) -> None:
    """Do it for each system, and print the table."""
    table = Table(title="Passed, as the run's summary, its evaluator's summary and its records tell it")
    for column in ("system", "way", "records", "summary", "evaluator", "records passed", "agree"):
        table.add_column(column, justify="left" if column in {"system", "way"} else "right")
    async with api(servers, "bench_both_ways") as (asked, answering):
        for outcome in await both_ways(asked, answering, systems):
            table.add_row(
                outcome.system,
                outcome.way,
                f"{outcome.total:,}",
                f"{outcome.summary:,}",
                f"{outcome.evaluator:,}",
                f"{outcome.records:,}",
                "yes" if outcome.agrees else "NO",
            )
    console.print(table)


class api:  # noqa: N801 - used like a function
    """An API process, a worker and a system under test, for as long as the block lasts."""

    def __init__(self, servers: Servers, database: str) -> None:
        self._port, self._answering = free_port(), free_port()
        environment = {
            **servers.environment(database),
            "EVALYARD_AUTH": "none",
            "EVALYARD_PORT": str(self._port),
        }
        answering = (
            *("-m", "uvicorn", "benchmarks.answering:app", "--log-level", "warning"),
            *("--port", str(self._answering)),
        )
        self._processes = [
            process(*serve_command(), environment=environment),
            process(*worker_command(), environment=environment),
            process(*answering, environment=environment),
        ]
        self._api = Api(f"http://127.0.0.1:{self._port}")

    async def __aenter__(self) -> tuple[Api, str]:
        for started in self._processes:
            await started.__aenter__()
        await until_listening(self._port)
        await until_listening(self._answering)
        return self._api, f"http://127.0.0.1:{self._answering}/"

    async def __aexit__(self, *error: object) -> None:
        await self._api.close()
        for started in self._processes:
            await started.__aexit__(None, None, None)


async def both_ways(asked: Api, answering: str, systems: Mapping[str, Sequence[Problem]]) -> list[Outcome]:
    """Return what came of each system, each way."""
    project = (await asked.ask(CREATE_PROJECT, input={"name": "both ways"}))["createProject"]["id"]
    await until_plugins(asked)
    evaluator = await asked.ask(
        CREATE_EVALUATOR,
        input={"projectId": project, "name": "answer", "plugin": "numeric_match", "config": {"after": "A:"}},
    )
    outcomes = []
    for name, problems in systems.items():
        made = await _lay_out(asked, project, name, problems)
        evaluator_id = evaluator["createEvaluator"]["id"]
        submitted = await _submitted(asked, project, made, problems, evaluator_id)
        outcomes.append(await _outcome(asked, name, "submitted", submitted))
        called = await _called(asked, project, made, evaluator_id, answering)
        outcomes.append(await _outcome(asked, name, "called over HTTP", called))
    return outcomes


@dataclass(frozen=True, slots=True)
class _Made:
    name: str
    dataset: str
    items: list[str]


async def _lay_out(asked: Api, project: str, name: str, problems: Sequence[Problem]) -> _Made:
    created = await asked.ask(CREATE_DATASET, input={"projectId": project, "name": name})
    dataset = created["createDataset"]["id"]
    items: list[str] = []
    for begin in range(0, len(problems), BATCH):
        part = [
            {"input": {"question": p.input, "answer": p.output}, "expectedOutput": p.expected}
            for p in problems[begin : begin + BATCH]
        ]
        added = await asked.ask(ADD_ITEMS, dataset=dataset, items=part)
        items += [item["id"] for item in added["addDatasetItems"]["items"]]
    return _Made(name, dataset, items)


async def _submitted(asked: Api, project: str, made: _Made, problems: Sequence[Problem], evaluator: str) -> str:
    run = await asked.ask(
        START_RUN, input={"projectId": project, "datasetId": made.dataset, "evaluatorIds": [evaluator]}
    )
    run_id: str = run["startRun"]["id"]
    for begin in range(0, len(problems), BATCH):
        pairs = zip(made.items[begin : begin + BATCH], problems[begin : begin + BATCH], strict=True)
        records = [{"itemId": item, "output": problem.output} for item, problem in pairs]
        await asked.ask(SUBMIT, run=run_id, records=records)
    await asked.ask(FINISH, run=run_id)
    return run_id


async def _called(asked: Api, project: str, made: _Made, evaluator: str, answering: str) -> str:
    system = await asked.ask(CREATE_SYSTEM, input={"projectId": project, "name": made.name})
    version = await asked.ask(
        CREATE_VERSION,
        input={
            "systemId": system["createSystem"]["id"],
            "name": "1",
            "target": "http",
            "config": {"url": answering, "output": "output"},
        },
    )
    run = await asked.ask(
        START_RUN,
        input={
            "projectId": project,
            "datasetId": made.dataset,
            "systemVersionId": version["createSystemVersion"]["id"],
            "evaluatorIds": [evaluator],
        },
    )
    run_id: str = run["startRun"]["id"]
    return run_id


async def _outcome(asked: Api, system: str, way: str, run_id: str) -> Outcome:
    run: Any = {"status": "PENDING"}
    while run["status"] not in {"COMPLETED", "FAILED", "CANCELLED"}:
        run = (await asked.ask(RUN, run=run_id))["run"]
    verdicts: Counter[str] = Counter()
    after = None
    while True:
        page = (await asked.ask(RECORDS, run=run_id, first=PAGE, after=after))["run"]["records"]
        verdicts.update(edge["node"]["verdict"] for edge in page["edges"])
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    (evaluator,) = run["evaluators"]
    if run["status"] != "COMPLETED" or verdicts.total() != run["progress"]["total"]:
        raise RuntimeError(f"{system}, {way}: {run}, {verdicts}")
    return Outcome(
        system=system,
        way=way,
        total=verdicts.total(),
        summary=run["summary"]["passed"],
        evaluator=evaluator["passed"],
        records=verdicts["PASSED"],
    )


async def until_plugins(asked: Api) -> None:
    """Wait for a worker."""
    while not (await asked.ask("{ targetPlugins { key } }"))["targetPlugins"]:
        continue


CREATE_PROJECT = "mutation ($input: CreateProjectInput!) { createProject(input: $input) { id } }"
CREATE_DATASET = "mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { id } }"
CREATE_SYSTEM = "mutation ($input: CreateSystemInput!) { createSystem(input: $input) { id } }"
CREATE_VERSION = "mutation ($input: CreateSystemVersionInput!) { createSystemVersion(input: $input) { id } }"
CREATE_EVALUATOR = "mutation ($input: CreateEvaluatorInput!) { createEvaluator(input: $input) { id } }"
ADD_ITEMS = """mutation ($dataset: ID!, $items: [DatasetItemInput!]!) {
  addDatasetItems(datasetId: $dataset, items: $items) { items { id } }
}"""
START_RUN = "mutation ($input: StartRunInput!) { startRun(input: $input) { id } }"
SUBMIT = """mutation ($run: ID!, $records: [SubmittedRecordInput!]!) {
  submitRecords(runId: $run, records: $records) { records { id } }
}"""
FINISH = "mutation ($run: ID!) { finishRun(runId: $run) { id } }"
RUN = """query ($run: ID!) {
  run(id: $run) {
    status statusReason progress { total completed } summary { passed failed errored } evaluators { passed failed }
  }
}"""
RECORDS = """query ($run: ID!, $first: Int!, $after: String) {
  run(id: $run) { records(first: $first, after: $after) {
    edges { node { id verdict } } pageInfo { hasNextPage endCursor }
  } }
}"""
