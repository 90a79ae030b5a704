"""What is there when requests are refused: an API process with keys, a worker, and two projects full of things."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import bson
import httpx

from benchmarks.stack import Servers, process, worker_command
from evalyard_core.domain.access import Role
from evalyard_core.domain.evaluators import ScoreType
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.payload import now
from evalyard_core.domain.plugins import EvaluatorPlugin, Worker
from evalyard_core.domain.traces.spans import span_key, trace_key
from evalyard_core.services.access import AccessService
from evalyard_core.settings import Settings
from evalyard_core.storage import Store
from evalyard_server.app import create_app
from tests.acceptance.refusals import operations as op
from tests.acceptance.refusals.packages import lay_down_packages
from tests.fixtures.api import serve
from tests.fixtures.core import a_key
from tests.fixtures.spans import span_id, trace_id
from tests.fixtures.traces import an_execution, take

#: What changes while nobody writes: leases and heartbeats, and when a key was used last.
_RESTLESS = {"workers": {"seen_at"}, "tasks": {"due_at", "owner", "takeovers"}, "api_keys": {"last_used_at"}}

#: A schedule that does nothing meanwhile.
_YEARLY = {"cron": "0 0 1 1 *", "run": {"datasetId": "<dataset>", "systemVersionId": "<version>"}}


class World:
    """Ids and cursors by name, keys by whom they are of, and a way of asking with them."""

    def __init__(self, client: httpx.AsyncClient, store: Store) -> None:
        self._client = client
        self._store = store
        self.names: dict[str, str] = {}
        self.keys: dict[str, str | None] = {"nobody": None, "garbage": "evy_garbage"}

    async def send(self, query: str, variables: Any, who: str) -> httpx.Response:
        """Send an operation with somebody's key; names in angle brackets become what they stand for."""
        key = self.keys[who]
        headers = {"Content-Type": "application/json", "Accept": "application/graphql-response+json"}
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        # Not orjson, which can't write what a client may: integers of any length, and NaN.
        body = json.dumps({"query": query, "variables": self._named(variables)})
        return await self._client.post("/graphql", content=body, headers=headers)

    async def ask(self, query: str, who: str = "root", **variables: Any) -> Any:
        """Return what an operation answers under its one field."""
        answer = (await self.send(query, variables, who)).json()
        assert "errors" not in answer, answer
        return next(iter(answer["data"].values()))

    async def make(self, name: str, query: str, **variables: Any) -> None:
        """Make something and call it by a name."""
        self.names[name] = (await self.ask(query, **variables))["id"]

    async def until(self, query: str, condition: Callable[[Any], bool], **variables: Any) -> Any:
        """Ask again and again until the answer meets a condition."""
        async with asyncio.timeout(40):
            while not condition(answer := await self.ask(query, **variables)):
                await asyncio.sleep(0.02)
            return answer

    async def fingerprint(self) -> dict[str, tuple[int, str]]:
        """Return for each collection how many documents it has, and a digest of all of them."""
        database = self._store._database
        return {name: await self._digest(name) for name in sorted(await database.list_collection_names())}

    def _named(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._named(entry) for name, entry in value.items()}
        if isinstance(value, list):
            return [self._named(entry) for entry in value]
        if isinstance(value, str) and value.startswith("<") and value.endswith(">"):
            return self.names[value[1:-1]]
        return value

    async def _digest(self, collection: str) -> tuple[int, str]:
        restless = dict.fromkeys(_RESTLESS.get(collection, ()), 0)
        rows = await self._store._database[collection].find({}, restless or None).sort("_id").to_list()
        return len(rows), hashlib.sha256(b"".join(map(bson.encode, rows))).hexdigest()


@asynccontextmanager
async def open_world(mongodb_url: str, broker_url: str, database: str, folder: Path) -> AsyncIterator[World]:
    """Start an API process and a worker, and fill them."""
    settings = Settings(mongodb_url=mongodb_url, broker_url=broker_url, database=database, auth="keys")
    environment = Servers(mongodb_url, broker_url).environment(database)
    environment["PYTHONPATH"] += f":{lay_down_packages(folder)}"
    worker = process(*worker_command(), environment=environment)
    async with worker, serve(create_app(settings)) as server, server.client() as client, _store(settings) as store:
        world = World(client, store)
        await _fill(world, store)
        yield world
        await world.ask(op.CANCEL, runId="<running>")


@asynccontextmanager
async def _store(settings: Settings) -> AsyncIterator[Store]:
    store = await Store.open(settings.mongodb_url, settings.database)
    try:
        yield store
    finally:
        await store.close()


async def _fill(world: World, store: Store) -> None:
    _, world.keys["root"] = await AccessService(store).create_instance_key(name="root")
    await _plugin_of_the_past(store)
    await world.until(op.PLUGINS, lambda page: any(edge["node"]["key"] == "acme-new/mood" for edge in page["edges"]))
    await _project(world, "", "refusals")
    await _project(world, "their_", "strangers")
    for prefix in ("", "their_"):
        await _trace(world, store, prefix)
    await _keys(world, store)
    world.names |= {"their_run": world.names["their_external"], "their_key": world.names["stranger_key"]}
    await _deleted(world)
    await _runs(world)
    await _cursors(world)
    for kind, raw in _unborn().items():
        world.names[f"no_{kind}"] = base64.b64encode(raw.encode()).decode()
    await _calm(world)


async def _plugin_of_the_past(store: Store) -> None:
    """Publish a plugin with a worker that is gone."""
    plugin = EvaluatorPlugin(
        key="acme-past/tone",
        name="tone",
        summary="",
        distribution="acme-past",
        version="1.0",
        homepage=None,
        score_type=ScoreType.TEXT,
        config_schema={},
        variables=(),
    )
    gone = Worker(id="gone", host="gone", process=1, started_at=now(), evaluators=(plugin,), targets=())
    await store.workers.publish(gone)
    await store.workers.remove("gone")


async def _project(world: World, prefix: str, name: str) -> None:
    """Fill a project with one of each, and a run that took an output in."""

    async def make(what: str, query: str, **variables: Any) -> None:
        await world.make(f"{prefix}{what}", query, **variables)

    await make("project", op.CREATE_PROJECT, input={"name": name})
    here = {"projectId": f"<{prefix}project>"}
    await make("dataset", op.CREATE_DATASET, input={**here, "name": "sums"})
    items = [{"input": {"answer": answer}, "expectedOutput": answer, "tags": ["sum"]} for answer in "4567"]
    added = await world.ask(op.ADD_ITEMS, datasetId=f"<{prefix}dataset>", items=items)
    for place, item in enumerate(added["items"]):
        world.names[f"{prefix}item{place or ''}"] = item["id"]
    await make("evaluator", op.CREATE_EVALUATOR, input={**here, "name": "exact", "plugin": "exact_match"})
    await world.ask(op.ATTACH, datasetId=f"<{prefix}dataset>", evaluatorId=f"<{prefix}evaluator>")
    await make("system", op.CREATE_SYSTEM, input={**here, "name": "adder"})
    echo = {"target": "python", "config": {"function": "tests.support.systems:echo"}}
    await make("version", op.CREATE_VERSION, input={"systemId": f"<{prefix}system>", "name": "1", **echo})
    nightly = {"datasetId": f"<{prefix}dataset>", "systemVersionId": f"<{prefix}version>"}
    await make("schedule", op.CREATE_SCHEDULE, input={**here, "name": "nightly", "cron": "0 0 1 1 *", "run": nightly})
    weekly = {"intervalSeconds": 604_800, "evaluatorIds": [f"<{prefix}evaluator>"]}
    await make("monitor", op.CREATE_MONITOR, input={**here, "name": "quality", **weekly})
    await make("external", op.START_RUN, input={**here, "datasetId": f"<{prefix}dataset>", "trials": 2})
    await _submit(world, f"{prefix}external", f"{prefix}record", itemId=f"<{prefix}item>", output="4")


async def _trace(world: World, store: Store, prefix: str) -> None:
    project_id = base64.b64decode(world.names[f"{prefix}project"]).decode().partition(":")[2]
    await take(store, project_id, an_execution())
    for kind, raw in (
        ("trace", f"Trace:{trace_key(project_id, trace_id(0))}"),
        ("span", f"Span:{span_key(project_id, trace_id(0), span_id(0))}"),
    ):
        world.names[f"{prefix}{kind}"] = base64.b64encode(raw.encode()).decode()


async def _submit(world: World, run: str, name: str, **record: Any) -> None:
    submitted = await world.ask(op.SUBMIT, runId=f"<{run}>", records=[record])
    world.names[name] = submitted["records"][0]["id"]


async def _keys(world: World, store: Store) -> None:
    for name, role in (("admin", "ADMIN"), ("editor", "EDITOR"), ("viewer", "VIEWER"), ("revoked", "EDITOR")):
        await _key(world, name, "<project>", role)
    await _key(world, "stranger", "<their_project>", "ADMIN")
    await world.ask(op.REVOKE_KEY, id="<revoked_key>")
    past = now() - timedelta(days=1)
    digest = hashlib.sha256(b"evy_expired").hexdigest()
    await store.api_keys.insert(a_key(None, digest=digest, expires_at=past, role=Role.ADMIN))
    world.keys["expired"] = "evy_expired"


async def _key(world: World, name: str, project: str, role: str) -> None:
    created = await world.ask(op.CREATE_KEY, input={"projectId": project, "name": name, "role": role})
    world.names[f"{name}_key"], world.keys[name] = created["apiKey"]["id"], created["secret"]


async def _deleted(world: World) -> None:
    here = {"projectId": "<project>"}
    await world.make("deleted_project", op.CREATE_PROJECT, input={"name": "gone"})
    await world.ask(op.DELETE_PROJECT, id="<deleted_project>")
    await world.make("deleted_dataset", op.CREATE_DATASET, input={**here, "name": "gone"})
    await world.ask(op.DELETE_DATASET, id="<deleted_dataset>")
    extra = await world.ask(op.ADD_ITEMS, datasetId="<dataset>", items=[{"input": {"answer": "8"}}])
    world.names["deleted_item"] = extra["items"][0]["id"]
    await world.ask(op.DELETE_ITEMS, ids=["<deleted_item>"])
    exact = {**here, "name": "gone", "plugin": "exact_match"}
    await world.make("deleted_evaluator", op.CREATE_EVALUATOR, input=exact)
    await world.ask(op.DELETE_EVALUATOR, id="<deleted_evaluator>")
    await world.make("deleted_schedule", op.CREATE_SCHEDULE, input={**here, **_YEARLY, "name": "gone"})
    await world.ask(op.DELETE_SCHEDULE, id="<deleted_schedule>")
    gone = {**here, "name": "gone", "evaluatorIds": ["<evaluator>"]}
    await world.make("deleted_monitor", op.CREATE_MONITOR, input=gone)
    await world.ask(op.DELETE_MONITOR, id="<deleted_monitor>")
    await world.make("deleted_run", op.START_RUN, input=here)
    await _submit(world, "deleted_run", "deleted_record", input="2 + 2", output="4")
    await world.ask(op.CANCEL, runId="<deleted_run>")
    await world.ask(op.DELETE_RUN, id="<deleted_run>")


async def _runs(world: World) -> None:
    here = {"projectId": "<project>"}
    for name, plugin in (("similar", "fuzzy_match"), ("mood", "acme-new/mood"), ("gist", "acme-new/gist")):
        await world.make(name, op.CREATE_EVALUATOR, input={**here, "name": name, "plugin": plugin})
    await world.make("empty", op.CREATE_DATASET, input={**here, "name": "empty"})
    called = {**here, "datasetId": "<dataset>", "systemVersionId": "<version>"}
    await world.make("called", op.START_RUN, input={**called, "idempotencyKey": "called"})
    await world.make("bare", op.START_RUN, input=here)
    for name, end in (("finished", op.FINISH), ("cancelled", op.CANCEL)):
        await world.make(name, op.START_RUN, input=here)
        await world.ask(end, runId=f"<{name}>")
    for name in ("called", "external", "finished"):
        new = {"systemId": "<system>", "name": f"replay of {name}", "target": "replay"}
        await world.make(f"replay_of_{name}", op.CREATE_VERSION, input={**new, "config": {"run_id": f"<{name}>"}})
    never = {"target": "python", "config": {"function": "tests.support.systems:never"}}
    await world.make("endless", op.CREATE_VERSION, input={"systemId": "<system>", "name": "endless", **never})
    one_by_one = {"systemVersionId": "<endless>", "timeoutSeconds": 3600, "concurrency": 1}
    await world.make("running", op.START_RUN, input={**called, **one_by_one})


async def _cursors(world: World) -> None:
    runs = await world.ask(op.RUNS, id="<project>", first=1)
    world.names["cursor_by_start"] = runs["runs"]["pageInfo"]["endCursor"]
    records = await world.until(op.RECORDS_OF_RUN, lambda run: len(run["records"]["edges"]) == 4, id="<running>")
    world.names["cursor_of_run"] = records["records"]["pageInfo"]["endCursor"]
    world.names["open_record"] = records["records"]["edges"][0]["node"]["id"]


def _unborn() -> dict[str, str]:
    """Return global ids, before their encoding, that nothing has."""
    kinds = {
        "project": "Project",
        "dataset": "Dataset",
        "item": "DatasetItem",
        "evaluator": "Evaluator",
        "system": "System",
        "version": "SystemVersion",
        "run": "Run",
        "monitor": "Monitor",
        "schedule": "Schedule",
        "key": "ApiKey",
    }
    ids = {kind: f"{name}:{new_id()}" for kind, name in kinds.items()}
    key = trace_key(new_id(), trace_id(0))
    of_traces = {"trace": f"Trace:{key}", "span": f"Span:{key}.{span_id(0)}"}
    return {**ids, **of_traces, "record": f"Record:{new_id()}.{new_id()}.1"}


async def _calm(world: World) -> None:
    """Wait until the worker has nothing left to write: records called and scored, tasks put down."""
    await world.until(op.RUN, lambda run: run["progress"]["running"] == 1, id="<running>")
    for name in ("called", "finished"):
        await world.until(op.RUN, lambda run: run["status"] == "COMPLETED", id=f"<{name}>")
    for name in ("external", "their_external"):
        await world.until(op.RUN, lambda run: run["progress"]["completed"] == 1, id=f"<{name}>")
    tasks = world._store.tasks._rows
    async with asyncio.timeout(40):
        while await tasks.count_documents({"owner": {"$ne": None}}) > 1:
            await asyncio.sleep(0.02)
