"""Monitors over GraphQL: made, read, changed, and the runs that they make of traces."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from evalyard_core.domain.payload import now
from evalyard_core.domain.runs import RunSource
from evalyard_core.storage import Store
from evalyard_schema.scalars import print_date_time
from tests.fixtures.asking import Asker, gid, module_store
from tests.fixtures.core import a_monitor
from tests.fixtures.watched import see
from tests.fixtures.world import World

#: One database for all of these tests, which differ in their projects.
store = module_store

CREATE = "mutation($input: CreateMonitorInput!) { createMonitor(input: $input) { id } }"
UPDATE = "mutation($id: ID!, $input: UpdateMonitorInput!) { updateMonitor(id: $id, input: $input) { id } }"
READ = """query($id: ID!) { node(id: $id) { ... on Monitor {
    name rate intervalSeconds quietSeconds tags paused since lookedUntil nextRunAt createdAt
    project { id } evaluators { id } lastRun { id } lastError { code }
    filter { search startedAfter startedBefore status name minDurationMs session user tags }
    runs { totalCount edges { node { id source monitor { id } schedule { id } } } }
} } }"""
NO_FILTER = {
    **dict.fromkeys(("search", "startedAfter", "startedBefore", "status", "name", "minDurationMs", "session", "user")),
    "tags": [],
}


async def create(operator: Asker, world: World, **given: Any) -> str:
    """Return the id of a new monitor."""
    plain = {
        "projectId": gid("Project", world.project),
        "name": "Quality",
        "evaluatorIds": [gid("Evaluator", world.evaluator)],
    }
    identifier: str = (await operator(CREATE, input={**plain, **given}))["createMonitor"]["id"]
    return identifier


async def read(operator: Asker, identifier: str) -> Any:
    return (await operator(READ, id=identifier))["node"]


async def test_a_monitor_says_what_it_was_made_with(operator: Asker, world: World):
    wanted = {
        "search": "refund",
        "startedAfter": "2026-01-01T00:00:00.000Z",
        "startedBefore": "2027-01-01T00:00:00.000Z",
        "status": "OK",
        "name": "answer",
        "minDurationMs": 5.0,
        "session": "s",
        "user": "u",
        "tags": ["a"],
    }
    made = await create(operator, world, rate=12.5, intervalSeconds=600, quietSeconds=30, tags=["live"], filter=wanted)
    found = await read(operator, made)
    assert found["since"] == found.pop("createdAt") == found.pop("since")
    assert found.pop("nextRunAt") > print_date_time(now())
    assert found == {
        "name": "Quality",
        "rate": 12.5,
        "intervalSeconds": 600,
        "quietSeconds": 30,
        "tags": ["live"],
        "paused": False,
        "lookedUntil": None,
        "project": {"id": gid("Project", world.project)},
        "evaluators": [{"id": gid("Evaluator", world.evaluator)}],
        "lastRun": None,
        "lastError": None,
        "filter": wanted,
        "runs": {"totalCount": 0, "edges": []},
    }


async def test_what_is_left_out_has_its_default_and_null_is_the_same(operator: Asker, world: World):
    nulls = dict.fromkeys(("rate", "intervalSeconds", "quietSeconds", "filter", "tags", "paused"))
    for name, given in (("one", {}), ("two", nulls)):
        found = await read(operator, await create(operator, world, name=name, **given))
        assert (found["rate"], found["intervalSeconds"], found["quietSeconds"]) == (100.0, 3600, 60)
        assert (found["filter"], found["tags"], found["paused"]) == (NO_FILTER, [], False)


async def test_a_monitor_is_changed_paused_and_deleted(operator: Asker, world: World):
    made = await create(operator, world, filter={"name": "answer"}, tags=["a"])
    await operator(UPDATE, id=made, input={"rate": 5, "name": "Less"})
    found = await read(operator, made)
    assert (found["name"], found["rate"], found["filter"]["name"], found["tags"]) == ("Less", 5.0, "answer", ["a"])
    await operator(UPDATE, id=made, input={"filter": {"user": "u"}, "quietSeconds": 10})
    assert (await read(operator, made))["filter"] == {**NO_FILTER, "user": "u"}
    await operator(UPDATE, id=made, input={"filter": None, "tags": None})
    found = await read(operator, made)
    assert (found["filter"], found["tags"], found["quietSeconds"]) == (NO_FILTER, [], 10)
    refused = await operator.refused(UPDATE, id=made, input={"rate": None})
    assert (refused.code, refused.field) == ("BAD_USER_INPUT", "input.rate")
    refused = await operator.refused(UPDATE, id=made, input={"filter": {"tags": [""]}})
    assert (refused.code, refused.field) == ("BAD_USER_INPUT", "input.filter.tags[0]")
    paused = await operator("mutation($id: ID!) { pauseMonitor(id: $id) { paused nextRunAt } }", id=made)
    assert paused == {"pauseMonitor": {"paused": True, "nextRunAt": None}}
    resumed = await operator("mutation($id: ID!) { resumeMonitor(id: $id) { paused } }", id=made)
    assert resumed == {"resumeMonitor": {"paused": False}}
    assert await operator("mutation($id: ID!) { deleteMonitor(id: $id) }", id=made) == {"deleteMonitor": made}
    assert await read(operator, made) is None


async def test_a_run_leads_to_its_monitor_and_back(operator: Asker, world: World, store: Store):
    moment = now()
    await store.monitors.change(replace(world.monitor, since=moment - timedelta(hours=1), next_at=moment))
    await see(store, world.project.id, [1], moment - timedelta(minutes=10))
    run = await operator.services.watcher.cycle(monitor_id=world.monitor.id, moment=moment)
    assert run is not None
    made = gid("Monitor", world.monitor)
    found = await read(operator, made)
    node = {"id": gid("Run", run), "source": RunSource.MONITOR, "monitor": {"id": made}, "schedule": None}
    assert found["runs"] == {"totalCount": 1, "edges": [{"node": node}]}
    assert found["lastRun"] == {"id": gid("Run", run)}
    assert found["lookedUntil"] == print_date_time(moment - timedelta(seconds=60))
    await operator("mutation($id: ID!) { deleteMonitor(id: $id) }", id=made)
    query = "query($id: ID!) { run(id: $id) { source monitor { id } } }"
    assert await operator(query, id=gid("Run", run)) == {"run": {"source": "MONITOR", "monitor": None}}


async def test_the_monitors_of_a_project_go_on_where_they_ended(operator: Asker, world: World, store: Store):
    for number in range(4):
        await store.monitors.add(a_monitor(world.project.id, name=f"{number}"))
    query = """query($id: ID!, $after: String) { project(id: $id) { monitors(first: 2, after: $after) {
        totalCount pageInfo { hasNextPage endCursor } edges { node { name } }
    } } }"""
    names, after = [], None
    while True:
        page = (await operator(query, id=gid("Project", world.project), after=after))["project"]["monitors"]
        assert page["totalCount"] == 5
        names += [edge["node"]["name"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert names == [world.monitor.name, "0", "1", "2", "3"]
