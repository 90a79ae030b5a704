"""Every root field, asked by those who must not: too low a role, or a key of another project."""

from collections.abc import Callable
from typing import Any

import pytest

from evalyard_core.domain.access import Role
from evalyard_core.domain.traces.spans import span_key, trace_key
from evalyard_core.services.access import ANYONE
from evalyard_core.services.traces.notes import SpanNoting
from evalyard_core.services.traces.reading import TraceReader
from evalyard_core.storage import Store
from evalyard_schema.ids import parse
from evalyard_schema.queries.node import FINDERS
from tests.fixtures.asking import Asker, gid, module_store, mutation
from tests.fixtures.rules import MUTATIONS, OBJECTS
from tests.fixtures.spans import span_id, trace_id
from tests.fixtures.traces import an_execution, take
from tests.fixtures.world import World, a_world, answering, contents, make_world

#: One database for all of these tests, which differ in their projects.
store = module_store

Variables = Callable[[World], dict[str, Any]]

#: The least that each mutation must be told, all of it of one world.
ARGUMENTS: dict[str, Variables] = {
    "updateProject": lambda w: {"id": gid("Project", w.project), "name": "mine"},
    "deleteProject": lambda w: {"id": gid("Project", w.project)},
    "createApiKey": lambda w: {"input": {"projectId": gid("Project", w.project), "name": "k", "role": "ADMIN"}},
    "revokeApiKey": lambda w: {"id": gid("ApiKey", w.api_key)},
    "createDataset": lambda w: {"input": {"projectId": gid("Project", w.project), "name": "d"}},
    "updateDataset": lambda w: {"id": gid("Dataset", w.dataset), "input": {"name": "mine"}},
    "deleteDataset": lambda w: {"id": gid("Dataset", w.dataset)},
    "addDatasetItems": lambda w: {"datasetId": gid("Dataset", w.dataset), "items": [{"input": 1}]},
    "addTracesToDataset": lambda w: {
        "datasetId": gid("Dataset", w.dataset),
        "traceIds": [IDS["trace"](w)],
    },
    "updateDatasetItem": lambda w: {"id": gid("DatasetItem", w.item), "input": {"metadata": 1}},
    "deleteDatasetItems": lambda w: {"ids": [gid("DatasetItem", w.item)]},
    "attachEvaluator": lambda w: {
        "datasetId": gid("Dataset", w.dataset),
        "evaluatorId": gid("Evaluator", w.evaluator),
    },
    "detachEvaluator": lambda w: {
        "datasetId": gid("Dataset", w.dataset),
        "evaluatorId": gid("Evaluator", w.evaluator),
    },
    "setGatePolicy": lambda w: {"datasetId": gid("Dataset", w.dataset), "policy": {"minPassRate": 0.9}},
    "createEvaluator": lambda w: {
        "input": {"projectId": gid("Project", w.project), "name": "e", "plugin": "acme/exact"}
    },
    "updateEvaluator": lambda w: {"id": gid("Evaluator", w.evaluator), "input": {"config": {"strict": True}}},
    "deleteEvaluator": lambda w: {"id": gid("Evaluator", w.evaluator)},
    "tryEvaluator": lambda w: {"input": {"evaluatorId": gid("Evaluator", w.evaluator), "output": "x"}},
    "createSystem": lambda w: {"input": {"projectId": gid("Project", w.project), "name": "s"}},
    "createSystemVersion": lambda w: {
        "input": {"systemId": gid("System", w.system), "name": "v2", "target": "acme/echo"}
    },
    "tryTarget": lambda w: {"input": {"systemVersionId": gid("SystemVersion", w.version), "input": "hi"}},
    "setProductionVersion": lambda w: {"systemVersionId": gid("SystemVersion", w.version)},
    "setRateLimit": lambda w: {"systemVersionId": gid("SystemVersion", w.version)},
    "startRun": lambda w: {"input": {"projectId": gid("Project", w.project)}},
    "rerun": lambda w: {"runId": gid("Run", w.run)},
    "submitRecords": lambda w: {"runId": gid("Run", w.run), "records": [{"input": 1, "output": 1}]},
    "finishRun": lambda w: {"runId": gid("Run", w.run)},
    "rescoreRun": lambda w: {"runId": gid("Run", w.run)},
    "retryErroredRecords": lambda w: {"runId": gid("Run", w.run)},
    "cancelRun": lambda w: {"runId": gid("Run", w.run)},
    "updateRun": lambda w: {"id": gid("Run", w.run), "input": {"notes": "mine"}},
    "deleteRun": lambda w: {"id": gid("Run", w.run)},
    "createSchedule": lambda w: _nightly(w, {}),
    "updateSchedule": lambda w: {"id": gid("Schedule", w.schedule), "input": {"cron": "0 4 * * *"}},
    "pauseSchedule": lambda w: {"id": gid("Schedule", w.schedule)},
    "resumeSchedule": lambda w: {"id": gid("Schedule", w.schedule)},
    "deleteSchedule": lambda w: {"id": gid("Schedule", w.schedule)},
    "createMonitor": lambda w: _quality(w, w),
    "updateMonitor": lambda w: {"id": gid("Monitor", w.monitor), "input": {"rate": 5}},
    "pauseMonitor": lambda w: {"id": gid("Monitor", w.monitor)},
    "resumeMonitor": lambda w: {"id": gid("Monitor", w.monitor)},
    "deleteMonitor": lambda w: {"id": gid("Monitor", w.monitor)},
    "addScore": lambda w: {"input": {"recordId": gid("Record", w.record), "name": "taste", "value": True}},
    "addSpanScore": lambda w: {"input": {"spanId": IDS["span"](w), "name": "taste", "value": True}},
    "annotateSpan": lambda w: {"spanId": IDS["span"](w), "rating": 1},
    "annotateRecord": lambda w: {"recordId": gid("Record", w.record), "rating": 1},
    "deleteTrace": lambda w: {"id": IDS["trace"](w)},
    "deleteTraces": lambda w: {"ids": [IDS["trace"](w)]},
}
#: What the run of a world, which has ended, does not allow; tried with other runs elsewhere.
ELSEWHERE = {"submitRecords", "finishRun", "retryErroredRecords", "cancelRun"}

#: The id that each query of one object, and each node, is asked for.
IDS: dict[str, Callable[[World], str]] = {
    "project": lambda w: gid("Project", w.project),
    "dataset": lambda w: gid("Dataset", w.dataset),
    "evaluator": lambda w: gid("Evaluator", w.evaluator),
    "system": lambda w: gid("System", w.system),
    "run": lambda w: gid("Run", w.run),
    "record": lambda w: gid("Record", w.record),
    "trace": lambda w: gid("Trace", trace_key(w.project.id, trace_id(0))),
    "span": lambda w: gid("Span", span_key(w.project.id, trace_id(0), span_id(0))),
    "span score": lambda w: gid("SpanScore", f"{span_key(w.project.id, trace_id(0), span_id(0))}/~kind"),
    "item": lambda w: gid("DatasetItem", w.item),
    "version": lambda w: gid("SystemVersion", w.version),
    "key": lambda w: gid("ApiKey", w.api_key),
    "monitor": lambda w: gid("Monitor", w.monitor),
    "schedule": lambda w: gid("Schedule", w.schedule),
    "score": lambda w: gid("Score", f"{w.record.id}/{w.record.scores[0].key}"),
    "annotation": lambda w: gid("Annotation", f"{w.record.id}/{w.record.annotations[0].id}"),
}


NODE = "query($id: ID!) { node(id: $id) { id } }"


async def make_traced(store: Store) -> World:
    """Return a stored world with a trace."""
    world = await make_world(store)
    await take(store, world.project.id, an_execution())
    noting = SpanNoting(store, TraceReader(store))
    await noting.add_score(
        actor=ANYONE, span_id=span_key(world.project.id, trace_id(0), span_id(0)), name="kind", value=1
    )
    return world


@pytest.fixture
async def world(store: Store) -> World:
    return await make_traced(store)


def test_every_mutation_has_arguments_here():
    assert sorted(ARGUMENTS) == sorted(MUTATIONS)


@pytest.mark.parametrize("name", MUTATIONS)
async def test_a_mutation_needs_its_role(name: str, operator: Asker, world: World, store: Store):
    given = ARGUMENTS[name](world)
    before = await contents(store)
    lower = [role for role in Role if not role.allows(MUTATIONS[name])]
    assert lower
    for role in lower:
        asker = operator.with_role(role, world.project.id)
        refused = await asker.refused(mutation(name, given), **given)
        assert (refused.code, refused.field) == ("FORBIDDEN", None)
        assert refused.message.startswith(f"This needs the role {MUTATIONS[name]}; ")
    assert await contents(store) == before


@pytest.mark.parametrize("name", MUTATIONS)
async def test_to_another_projects_key_nothing_is_there(name: str, operator: Asker, world: World, store: Store):
    stranger = operator.with_role(Role.ADMIN, (await make_traced(store)).project.id)
    given, nowhere = ARGUMENTS[name](world), ARGUMENTS[name](a_world())
    before = await contents(store)
    refused = await stranger.refused(mutation(name, given), **given)
    assert refused.code == "NOT_FOUND"
    assert refused == await stranger.refused(mutation(name, nowhere), **nowhere)
    assert await contents(store) == before


@pytest.mark.parametrize("name", sorted(set(MUTATIONS) - ELSEWHERE))
async def test_the_role_is_enough(name: str, operator: Asker, world: World, store: Store):
    """So that the refusals above are of the role, and of nothing else."""
    given = ARGUMENTS[name](world)
    if name == "deleteEvaluator":
        await operator.services.datasets.detach(
            actor=operator.actor, dataset_id=world.dataset.id, evaluator_id=world.evaluator.id
        )
    async with answering(store):
        await operator.with_role(MUTATIONS[name], world.project.id)(mutation(name, given), **given)


async def test_a_project_is_made_with_an_instance_key_only(operator: Asker, world: World, store: Store):
    query = 'mutation { createProject(input: {name: "new"}) { name } }'
    before = await contents(store)
    refused = await operator.with_role(Role.ADMIN, world.project.id).refused(query)
    assert refused.code == "FORBIDDEN"
    assert await contents(store) == before
    assert await operator(query) == {"createProject": {"name": "new"}}


async def test_plugins_are_refreshed_by_an_editor(operator: Asker, world: World):
    query = "mutation { refreshPlugins }"
    refused = await operator.with_role(Role.VIEWER, world.project.id).refused(query)
    assert refused.code == "FORBIDDEN"
    assert await operator.with_role(Role.EDITOR, world.project.id)(query) == {"refreshPlugins": True}


@pytest.mark.parametrize("name", sorted(OBJECTS & set(IDS)))
async def test_a_query_by_id_finds_what_the_key_sees(name: str, operator: Asker, world: World, store: Store):
    other = await make_traced(store)
    query = f"query($id: ID!) {{ {name}(id: $id) {{ id }} }}"
    mine, ghost = IDS[name](world), IDS[name](a_world())
    for role in Role:
        assert await operator.with_role(role, world.project.id)(query, id=mine) == {name: {"id": mine}}
    for asker in (operator, operator.with_role(Role.ADMIN, other.project.id)):
        assert await asker(query, id=ghost) == {name: None}
    assert await operator.with_role(Role.ADMIN, other.project.id)(query, id=mine) == {name: None}


async def test_nodes_are_those_that_the_key_sees(operator: Asker, world: World, store: Store):
    other, ghost = await make_traced(store), a_world()
    ids = [make(place) for place in (world, other, ghost) for make in IDS.values()]
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }"
    admin = operator.with_role(Role.ADMIN, world.project.id)
    found = (await admin(query, ids=ids))["nodes"]
    assert [node and node["id"] for node in found] == ids[: len(IDS)] + [None] * 2 * len(IDS)
    for identifier in ids[len(IDS) :]:
        assert await admin(NODE, id=identifier) == {"node": None}
    assert [node["id"] for node in (await operator(query, ids=ids))["nodes"] if node] == ids[: 2 * len(IDS)]


async def test_a_plugin_is_a_node_for_everyone(operator: Asker, world: World):
    viewer = operator.with_role(Role.VIEWER, world.project.id)
    query = "query($id: ID!) { node(id: $id) { id ... on EvaluatorPlugin { key } } }"
    plugin, unknown = gid("EvaluatorPlugin", "acme/exact"), gid("EvaluatorPlugin", "acme/none")
    assert await viewer(query, id=plugin) == {"node": {"id": plugin, "key": "acme/exact"}}
    assert await viewer(query, id=unknown) == {"node": None}


async def test_keys_are_for_those_who_manage_them(operator: Asker, world: World):
    query = "query($id: ID!) { project(id: $id) { apiKeys { edges { node { id prefix } } totalCount } } }"
    project = gid("Project", world.project)
    for role in (Role.VIEWER, Role.EDITOR):
        asker = operator.with_role(role, world.project.id)
        assert (await asker.refused(query, id=project)).code == "FORBIDDEN"
        assert (
            await asker.refused("query($id: ID!) { node(id: $id) { id } }", id=IDS["key"](world))
        ).code == "FORBIDDEN"
    keys = (await operator.with_role(Role.ADMIN, world.project.id)(query, id=project))["project"]["apiKeys"]
    assert keys == {"edges": [{"node": {"id": IDS["key"](world), "prefix": "evy_"}}], "totalCount": 1}


async def test_a_project_key_lists_its_project_only(operator: Asker, world: World, store: Store):
    other = await make_traced(store)
    query = """query($name: String!) {
        projects { edges { node { name } } totalCount }
        viewer { name role projects { totalCount } }
        project(name: $name) { name }
    }"""
    asker = operator.with_role(Role.EDITOR, world.project.id)
    assert await asker(query, name=other.project.name) == {
        "projects": {"edges": [{"node": {"name": world.project.name}}], "totalCount": 1},
        "viewer": {"name": "editor", "role": "EDITOR", "projects": {"totalCount": 1}},
        "project": None,
    }
    seen = await operator(query, name=other.project.name)
    assert seen["project"] == {"name": other.project.name}
    assert seen["projects"]["totalCount"] == seen["viewer"]["projects"]["totalCount"] >= 2


@pytest.mark.parametrize(
    ("field", "argument", "kind"),
    [("runProgress", "runId", "Run"), ("recordCompleted", "runId", "Run"), ("runChanged", "projectId", "Project")],
)
async def test_a_subscription_is_refused_to_strangers(
    field: str, argument: str, kind: Any, operator: Asker, world: World, store: Store
):
    stranger = operator.with_role(Role.ADMIN, (await make_traced(store)).project.id)
    ghost = a_world()
    query = f"subscription($id: ID!) {{ {field}({argument}: $id) {{ id }} }}"
    for place in (world, ghost):
        raw = place.run if kind == "Run" else place.project
        async with stranger.watching(query, id=gid(kind, raw)) as results:
            [result] = [result async for result in results]
        assert result.data is None
        assert [(error.extensions, error.path) for error in result.errors or ()] == [
            ({"code": "NOT_FOUND", "field": argument}, [field])
        ]


async def test_trying_a_system_out_is_refused_to_strangers(operator: Asker, world: World, store: Store):
    stranger = operator.with_role(Role.ADMIN, (await make_traced(store)).project.id)
    query = "subscription($input: TryTargetInput!) { tryTarget(input: $input) { done } }"
    for place in (world, a_world()):
        for kind, given in (
            ("systemVersionId", {"systemVersionId": gid("SystemVersion", place.version)}),
            ("projectId", {"projectId": gid("Project", place.project), "target": "acme/echo"}),
        ):
            async with stranger.watching(query, input={**given, "input": 1}) as results:
                [result] = [result async for result in results]
            assert [(error.extensions, error.path) for error in result.errors or ()] == [
                ({"code": "NOT_FOUND", "field": f"input.{kind}"}, ["tryTarget"])
            ]


def _quality(w: World, other: World) -> dict[str, Any]:
    evaluators = [gid("Evaluator", other.evaluator)]
    return {"input": {"projectId": gid("Project", w.project), "name": "quality", "evaluatorIds": evaluators}}


def _nightly(w: World, changes: dict[str, Any]) -> dict[str, Any]:
    run = {"datasetId": gid("Dataset", w.dataset), "systemVersionId": gid("SystemVersion", w.version), **changes}
    return {"input": {"projectId": gid("Project", w.project), "name": "nightly", "cron": "0 3 * * *", "run": run}}


#: An id of another project inside a call that is otherwise in order, made by somebody who sees both projects.
ACROSS: dict[str, tuple[str, Callable[[World, World], dict[str, Any]]]] = {
    "startRun with a dataset": (
        "startRun",
        lambda mine, other: {
            "input": {"projectId": gid("Project", mine.project), "datasetId": gid("Dataset", other.dataset)}
        },
    ),
    "startRun with a system version": (
        "startRun",
        lambda mine, other: {
            "input": {
                "projectId": gid("Project", mine.project),
                "datasetId": gid("Dataset", mine.dataset),
                "systemVersionId": gid("SystemVersion", other.version),
            }
        },
    ),
    "startRun with an evaluator": (
        "startRun",
        lambda mine, other: {
            "input": {
                "projectId": gid("Project", mine.project),
                "evaluatorIds": [gid("Evaluator", mine.evaluator), gid("Evaluator", other.evaluator)],
            }
        },
    ),
    "createMonitor with an evaluator": ("createMonitor", _quality),
    "updateMonitor with an evaluator": (
        "updateMonitor",
        lambda mine, other: {
            "id": gid("Monitor", mine.monitor),
            "input": {"evaluatorIds": [gid("Evaluator", mine.evaluator), gid("Evaluator", other.evaluator)]},
        },
    ),
    "createSchedule with a dataset": (
        "createSchedule",
        lambda mine, other: _nightly(mine, {"datasetId": gid("Dataset", other.dataset)}),
    ),
    "createSchedule with a system version": (
        "createSchedule",
        lambda mine, other: _nightly(mine, {"systemVersionId": gid("SystemVersion", other.version)}),
    ),
    "createSchedule with a system": (
        "createSchedule",
        lambda mine, other: _nightly(mine, {"systemVersionId": None, "systemId": gid("System", other.system)}),
    ),
    "createSchedule with an evaluator": (
        "createSchedule",
        lambda mine, other: _nightly(mine, {"evaluatorIds": [gid("Evaluator", other.evaluator)]}),
    ),
    "updateSchedule with a dataset": (
        "updateSchedule",
        lambda mine, other: {
            "id": gid("Schedule", mine.schedule),
            "input": {"run": _nightly(mine, {"datasetId": gid("Dataset", other.dataset)})["input"]["run"]},
        },
    ),
    "rerun with a system version": (
        "rerun",
        lambda mine, other: {
            "runId": gid("Run", mine.run),
            "input": {"systemVersionId": gid("SystemVersion", other.version)},
        },
    ),
    "rescoreRun with an evaluator": (
        "rescoreRun",
        lambda mine, other: {"runId": gid("Run", mine.run), "evaluatorIds": [gid("Evaluator", other.evaluator)]},
    ),
    "addTracesToDataset": (
        "addTracesToDataset",
        lambda mine, other: {"datasetId": gid("Dataset", mine.dataset), "traceIds": [IDS["trace"](other)]},
    ),
    "attachEvaluator": (
        "attachEvaluator",
        lambda mine, other: {
            "datasetId": gid("Dataset", mine.dataset),
            "evaluatorId": gid("Evaluator", other.evaluator),
        },
    ),
    "tryEvaluator on a record": (
        "tryEvaluator",
        lambda mine, other: {
            "input": {"evaluatorId": gid("Evaluator", mine.evaluator), "recordId": gid("Record", other.record)}
        },
    ),
    "addScore for an evaluator": (
        "addScore",
        lambda mine, other: {
            "input": {
                "recordId": gid("Record", mine.record),
                "evaluatorId": gid("Evaluator", other.evaluator),
                "value": True,
            }
        },
    ),
    "deleteDatasetItems of two projects": (
        "deleteDatasetItems",
        lambda mine, other: {"ids": [gid("DatasetItem", mine.item), gid("DatasetItem", other.item)]},
    ),
}


@pytest.mark.parametrize("case", ACROSS)
async def test_nothing_leads_from_one_project_into_another(case: str, operator: Asker, world: World, store: Store):
    name, make = ACROSS[case]
    given = make(world, await make_traced(store))
    before = await contents(store)
    async with answering(store):
        refused = await operator.refused(mutation(name, given), **given)
    assert refused.code == ("BAD_USER_INPUT" if name == "deleteDatasetItems" else "NOT_FOUND")
    assert await contents(store) == before


def test_each_type_of_node_is_tried():
    tried = {parse(make(a_world()), field="id").type for make in IDS.values()}
    assert tried | {"EvaluatorPlugin"} == set(FINDERS)
