"""Schedules over GraphQL: made, read, changed, and the runs that they start."""

from datetime import timedelta
from typing import Any

from evalyard_core.domain.payload import now
from evalyard_core.domain.schedules import RunTemplate
from evalyard_core.storage import Store
from evalyard_schema.scalars import print_date_time
from tests.fixtures.asking import Asker, gid, module_store
from tests.fixtures.core import a_schedule
from tests.fixtures.world import World

#: One database for all of these tests, which differ in their projects.
store = module_store

CREATE = """mutation($input: CreateScheduleInput!) { createSchedule(input: $input) { id } }"""
READ = """query($id: ID!) { node(id: $id) { ... on Schedule {
    name cron timeZone missedTicks overlap paused nextRunAt lastTickAt upcoming(count: 3)
    project { id } lastRun { id name } lastError { at code message field }
    runs { totalCount edges { node { id source scheduledFor schedule { id } } } }
    run {
        dataset { id } datasetVersion system { id } systemVersion { id } evaluators { id } name notes tags metadata
        trials concurrency maxAttempts timeoutSeconds sampleSize itemTags maxCostUsd maxDurationSeconds
        cache { answersMaxAgeSeconds scoresMaxAgeSeconds }
    }
} } }"""
DAILY = {"name": "Daily", "cron": "30 2 * * *", "timeZone": "Europe/Berlin"}


def template(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "datasetId": gid("Dataset", world.dataset),
        "systemVersionId": gid("SystemVersion", world.version),
        **changes,
    }


async def create(operator: Asker, world: World, **given: Any) -> str:
    """Return the id of a new schedule."""
    plain = {"projectId": gid("Project", world.project), **DAILY, "run": template(world)}
    identifier: str = (await operator(CREATE, input={**plain, **given}))["createSchedule"]["id"]
    return identifier


async def read(operator: Asker, identifier: str) -> Any:
    return (await operator(READ, id=identifier))["node"]


async def test_a_schedule_says_what_it_was_made_with(operator: Asker, world: World):
    made = await create(
        operator,
        world,
        missedTicks="RUN_ALL",
        overlap="SKIP",
        run=template(
            world,
            datasetVersion=1,
            evaluatorIds=[gid("Evaluator", world.evaluator)],
            name="{date}",
            notes="Why.",
            tags=["a"],
            metadata={"team": 1},
            trials=2,
            concurrency=3,
            maxAttempts=4,
            timeoutSeconds=5.5,
            sampleSize=6,
            maxCostUsd=7.5,
            maxDurationSeconds=80,
            cache={"answersMaxAgeSeconds": 90},
        ),
    )
    found = await read(operator, made)
    assert found["nextRunAt"] == found["upcoming"][0]
    assert [tick[10:] in {"T00:30:00.000Z", "T01:30:00.000Z"} for tick in found.pop("upcoming")] == [True] * 3
    assert found.pop("nextRunAt") > now().isoformat()
    assert found.pop("run") == {
        "dataset": {"id": gid("Dataset", world.dataset)},
        "datasetVersion": 1,
        "system": None,
        "systemVersion": {"id": gid("SystemVersion", world.version)},
        "evaluators": [{"id": gid("Evaluator", world.evaluator)}],
        "name": "{date}",
        "notes": "Why.",
        "tags": ["a"],
        "metadata": {"team": 1},
        "trials": 2,
        "concurrency": 3,
        "maxAttempts": 4,
        "timeoutSeconds": 5.5,
        "sampleSize": 6,
        "itemTags": [],
        "maxCostUsd": 7.5,
        "maxDurationSeconds": 80.0,
        "cache": {"answersMaxAgeSeconds": 90.0, "scoresMaxAgeSeconds": None},
    }
    assert found == {
        **DAILY,
        "missedTicks": "RUN_ALL",
        "overlap": "SKIP",
        "paused": False,
        "lastTickAt": None,
        "project": {"id": gid("Project", world.project)},
        "lastRun": None,
        "lastError": None,
        "runs": {"totalCount": 0, "edges": []},
    }


async def test_what_is_left_out_has_its_default_and_null_is_the_same(operator: Asker, world: World):
    plain = {"projectId": gid("Project", world.project), "cron": "0 3 * * *", "run": template(world)}
    nulls = dict.fromkeys(("timeZone", "missedTicks", "overlap", "paused"))
    for name, given in (("one", {}), ("two", {**nulls, "run": template(world, name=None, evaluatorIds=None)})):
        made = (await operator(CREATE, input={**plain, "name": name, **given}))["createSchedule"]["id"]
        found = await read(operator, made)
        assert (found["timeZone"], found["missedTicks"], found["overlap"]) == ("UTC", "RUN_LATEST", "ALLOW")
        assert (found["paused"], found["run"]["name"]) == (False, "{schedule} {date} {time}")
        assert (found["run"]["evaluators"], found["run"]["trials"], found["run"]["concurrency"]) == (None, 1, 16)


async def test_a_schedule_may_call_the_production_version(operator: Asker, world: World):
    await operator.services.systems.set_production(actor=operator.actor, version_id=world.version.id)
    run = template(world, systemVersionId=None, systemId=gid("System", world.system))
    made = await create(operator, world, name="Newest", run=run)
    found = (await read(operator, made))["run"]
    assert (found["system"], found["systemVersion"]) == ({"id": gid("System", world.system)}, None)


async def test_a_schedule_is_changed_paused_and_deleted(operator: Asker, world: World):
    made = await create(operator, world)
    update = "mutation($id: ID!, $input: UpdateScheduleInput!) { updateSchedule(id: $id, input: $input) { id } }"
    await operator(update, id=made, input={"name": "Often", "cron": "*/5 * * * *", "missedTicks": "SKIP"})
    found = await read(operator, made)
    assert (found["name"], found["cron"], found["timeZone"], found["missedTicks"]) == (
        "Often",
        "*/5 * * * *",
        "Europe/Berlin",
        "SKIP",
    )
    await operator(update, id=made, input={"run": template(world, trials=9)})
    assert (await read(operator, made))["run"]["trials"] == 9
    refused = await operator.refused(update, id=made, input={"cron": None})
    assert (refused.code, refused.field) == ("BAD_USER_INPUT", "input.cron")
    paused = await operator("mutation($id: ID!) { pauseSchedule(id: $id) { paused nextRunAt upcoming } }", id=made)
    assert paused == {"pauseSchedule": {"paused": True, "nextRunAt": None, "upcoming": []}}
    resumed = await operator("mutation($id: ID!) { resumeSchedule(id: $id) { paused upcoming } }", id=made)
    assert (resumed["resumeSchedule"]["paused"], len(resumed["resumeSchedule"]["upcoming"])) == (False, 5)
    assert await operator("mutation($id: ID!) { deleteSchedule(id: $id) }", id=made) == {"deleteSchedule": made}
    assert await read(operator, made) is None


async def test_a_run_leads_to_its_schedule_and_back(operator: Asker, world: World, store: Store):
    made = await create(operator, world, name="Hourly", cron="0 * * * *", timeZone="UTC")
    schedule = (await store.schedules.due(now() + timedelta(hours=1), 100))[-1]
    assert gid("Schedule", schedule) == made
    assert schedule.next_at is not None
    ticks = [schedule.next_at, schedule.next_at + timedelta(hours=1)]
    for tick in ticks:
        await operator.services.ticker.tick(schedule_id=schedule.id, moment=tick)
    found = await read(operator, made)
    shown = [print_date_time(tick) for tick in ticks]
    edges = found["runs"]["edges"]
    assert found["runs"]["totalCount"] == 2
    assert [edge["node"]["scheduledFor"] for edge in edges] == shown[::-1]
    assert {edge["node"]["source"] for edge in edges} == {"SCHEDULE"}
    assert [edge["node"]["schedule"] for edge in edges] == [{"id": made}] * 2
    assert found["lastRun"]["id"] == edges[0]["node"]["id"]
    assert found["lastTickAt"] == shown[1]
    await operator("mutation($id: ID!) { deleteSchedule(id: $id) }", id=made)
    run = "query($id: ID!) { run(id: $id) { scheduledFor schedule { id } } }"
    answer = await operator(run, id=edges[0]["node"]["id"])
    assert answer == {"run": {"scheduledFor": shown[1], "schedule": None}}


async def test_a_refused_tick_is_told(operator: Asker, world: World, store: Store):
    made = await create(operator, world, name="Hourly", cron="0 * * * *")
    [schedule] = [s for s in await store.schedules.due(now() + timedelta(hours=1), 100) if gid("Schedule", s) == made]
    await operator.services.datasets.delete(actor=operator.actor, dataset_id=world.dataset.id)
    assert schedule.next_at is not None
    await operator.services.ticker.tick(schedule_id=schedule.id, moment=schedule.next_at)
    found = await read(operator, made)
    assert found["lastError"] == {
        "at": print_date_time(schedule.next_at),
        "code": "NOT_FOUND",
        "message": "There is no such dataset.",
        "field": "input.run.datasetId",
    }
    assert (found["lastRun"], found["run"]["dataset"]) == (None, None)


async def test_the_schedules_of_a_project_go_on_where_they_ended(operator: Asker, world: World, store: Store):
    for number in range(4):
        await store.schedules.add(a_schedule(world.project.id, name=f"{number}", template=RunTemplate()))
    query = """query($id: ID!, $after: String) { project(id: $id) { schedules(first: 2, after: $after) {
        totalCount pageInfo { hasNextPage endCursor } edges { node { name } }
    } } }"""
    names, after = [], None
    while True:
        page = (await operator(query, id=gid("Project", world.project), after=after))["project"]["schedules"]
        assert page["totalCount"] == 5
        names += [edge["node"]["name"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert names == [world.schedule.name, "0", "1", "2", "3"]
