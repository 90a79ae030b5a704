"""A package that nothing here knows of, installed into a running stack with pip, used, and uninstalled again."""

import asyncio
import os
import signal
import site
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from evalyard_server.app import create_app
from tests.fixtures.api import serve, settings_for
from tests.fixtures.third_party import PACKAGE

LIBRARY = '{ evaluatorPlugins(search: "acme-quality/") { edges { node { key version health problem scoresRuns } } } }'
RUN = """query ($id: ID!) { run(id: $id) { status summary { totalTokens }
  evaluators {
    pluginKey pluginVersion status explanation scored tokens
    runScore { name value cases error { message } others { name value } }
    others { name scored mean }
    evaluator { plugin { health } }
  }
  records(first: 1) { edges { node { scores {
    name value passed status promptTokens pluginVersion others { name value } evaluator { name }
  } } } }
} }"""
PROJECT = 'mutation { createProject(input: {name: "third party"}) { id } }'
EVALUATOR = "mutation ($input: CreateEvaluatorInput!) { createEvaluator(input: $input) { id } }"
START = "mutation ($input: StartRunInput!) { startRun(input: $input) { id } }"
SUBMIT = """mutation ($run: ID!, $records: [SubmittedRecordInput!]!) {
  submitRecords(runId: $run, records: $records) { run { id } }
}"""
FINISH = "mutation ($run: ID!) { finishRun(runId: $run) { id } }"


class Api:
    """The GraphQL API."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def answer(self, query: str, **variables: Any) -> Any:
        """Return the whole answer."""
        return (await self._client.post("/graphql", json={"query": query, "variables": variables})).json()

    async def __call__(self, query: str, **variables: Any) -> Any:
        """Return the data of an operation that must not be refused."""
        answer = await self.answer(query, **variables)
        assert "errors" not in answer, answer
        return answer["data"]

    async def until(self, query: str, condition: Callable[[Any], bool], **variables: Any) -> tuple[Any, float]:
        """Return the data of a query once a condition holds, and how long that took."""
        begun = time.monotonic()
        async with asyncio.timeout(30):
            while not condition(data := await self(query, **variables)):
                await asyncio.sleep(0.05)
        return data, time.monotonic() - begun

    async def library(self) -> dict[str, Any]:
        """Return what the library has of the package, by key."""
        return plugins_of(await self(LIBRARY))


def plugins_of(data: Any) -> dict[str, Any]:
    return {edge["node"]["key"]: edge["node"] for edge in data["evaluatorPlugins"]["edges"]}


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """Return the Python of an environment of its own, which has what this one has and can be installed into."""
    folder = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (here,) = site.getsitepackages()[:1]
    (packages,) = folder.glob("lib/python*/site-packages")
    packages.joinpath("here.pth").write_text(f"import site; site.addsitedir({here!r})\n")
    return folder / "bin" / "python"


def pip(python: Path, *arguments: str) -> None:
    subprocess.run([python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments], check=True)


@pytest.fixture
async def api(mongodb_url: str, broker_url: str, database_name: str, environment: Path) -> AsyncIterator[Api]:
    """Return an API with a worker that runs in that environment, as an operator starts it."""
    settings = settings_for(mongodb_url, database_name, broker_url)
    variables = {
        "EVALYARD_MONGODB_URL": mongodb_url,
        "EVALYARD_DATABASE": database_name,
        "EVALYARD_BROKER_URL": broker_url,
    }
    worker = await asyncio.create_subprocess_exec(
        *(environment, "-m", "evalyard.cli", "worker", "--processes", "1"),
        env=os.environ | variables,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        async with serve(create_app(settings)) as server, server.client() as client:
            yield Api(client)
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        await worker.wait()


async def carried_out(api: Api, evaluators: list[str], project: str) -> Any:
    """Return a run of three outputs, once it is completed, and its id."""
    run = (await api(START, input={"projectId": project, "evaluatorIds": evaluators}))["startRun"]["id"]
    pairs = [("a b please", "a b"), ("a", "a b"), ("c d", "c d")]
    records = [{"input": place, "output": got, "expectedOutput": want} for place, (got, want) in enumerate(pairs)]
    await api(SUBMIT, run=run, records=records)
    await api(FINISH, run=run)
    ended, _ = await api.until(RUN, lambda data: data["run"]["status"] == "COMPLETED", id=run)
    return ended["run"], run


async def test_a_package_is_installed_used_and_uninstalled_while_the_stack_runs(api: Api, environment: Path) -> None:
    await api.until("{ targetPlugins { key } }", lambda data: data["targetPlugins"])
    assert await api.library() == {}
    project = (await api(PROJECT))["createProject"]["id"]

    await asyncio.to_thread(pip, environment, "install", "--no-deps", "--no-build-isolation", str(PACKAGE))
    assert await api("mutation { refreshPlugins }") == {"refreshPlugins": True}
    shown, seconds = await api.until(LIBRARY, lambda data: len(data["evaluatorPlugins"]["edges"]) == 4)

    assert seconds < 10
    assert {key: (p["version"], p["health"], p["scoresRuns"]) for key, p in plugins_of(shown).items()} == {
        "acme-quality/brief": ("1.2.0", "AVAILABLE", False),
        "acme-quality/judge": ("1.2.0", "AVAILABLE", False),
        "acme-quality/overlap": ("1.2.0", "AVAILABLE", True),
        "acme-quality/spread": ("1.2.0", "AVAILABLE", True),
    }
    evaluators = []
    for name in ("overlap", "spread", "judge"):
        given = {"projectId": project, "name": name, "plugin": f"acme-quality/{name}"}
        evaluators.append((await api(EVALUATOR, input=given))["createEvaluator"]["id"])
    run, run_id = await carried_out(api, evaluators, project)
    check_scores(run)

    await asyncio.to_thread(pip, environment, "uninstall", "--yes", "acme-quality")
    await api("mutation { refreshPlugins }")
    healths = {"OFFLINE"}
    gone, seconds = await api.until(LIBRARY, lambda data: {p["health"] for p in plugins_of(data).values()} == healths)

    assert seconds < 10
    assert {(p["version"], p["problem"]) for p in plugins_of(gone).values()} == {("1.2.0", None)}
    later = (await api(RUN, id=run_id))["run"]
    assert [entry.pop("evaluator")["plugin"]["health"] for entry in later["evaluators"]] == ["OFFLINE"] * 3
    assert [entry.pop("evaluator")["plugin"]["health"] for entry in run["evaluators"]] == ["AVAILABLE"] * 3
    assert later == run
    refused = await api.answer(START, input={"projectId": project, "evaluatorIds": evaluators[:1]})
    assert refused["errors"][0]["message"] == (
        "No live worker has acme-quality/overlap; start one with acme-quality installed."
    )


def check_scores(run: Any) -> None:
    """Check what the package's evaluators said."""
    overlap, spread, judge = run["evaluators"]
    assert {entry["pluginVersion"] for entry in run["evaluators"]} == {"1.2.0"}
    assert {entry["status"] for entry in run["evaluators"]} == {"COMPLETED"}
    assert overlap["runScore"] == {
        "name": "overlap",
        "value": pytest.approx(10 / 12),
        "cases": 3,
        "error": None,
        "others": [
            {"name": "overlap: precision", "value": pytest.approx(5 / 6)},
            {"name": "overlap: recall", "value": pytest.approx(5 / 6)},
        ],
    }
    assert overlap["others"] == [
        {"name": "precision", "scored": 3, "mean": pytest.approx((2 / 3 + 1 + 1) / 3)},
        {"name": "recall", "scored": 3, "mean": pytest.approx((1 + 0.5 + 1) / 3)},
    ]
    assert spread["explanation"] == "The run was scored as a whole, over 3 records."
    assert (judge["runScore"], judge["tokens"], judge["scored"]) == (None, 9, 3)
    assert run["summary"]["totalTokens"] == 109
    scores = run["records"]["edges"][0]["node"]["scores"]
    assert [(score["name"], score["evaluator"]["name"], len(score["others"])) for score in scores] == [
        ("overlap", "overlap", 2),
        ("overlap: precision", "overlap", 0),
        ("overlap: recall", "overlap", 0),
        ("judge", "judge", 0),
    ]
    assert (scores[-1]["value"], scores[-1]["promptTokens"]) == ("polite", 3)
