"""Making, changing, reading and removing each kind of object."""

from datetime import timedelta

import pytest

from evalyard_core.domain.access import Role
from evalyard_core.domain.payload import now
from evalyard_core.storage import Store
from evalyard_schema.scalars import print_date_time
from tests.fixtures.asking import Asker, gid, module_store
from tests.fixtures.world import World, answering, contents

#: One database for all of these tests, which differ in their projects.
store = module_store


async def test_a_project(operator: Asker):
    made = await operator('mutation { createProject(input: {name: " One "}) { id name description createdAt } }')
    project = made["createProject"]
    assert (project["name"], project["description"]) == ("One", "")
    assert project["createdAt"].endswith("Z")
    query = "query($id: ID, $name: String) { project(id: $id, name: $name) { id name description } }"
    assert (await operator(query, name="One"))["project"]["id"] == project["id"]
    change = "mutation($id: ID!, $d: String) { updateProject(id: $id, description: $d) { name description } }"
    assert await operator(change, id=project["id"], d="Yes") == {"updateProject": {"name": "One", "description": "Yes"}}
    assert await operator(change, id=project["id"]) == {"updateProject": {"name": "One", "description": "Yes"}}
    remove = "mutation($id: ID!) { deleteProject(id: $id) }"
    assert await operator(remove, id=project["id"]) == {"deleteProject": project["id"]}
    assert await operator(query, id=project["id"]) == {"project": None}


async def test_a_key_works_until_it_is_revoked(operator: Asker, world: World):
    expires = print_date_time(now() + timedelta(days=1))
    query = """mutation($input: CreateApiKeyInput!) {
        createApiKey(input: $input) { secret apiKey { id name prefix role expiresAt lastUsedAt revokedAt } }
    }"""
    given = {"projectId": gid("Project", world.project), "name": "ci", "role": "EDITOR", "expiresAt": expires}
    made = (await operator(query, input=given))["createApiKey"]
    key = made["apiKey"]
    assert made["secret"].startswith(key["prefix"])
    assert (key["name"], key["role"], key["expiresAt"], key["lastUsedAt"]) == ("ci", "EDITOR", expires, None)
    actor = await operator.services.access.authenticate(made["secret"])
    assert (actor.role, actor.project_id) == (Role.EDITOR, world.project.id)
    revoke = "mutation($id: ID!) { revokeApiKey(id: $id) { revokedAt } }"
    first = await operator(revoke, id=key["id"])
    assert first["revokeApiKey"]["revokedAt"] is not None
    assert await operator(revoke, id=key["id"]) == first


async def test_a_dataset_and_the_versions_of_its_items(operator: Asker, world: World):
    make = """mutation($input: CreateDatasetInput!) {
        createDataset(input: $input) {
            id name tags inputSchema version itemCount project { name } evaluators { threshold { value } }
        }
    }"""
    schema = {"type": "object", "required": ["q"]}
    given = {"projectId": gid("Project", world.project), "name": "cases", "tags": ["a", "a"], "inputSchema": schema}
    dataset = (await operator(make, input=given))["createDataset"]
    identifier = dataset.pop("id")
    assert dataset == {
        "name": "cases",
        "tags": ["a"],
        "inputSchema": schema,
        "version": 0,
        "itemCount": 0,
        "project": {"name": world.project.name},
        "evaluators": [],
    }
    add = """mutation($id: ID!, $items: [DatasetItemInput!]!) {
        addDatasetItems(datasetId: $id, items: $items) {
            dataset { version itemCount }
            items { id input expectedOutput metadata tags source validationErrors { path message } dataset { id } }
        }
    }"""
    items = [{"input": {"q": 1}, "expectedOutput": [1], "tags": ["x"]}, {"input": 2, "source": "MANUAL"}]
    added = (await operator(add, id=identifier, items=items))["addDatasetItems"]
    assert added["dataset"] == {"version": 1, "itemCount": 2}
    first, second = added["items"]
    assert (first["input"], first["expectedOutput"], first["metadata"]) == ({"q": 1}, [1], None)
    assert (first["tags"], first["source"], first["validationErrors"]) == (["x"], "API", [])
    assert first["dataset"] == {"id": identifier}
    assert (second["source"], second["validationErrors"][0]["path"]) == ("MANUAL", "$")

    change = """mutation($id: ID!, $input: UpdateDatasetItemInput!) {
        updateDatasetItem(id: $id, input: $input) { input tags expectedOutput }
    }"""
    changed = await operator(change, id=first["id"], input={"input": {"q": 3}, "expectedOutput": None})
    assert changed == {"updateDatasetItem": {"input": {"q": 3}, "tags": ["x"], "expectedOutput": None}}
    remove = "mutation($ids: [ID!]!) { deleteDatasetItems(ids: $ids) { version itemCount } }"
    assert await operator(remove, ids=[second["id"]]) == {"deleteDatasetItems": {"version": 3, "itemCount": 1}}

    read = """query($id: ID!, $version: Int) {
        dataset(id: $id) { items(version: $version) { totalCount edges { node { input } } } }
    }"""
    seen = {}
    for version in (None, 0, 1, 2, 3):
        answer = await operator(read, id=identifier, version=version)
        seen[version] = [edge["node"]["input"] for edge in answer["dataset"]["items"]["edges"]]
    assert seen == {None: [{"q": 3}], 0: [], 1: [{"q": 1}, 2], 2: [{"q": 3}, 2], 3: [{"q": 3}]}
    refused = await operator.refused(read, id=identifier, version=4)
    assert (refused.code, refused.field) == ("BAD_USER_INPUT", "version")


async def test_what_is_left_out_of_an_update_stays_and_null_clears(operator: Asker, world: World):
    query = """mutation($id: ID!, $input: UpdateDatasetInput!) {
        updateDataset(id: $id, input: $input) { name description tags inputSchema }
    }"""
    identifier = gid("Dataset", world.dataset)
    full = {"name": "n", "description": "d", "tags": ["t"], "inputSchema": {"type": "string"}}
    assert await operator(query, id=identifier, input=full) == {"updateDataset": full}
    assert await operator(query, id=identifier, input={}) == {"updateDataset": full}
    cleared = {**full, "tags": [], "inputSchema": None}
    assert await operator(query, id=identifier, input={"tags": None, "inputSchema": None}) == {"updateDataset": cleared}
    for name in ("name", "description"):
        refused = await operator.refused(query, id=identifier, input={name: None})
        assert (refused.code, refused.field) == ("BAD_USER_INPUT", f"input.{name}")
        assert refused.message == f"{name} can't be null; leave it out to keep it."


EVALUATOR = """fragment evaluator on Evaluator {
    name description config scoreType version
    mapping { variable path } threshold { operator value } plugin { key version health } project { name }
}"""


async def test_an_evaluator(operator: Asker, world: World, store: Store):
    make = "mutation($input: CreateEvaluatorInput!) { createEvaluator(input: $input) { id ...evaluator } }" + EVALUATOR
    given = {
        "projectId": gid("Project", world.project),
        "name": "exact",
        "plugin": "exact",
        "config": {"strict": True},
        "mapping": [{"variable": "output", "path": "output.text"}],
        "threshold": {"operator": "EQ", "value": True},
    }
    async with answering(store) as asked:
        evaluator = (await operator(make, input=given))["createEvaluator"]
    identifier = evaluator.pop("id")
    assert [(request.kind, request.plugin, request.body["config"]) for request in asked] == [
        ("check_evaluator", "acme/exact", {"strict": True})
    ]
    assert evaluator == {
        "name": "exact",
        "description": "",
        "config": {"strict": True},
        "scoreType": "BOOLEAN",
        "version": 1,
        "mapping": [{"variable": "output", "path": "output.text"}],
        "threshold": {"operator": "EQ", "value": True},
        "plugin": {"key": "acme/exact", "version": "1.0.0", "health": "AVAILABLE"},
        "project": {"name": world.project.name},
    }
    change = """mutation($id: ID!, $input: UpdateEvaluatorInput!) {
        updateEvaluator(id: $id, input: $input) { ...evaluator }
    }"""
    async with answering(store) as asked:
        renamed = (await operator(change + EVALUATOR, id=identifier, input={"name": "same"}))["updateEvaluator"]
        cleared = {"config": None, "mapping": None, "threshold": None}
        emptied = (await operator(change + EVALUATOR, id=identifier, input=cleared))["updateEvaluator"]
    assert renamed == {**evaluator, "name": "same"}
    assert emptied == {**renamed, "config": {}, "mapping": [], "threshold": None, "version": 2}
    assert len(asked) == 1
    remove = "mutation($id: ID!) { deleteEvaluator(id: $id) }"
    assert await operator(remove, id=identifier) == {"deleteEvaluator": identifier}
    assert await operator("query($id: ID!) { evaluator(id: $id) { name } }", id=identifier) == {"evaluator": None}


async def test_a_config_that_the_plugin_itself_refuses(operator: Asker, world: World, store: Store):
    query = "mutation($input: CreateEvaluatorInput!) { createEvaluator(input: $input) { id } }"
    given = {
        "projectId": gid("Project", world.project),
        "name": "e",
        "plugin": "acme/exact",
        "config": {"strict": True},
    }
    before = await contents(store)
    async with answering(store, problem="it is Sunday"):
        refused = await operator.refused(query, input=given)
    assert (refused.code, refused.field) == ("BAD_USER_INPUT", "input.config.strict")
    assert refused.message == "config.strict: it is Sunday."
    assert await contents(store) == before


async def test_evaluators_of_a_dataset(operator: Asker, world: World):
    attach = """mutation(
        $dataset: ID!, $evaluator: ID!, $mapping: [VariableMappingInput!], $threshold: ThresholdInput
    ) {
        attachEvaluator(datasetId: $dataset, evaluatorId: $evaluator, mapping: $mapping, threshold: $threshold) {
            evaluators { evaluator { id } mapping { variable path } threshold { operator value } }
        }
    }"""
    ids = {"dataset": gid("Dataset", world.dataset), "evaluator": gid("Evaluator", world.evaluator)}
    mapping, threshold = [{"variable": "output", "path": "output.text"}], {"operator": "EQ", "value": False}
    attached = await operator(attach, **ids, mapping=mapping, threshold=threshold)
    entry = {"evaluator": {"id": ids["evaluator"]}, "mapping": mapping, "threshold": threshold}
    assert attached == {"attachEvaluator": {"evaluators": [entry]}}
    plain = {**entry, "mapping": [], "threshold": None}
    assert await operator(attach, **ids) == {"attachEvaluator": {"evaluators": [plain]}}
    for given, field in (
        ({"mapping": [{"variable": "color", "path": "output"}]}, "mapping[0].variable"),
        ({"mapping": [{"variable": "output", "path": "output."}]}, "mapping[0].path"),
        ({"threshold": {"operator": "GT", "value": 1}}, "threshold"),
    ):
        refused = await operator.refused(attach, **ids, **given)
        assert (refused.code, refused.field) == ("BAD_USER_INPUT", field)
    remove = "mutation($id: ID!) { deleteEvaluator(id: $id) }"
    assert (await operator.refused(remove, id=ids["evaluator"])).code == "CONFLICT"
    detach = """mutation($dataset: ID!, $evaluator: ID!) {
        detachEvaluator(datasetId: $dataset, evaluatorId: $evaluator) { evaluators { threshold { value } } }
    }"""
    assert await operator(detach, **ids) == {"detachEvaluator": {"evaluators": []}}
    assert (await operator.refused(detach, **ids)).code == "NOT_FOUND"


TRY = """mutation($input: TryEvaluatorInput!) {
    tryEvaluator(input: $input) { id name value passed source evaluator { id } history { id } }
}"""


async def test_trying_an_evaluator_stores_nothing(operator: Asker, world: World, store: Store):
    before = await contents(store)
    async with answering(store):
        made_up = {"projectId": gid("Project", world.project), "plugin": "exact", "output": 1, "expectedOutput": 1}
        unsaved = (await operator(TRY, input=made_up))["tryEvaluator"]
        saved = {"evaluatorId": gid("Evaluator", world.evaluator), "recordId": gid("Record", world.record)}
        of_record = (await operator(TRY.replace("history", "record { id } history"), input=saved))["tryEvaluator"]
        record = await operator.refused(TRY.replace("history", "record { id } history"), input=made_up)
    assert (unsaved["value"], unsaved["passed"], unsaved["evaluator"], unsaved["history"]) == (True, True, None, [])
    assert of_record["evaluator"] == {"id": saved["evaluatorId"]}
    assert of_record["record"] == {"id": saved["recordId"]}
    assert (record.code, record.message) == ("NOT_FOUND", "This score is of made-up values, so it has no record.")
    assert await operator("query($id: ID!) { node(id: $id) { id } }", id=of_record["id"]) == {"node": None}
    assert await contents(store) == before


async def test_trying_without_an_evaluator_needs_a_plugin(operator: Asker, world: World):
    refused = await operator.refused(TRY, input={"output": 1})
    assert (refused.code, refused.field) == ("BAD_USER_INPUT", "input.plugin")


async def test_a_system_and_its_versions(operator: Asker, world: World, store: Store):
    make = """mutation($input: CreateSystemInput!) {
        createSystem(input: $input) { id name description project { name } productionVersion { id } }
    }"""
    given = {"projectId": gid("Project", world.project), "name": "desk"}
    system = (await operator(make, input=given))["createSystem"]
    identifier = system.pop("id")
    assert system == {
        "name": "desk",
        "description": "",
        "project": {"name": world.project.name},
        "productionVersion": None,
    }
    make = """mutation($input: CreateSystemVersionInput!) {
        createSystemVersion(input: $input) { id name target config system { id } runs { totalCount } }
    }"""
    versions = []
    async with answering(store):
        for name in ("v1", "v2"):
            given = {"systemId": identifier, "name": name, "target": "echo", "config": {"n": name}}
            versions.append((await operator(make, input=given))["createSystemVersion"])
    assert versions[1] == {
        "id": versions[1]["id"],
        "name": "v2",
        "target": "acme/echo",
        "config": {"n": "v2"},
        "system": {"id": identifier},
        "runs": {"totalCount": 0},
    }
    choose = """mutation($id: ID!) {
        setProductionVersion(systemVersionId: $id) {
            productionVersion { name } versions { totalCount edges { node { name } } }
        }
    }"""
    assert await operator(choose, id=versions[0]["id"]) == {
        "setProductionVersion": {
            "productionVersion": {"name": "v1"},
            "versions": {"totalCount": 2, "edges": [{"node": {"name": "v2"}}, {"node": {"name": "v1"}}]},
        }
    }


async def test_the_library(operator: Asker, store: Store):
    query = """query($search: String, $after: String) {
        evaluatorPlugins(search: $search, after: $after) {
            totalCount
            pageInfo { hasNextPage }
            edges {
                cursor
                node { key name health workerCount problem scoreType variables { name required defaultPath } }
            }
        }
        targetPlugins { key name configSchema problem }
    }"""
    data = await operator(query)
    edge, *of_clients = data["evaluatorPlugins"]["edges"]
    assert [other["node"]["scoreType"] for other in of_clients] == ["BOOLEAN", "CATEGORICAL", "NUMERIC", "TEXT"]
    assert {other["node"]["key"].partition("_")[0] for other in of_clients} == {"evalyard/client"}
    assert edge["node"] == {
        "key": "acme/exact",
        "name": "exact",
        "health": "AVAILABLE",
        "workerCount": 1,
        "problem": None,
        "scoreType": "BOOLEAN",
        "variables": [
            {"name": "output", "required": True, "defaultPath": "output"},
            {"name": "expected", "required": False, "defaultPath": "expected"},
        ],
    }
    assert data["targetPlugins"] == [
        {"key": "acme/echo", "name": "echo", "configSchema": {"type": "object"}, "problem": None}
    ]
    assert (await operator(query, search="EXPECTED one"))["evaluatorPlugins"]["totalCount"] == 1
    assert (await operator(query, search="nothing"))["evaluatorPlugins"]["totalCount"] == 0
    assert (await operator(query, after=edge["cursor"]))["evaluatorPlugins"]["edges"] == of_clients
    await store.workers.remove("here")
    await operator.services.library.catalogue(fresh=True)
    gone = await operator(query)
    assert gone["evaluatorPlugins"]["edges"][0]["node"]["health"] == "OFFLINE"
    assert gone["targetPlugins"] == []


async def test_a_deleted_dataset_leaves_its_runs(operator: Asker, world: World):
    await operator("mutation($id: ID!) { deleteDataset(id: $id) }", id=gid("Dataset", world.dataset))
    query = """query($id: ID!) {
        run(id: $id) {
            dataset { id } datasetName datasetVersion
            records { edges { node { input item { id } } } }
        }
    }"""
    assert (await operator(query, id=gid("Run", world.run)))["run"] == {
        "dataset": None,
        "datasetName": world.dataset.name,
        "datasetVersion": 1,
        "records": {"edges": [{"node": {"input": {"question": 0}, "item": None}}]},
    }


async def test_a_deleted_evaluator_is_still_named_by_its_scores(operator: Asker, world: World):
    ids = {"dataset": gid("Dataset", world.dataset), "evaluator": gid("Evaluator", world.evaluator)}
    detach = """mutation($dataset: ID!, $evaluator: ID!) {
        detachEvaluator(datasetId: $dataset, evaluatorId: $evaluator) { id }
    }"""
    await operator(detach, **ids)
    await operator("mutation($id: ID!) { deleteEvaluator(id: $id) }", id=ids["evaluator"])
    query = """query($run: ID!, $evaluator: ID!) {
        run(id: $run) {
            evaluators { evaluator { name } }
            records { edges { node { scores { evaluator { name } } } } }
        }
        evaluator(id: $evaluator) { name }
        node(id: $evaluator) { id }
    }"""
    name = {"name": world.evaluator.name}
    assert await operator(query, run=gid("Run", world.run), evaluator=ids["evaluator"]) == {
        "run": {
            "evaluators": [{"evaluator": name}],
            "records": {"edges": [{"node": {"scores": [{"evaluator": name}]}}]},
        },
        "evaluator": None,
        "node": None,
    }


async def test_two_mutations_in_one_request_see_each_other(operator: Asker, world: World):
    query = """mutation($id: ID!, $record: ID!) {
        a: updateDataset(id: $id, input: {name: "first"}) { name }
        b: annotateRecord(recordId: $record, comment: "x") { item { dataset { name } } }
        c: updateDataset(id: $id, input: {name: "second"}) { name }
        d: annotateRecord(recordId: $record, comment: "y") { item { dataset { name } } }
    }"""
    data = await operator(query, id=gid("Dataset", world.dataset), record=gid("Record", world.record))
    assert data["b"] == {"item": {"dataset": {"name": "first"}}}
    assert data["d"] == {"item": {"dataset": {"name": "second"}}}


@pytest.mark.parametrize("argument", ["", '(id: "UHJvamVjdDox", name: "x")', "(id: null, name: null)"])
async def test_a_project_is_named_in_one_way(operator: Asker, argument: str):
    refused = await operator.refused(f"{{ project{argument} {{ id }} }}")
    assert (refused.code, refused.field) == ("BAD_USER_INPUT", "id")
