"""Evaluate two versions of a support desk with Evalyard, from an empty server to the cases that got worse.

Starts the whole stack (`evalyard up`) and the system under test (support_desk/), then does over GraphQL what any
client would: a project, a dataset, evaluators, a system in two versions, a run of each, watched live and compared.
"""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from websockets import WebSocketException

import report
from api import Api, RefusedError
from processes import StoppedError, running

EXAMPLES = Path(__file__).parent
DESK = EXAMPLES / "support_desk"
VERSIONS = ("v1", "v2")
PLUGIN_SECONDS = 60

QUERY = """\
{{
  run(id: "{run_id}") {{
    name
    summary {{ passRate averageLatencyMs totalCostUsd }}
    records(first: 5, filter: {{ verdict: [FAILED] }}) {{
      totalCount
      edges {{ node {{ input output scores {{ name passed explanation }} }} }}
    }}
  }}
}}"""


async def create_dataset(api: Api, project_id: str) -> str:
    """Create the dataset and return its id; a line of cases.jsonl is a DatasetItemInput as it stands."""
    dataset = await api.execute("CreateDataset", input={"projectId": project_id, "name": "Support desk cases"})
    items = [json.loads(line) for line in (DESK / "cases.jsonl").read_text(encoding="utf-8").splitlines()]
    await api.execute("AddItems", datasetId=dataset["id"], items=items)
    return str(dataset["id"])


async def wait_for_plugins(api: Api, wanted: set[str]) -> None:
    """Wait until a worker offers the plugins: it says what it has a moment after the API is ready."""
    for _ in range(PLUGIN_SECONDS * 5):
        library = [edge["node"] for edge in (await api.execute("AvailablePlugins"))["edges"]]
        missing = wanted - {plugin["key"] for plugin in library if plugin["health"] == "AVAILABLE"}
        if not missing:
            return
        await asyncio.sleep(0.2)
    raise RefusedError(f"No worker offers {', '.join(sorted(missing))}; `evalyard plugins` says what is installed.")


async def create_evaluators(api: Api, project_id: str) -> list[str]:
    """Make three installed plugins evaluators of the project and return their ids."""
    evaluators = json.loads((DESK / "evaluators.json").read_text(encoding="utf-8"))
    await wait_for_plugins(api, {evaluator["plugin"] for evaluator in evaluators})
    created = [await api.execute("CreateEvaluator", input={"projectId": project_id, **of}) for of in evaluators]
    return [evaluator["id"] for evaluator in created]


async def create_versions(api: Api, project_id: str, desk_url: str) -> list[str]:
    """Create the system under test and return the ids of its versions: an address each."""
    system = await api.execute("CreateSystem", input={"projectId": project_id, "name": "Support desk"})
    ids = []
    for name in VERSIONS:
        config = {
            "url": f"{desk_url}/{name}/answer",
            "body": {"message": {"$path": "input.message"}, "language": {"$path": "input.language"}},
            "output": "answer",
            "cost_usd": "usage.cost_usd",
            "prompt_tokens": "usage.prompt_tokens",
            "completion_tokens": "usage.completion_tokens",
        }
        version = {"systemId": system["id"], "name": name, "target": "evalyard-targets/http", "config": config}
        ids.append((await api.execute("CreateSystemVersion", input=version))["id"])
    return ids


async def watch(api: Api, run_id: str, name: str, progress: Progress) -> None:
    """Move a bar with the run until it is complete."""
    bar = progress.add_task(name, total=None)
    status, reason = "PENDING", None
    async for run in api.subscribe("RunProgress", runId=run_id):
        status, reason, now = run["status"], run["statusReason"], run["progress"]
        counts = f"{now['passed']} passed, {now['failed']} failed, {now['errored']} errored"
        progress.update(bar, total=now["total"], completed=now["completed"], description=f"{name}: {counts}")
    if status != "COMPLETED":
        raise RefusedError(f"The run of {name} ended as {status}: {reason or 'no reason was given'}")


async def run_versions(api: Api, console: Console, *, desk_url: str) -> list[str]:
    """Set up a project, run both versions over the dataset and return the ids of the runs."""
    name = f"Support desk {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
    project = await api.execute("CreateProject", input={"name": name})
    dataset_id = await create_dataset(api, project["id"])
    evaluator_ids = await create_evaluators(api, project["id"])
    version_ids = await create_versions(api, project["id"], desk_url)
    console.print(f'Project "{name}" is {project["id"]}, its dataset is {dataset_id}.', highlight=False, soft_wrap=True)
    start = {"projectId": project["id"], "datasetId": dataset_id, "evaluatorIds": evaluator_ids, "concurrency": 4}
    run_ids = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        for version, version_id in zip(VERSIONS, version_ids, strict=True):
            run = await api.execute("StartRun", input={**start, "systemVersionId": version_id, "name": version})
            await watch(api, run["id"], version, progress)
            run_ids.append(run["id"])
    return run_ids


async def records(api: Api, run_id: str) -> AsyncIterator[Any]:
    """Yield all records of a run, page by page."""
    page: dict[str, Any] = {"hasNextPage": True, "endCursor": None}
    while page["hasNextPage"]:
        connection = (await api.execute("RunRecords", id=run_id, after=page["endCursor"]))["records"]
        for edge in connection["edges"]:
            yield edge["node"]
        page = connection["pageInfo"]


async def print_report(api: Api, console: Console, run_ids: Sequence[str]) -> None:
    """Print the runs side by side, the cases that only the second one fails, and where to look further."""
    console.print(report.summaries([await api.execute("RunSummary", id=run_id) for run_id in run_ids]))
    before, after = [[record async for record in records(api, run_id)] for run_id in run_ids]
    worse = report.changed(before, after, was="PASSED", now="FAILED")
    better = report.changed(before, after, was="FAILED", now="PASSED")
    console.print(report.regressions(worse))
    tags = ", ".join(report.shared_tags(worse)) or "nothing in common"
    console.print(f"{len(better)} cases improved, {len(worse)} regressed; tags of all that regressed: {tags}.")
    runs = ", ".join(f"{version} {run_id}" for version, run_id in zip(VERSIONS, run_ids, strict=True))
    text = f"API and GraphiQL: {api.url}\nRuns: {runs}\nA query to paste there:\n{QUERY.format(run_id=run_ids[-1])}"
    console.print(text, highlight=False, markup=False, soft_wrap=True)


async def evaluate(console: Console, *, api_url: str, desk_url: str) -> None:
    """Run both versions and report."""
    async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
        api = Api(api_url, http)
        await print_report(api, console, await run_versions(api, console, desk_url=desk_url))


def demonstrate(console: Console, *, port: int, data: Path, once: bool) -> None:
    """Run the whole demo; unless only `once`, keep the stack until it is interrupted."""
    data.mkdir(parents=True, exist_ok=True)
    evalyard = str(Path(sys.executable).with_name("evalyard"))
    up = [evalyard, "up", "--port", str(port), "--data", str(data), "--auth", "none"]
    desk = [sys.executable, "-m", "support_desk.service"]
    console.print("Starting the database, the broker, the API and a worker …")
    with (
        running("Evalyard", *up, log=data / "evalyard.log") as stack,
        running("The support desk", *desk, log=data / "desk.log", cwd=EXAMPLES) as service,
    ):
        asyncio.run(evaluate(console, api_url=stack.url(), desk_url=service.url()))
        if not once:
            console.print("Press Ctrl-C to stop.")
            stack.wait()


def main() -> int:
    """Run the demo and return the exit code."""
    parser = argparse.ArgumentParser(description="Evaluate two versions of a support desk with Evalyard.")
    parser.add_argument("--once", action="store_true", help="stop after the report")
    parser.add_argument("--port", type=int, default=0, help="port of the API; 0, the default, takes a free one")
    parser.add_argument("--data", type=Path, default=Path(".evalyard/demo"), help="folder of the database")
    arguments, console = parser.parse_args(), Console()
    # SIGINT, too: a shell without job control has whatever it starts in the background ignore Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        demonstrate(console, port=arguments.port, data=arguments.data, once=arguments.once)
    except KeyboardInterrupt:
        console.print("Stopped.")
    except (StoppedError, RefusedError, httpx.HTTPError, WebSocketException, OSError) as exc:
        print(f"The demo failed. {exc}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
