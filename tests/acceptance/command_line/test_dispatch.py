"""The other half of the workflow target: a run that the server started is carried out from a repository."""

import asyncio
import os
from pathlib import Path
from typing import Any

from evalyard.client import AsyncClient
from tests.fixtures.live import Live
from tests.support.actions_server import actions_server

from .calling import evalyard
from .test_run import EVALUATION, SYSTEM

VERSION = "mutation ($input: CreateSystemVersionInput!) { createSystemVersion(input: $input) { id } }"
SYSTEMS = "mutation ($input: CreateSystemInput!) { createSystem(input: $input) { id } }"
START = "mutation ($input: StartRunInput!) { startRun(input: $input) { id } }"
DATASETS = 'query ($id: ID!) { project(id: $id) { datasets(search: "support") { edges { node { id } } } } }'
DISPATCH = "query ($id: ID!) { run(id: $id) { status dispatch { url } } }"


async def test_a_dispatched_run_is_carried_out_and_judged(live: Live, tmp_path: Path, monkeypatch: Any):
    (tmp_path / "desk.py").write_text(SYSTEM)
    (tmp_path / "capitals.yaml").write_text(EVALUATION.replace("  - function: desk:short\n", ""))
    monkeypatch.chdir(tmp_path)

    async with live.client() as asked, actions_server() as actions:
        run = await dispatched(asked, actions.url)
        told = actions.asked[0]["body"]["inputs"]["run_id"]
        environment = {"PATH": os.environ["PATH"], "CI": "1", **live.environment}
        done = await asyncio.to_thread(evalyard, "run", "capitals.yaml", "--dispatch", told, **environment)
        records = [record async for record in (await asked.run(run)).records()]

    assert told == run
    assert done.returncode == 0, done.stderr
    # A sample of the dataset's four items is all that the run has.
    assert [(record["status"], record["verdict"]) for record in records] == [("COMPLETED", "PASSED")] * 2


async def dispatched(asked: AsyncClient, api_url: str) -> str:
    """Start a run over a sample of the dataset, and return its id once the workflow was started."""
    project = await asked.project_id()
    system = (await asked.execute(SYSTEMS, input={"projectId": project, "name": "elsewhere"}))["createSystem"]["id"]
    config = {"repository": "acme/bot", "workflow": "e.yml", "token": "${secret:CI}", "api_url": api_url}
    new = {"systemId": system, "name": "main", "target": "workflow", "config": config}
    version = (await asked.execute(VERSION, input=new))["createSystemVersion"]["id"]
    [dataset] = (await asked.execute(DATASETS, id=project))["project"]["datasets"]["edges"]
    wanted = {"projectId": project, "datasetId": dataset["node"]["id"], "systemVersionId": version, "sampleSize": 2}
    run: str = (await asked.execute(START, input=wanted))["startRun"]["id"]
    while (await asked.execute(DISPATCH, id=run))["run"]["dispatch"] is None:
        await asyncio.sleep(0.05)
    return run
