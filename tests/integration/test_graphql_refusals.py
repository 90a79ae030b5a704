"""Requests that are refused: with which code, at which field, in which sentence; and nothing is written."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from evalyard_core.domain.runs import RunStatus
from evalyard_core.storage import Store
from tests.fixtures.asking import Asker, Refused, gid, module_store, mutation
from tests.fixtures.world import World, answering, contents, make_world

#: One database for all of these tests, which differ in their projects.
store = module_store

Given = Callable[[World], dict[str, Any]]
BAD, GONE, CONFLICT, LIMIT = "BAD_USER_INPUT", "NOT_FOUND", "CONFLICT", "LIMIT_EXCEEDED"
NO_ID = "This is no id; pass one that the API returned."


class Case(NamedTuple):
    """A mutation, and how it is refused."""

    name: str
    given: Given
    code: str
    field: str | None
    message: str


def project(w: World) -> str:
    return gid("Project", w.project)


def a_dataset(**more: Any) -> Given:
    return lambda w: {"input": {"projectId": project(w), "name": "d", **more}}


def an_evaluator(**more: Any) -> Given:
    return lambda w: {"input": {"projectId": project(w), "name": "e", "plugin": "acme/exact", **more}}


def a_version(**more: Any) -> Given:
    return lambda w: {"input": {"systemId": gid("System", w.system), "name": "v9", "target": "echo", **more}}


def a_run(**more: Any) -> Given:
    return lambda w: {"input": {"projectId": project(w), **more}}


def items(*entries: Any) -> Given:
    return lambda w: {"datasetId": gid("Dataset", w.dataset), "items": list(entries)}


def of_run(**more: Any) -> Given:
    return lambda w: {"runId": gid("Run", w.run), **more}


def a_score(**more: Any) -> Given:
    return lambda w: {"input": {"recordId": gid("Record", w.record), "value": 1, **more}}


def a_note(**more: Any) -> Given:
    return lambda w: {"recordId": gid("Record", w.record), **more}


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


CASES = {
    "project: no name": Case(
        "createProject", lambda w: {"input": {"name": "  "}}, BAD, "input.name", "A name can't be empty."
    ),
    "project: a long name": Case(
        "createProject",
        lambda w: {"input": {"name": "x" * 201}},
        BAD,
        "input.name",
        "A name may have 200 characters at most, not 201.",
    ),
    "project: a name with a line break": Case(
        "createProject",
        lambda w: {"input": {"name": "a\nb"}},
        BAD,
        "input.name",
        "A name may hold printable characters only.",
    ),
    "project: a name that is taken": Case(
        "createProject",
        lambda w: {"input": {"name": w.project.name}},
        CONFLICT,
        "input.name",
        "There is a project {w.project.name!r} already; choose another name.",
    ),
    "project: a long description": Case(
        "updateProject",
        lambda w: {"id": project(w), "description": "x" * 20_001},
        LIMIT,
        "description",
        "A text may have 20,000 characters at most, not 20,001.",
    ),
    "project: no id": Case("deleteProject", lambda w: {"id": "p1"}, BAD, "id", NO_ID),
    "key: already expired": Case(
        "createApiKey",
        lambda w: {
            "input": {"projectId": project(w), "name": "k", "role": "VIEWER", "expiresAt": "2001-01-01T00:00:00Z"}
        },
        BAD,
        "input.expiresAt",
        "expiresAt must lie in the future.",
    ),
    "key: the id of a project": Case(
        "revokeApiKey",
        lambda w: {"id": project(w)},
        BAD,
        "id",
        "This is the id of a Project; pass an ApiKey's.",
    ),
    "dataset: a name that is taken": Case(
        "createDataset",
        lambda w: {"input": {"projectId": project(w), "name": w.dataset.name}},
        CONFLICT,
        "input.name",
        "There is a dataset {w.dataset.name!r} in this project already; choose another name.",
    ),
    "dataset: too many tags": Case(
        "createDataset",
        a_dataset(tags=[str(n) for n in range(51)]),
        LIMIT,
        "input.tags",
        "An object may have 50 tags at most, not 51.",
    ),
    "dataset: an empty tag": Case(
        "createDataset", a_dataset(tags=["a", " "]), BAD, "input.tags[1]", "A name can't be empty."
    ),
    "dataset: a schema that is a list": Case(
        "createDataset",
        a_dataset(inputSchema=[1]),
        BAD,
        "input.inputSchema",
        "A JSON Schema is an object, and its $schema a text.",
    ),
    "dataset: no schema": Case(
        "createDataset",
        a_dataset(inputSchema={"type": "thing"}),
        BAD,
        "input.inputSchema",
        "This is no JSON Schema: 'thing' is not valid under any of the given schemas at $.type.",
    ),
    "dataset: null for a name": Case(
        "updateDataset",
        lambda w: {"id": gid("Dataset", w.dataset), "input": {"name": None}},
        BAD,
        "input.name",
        "name can't be null; leave it out to keep it.",
    ),
    "items: none": Case("addDatasetItems", items(), BAD, "items", "Send at least one item."),
    "items: too many": Case(
        "addDatasetItems",
        items(*[{"input": 1}] * 1001),
        LIMIT,
        "items",
        "At most 1,000 at once, not 1,001; send them in several calls.",
    ),
    "items: a bad tag": Case(
        "addDatasetItems",
        items({"input": 1}, {"input": 2, "tags": [""]}),
        BAD,
        "items[1].tags[0]",
        "A name can't be empty.",
    ),
    "items: too deep": Case(
        "addDatasetItems",
        items({"input": nested(102)}),
        LIMIT,
        "items[0].input",
        "A value may be nested 100 levels deep at most; flatten it.",
    ),
    "items: too large": Case(
        "addDatasetItems",
        items({"input": "x" * (6 * 1024 * 1024)}),
        LIMIT,
        "items[0].input",
        "A payload may have 6,291,456 bytes at most; this one has 6,291,458. Store a reference.",
    ),
    "item: null for its input": Case(
        "updateDatasetItem",
        lambda w: {"id": gid("DatasetItem", w.item), "input": {"input": None}},
        BAD,
        "input.input",
        "input can't be null; leave it out to keep it.",
    ),
    "items: none to delete": Case(
        "deleteDatasetItems",
        lambda w: {"ids": []},
        BAD,
        "ids",
        "Name the items of one dataset, at least one.",
    ),
    "items: one that is not there": Case(
        "deleteDatasetItems",
        lambda w: {"ids": [gid("DatasetItem", w.item), gid("DatasetItem", "f" * 24)]},
        GONE,
        "ids[1]",
        "There is no such item in the newest version.",
    ),
    "evaluator: no such plugin": Case(
        "createEvaluator",
        an_evaluator(plugin="acme/other"),
        BAD,
        "input.plugin",
        "There is no evaluator plugin 'acme/other'; there are: acme/exact, evalyard/client_boolean, "
        "evalyard/client_categorical, evalyard/client_numeric, evalyard/client_text.",
    ),
    "evaluator: a config that breaks its schema": Case(
        "createEvaluator",
        an_evaluator(config={"strict": "very"}),
        BAD,
        "input.config.strict",
        "config.strict: 'very' is not of type 'boolean'.",
    ),
    "evaluator: a config with something else in it": Case(
        "createEvaluator",
        an_evaluator(config={"loud": True}),
        BAD,
        "input.config",
        "config: Additional properties are not allowed ('loud' was unexpected).",
    ),
    "evaluator: an unknown variable": Case(
        "createEvaluator",
        an_evaluator(mapping=[{"variable": "color", "path": "output"}]),
        BAD,
        "input.mapping[0].variable",
        "The plugin has no variable 'color'; it has output, expected.",
    ),
    "evaluator: a variable mapped twice": Case(
        "createEvaluator",
        an_evaluator(mapping=[{"variable": "output", "path": "output"}] * 2),
        BAD,
        "input.mapping[1].variable",
        "'output' is mapped twice; keep one.",
    ),
    "evaluator: no JMESPath": Case(
        "createEvaluator",
        an_evaluator(mapping=[{"variable": "output", "path": "output["}]),
        BAD,
        "input.mapping[0].path",
        "'output[' is no JMESPath: ",
    ),
    "evaluator: a path from nowhere": Case(
        "createEvaluator",
        an_evaluator(mapping=[{"variable": "output", "path": "answer.text"}]),
        BAD,
        "input.mapping[0].path",
        "'answer.text' starts at 'answer'; start at one of input, expected, output, metadata, trace, record.",
    ),
    "evaluator: a threshold of the wrong operator": Case(
        "createEvaluator",
        an_evaluator(threshold={"operator": "GTE", "value": 1}),
        BAD,
        "input.threshold",
        "A boolean score takes EQ with true or false.",
    ),
    "evaluator: a threshold of the wrong type": Case(
        "createEvaluator",
        an_evaluator(threshold={"operator": "EQ", "value": "yes"}),
        BAD,
        "input.threshold",
        "A boolean score takes EQ with true or false.",
    ),
    "evaluator: a threshold that is too deep": Case(
        "createEvaluator",
        an_evaluator(threshold={"operator": "IN", "value": nested(300)}),
        LIMIT,
        "input.threshold.value",
        "A value may be nested 100 levels deep at most; flatten it.",
    ),
    "evaluator: a name that is taken": Case(
        "createEvaluator",
        lambda w: {"input": {"projectId": project(w), "name": w.evaluator.name, "plugin": "acme/exact"}},
        CONFLICT,
        "input.name",
        "There is an evaluator {w.evaluator.name!r} in this project already; choose another name.",
    ),
    "evaluator: a config that is too deep": Case(
        "updateEvaluator",
        lambda w: {"id": gid("Evaluator", w.evaluator), "input": {"config": {"strict": nested(300)}}},
        LIMIT,
        "input.config",
        "A value may be nested 100 levels deep at most; flatten it.",
    ),
    "evaluator: one that a dataset uses": Case(
        "deleteEvaluator",
        lambda w: {"id": gid("Evaluator", w.evaluator)},
        CONFLICT,
        "id",
        "The dataset {w.dataset.name!r} uses this evaluator; detach it first.",
    ),
    "attach: a mapping without a variable": Case(
        "attachEvaluator",
        lambda w: {
            "datasetId": gid("Dataset", w.dataset),
            "evaluatorId": gid("Evaluator", w.evaluator),
            "mapping": [{"variable": "nothing", "path": "output"}],
        },
        BAD,
        "mapping[0].variable",
        "The plugin has no variable 'nothing'; it has output, expected.",
    ),
    "try: neither evaluator nor plugin": Case(
        "tryEvaluator",
        lambda w: {"input": {"projectId": project(w)}},
        BAD,
        "input.plugin",
        "Name an evaluatorId, or a projectId and a plugin.",
    ),
    "try: values that are too deep": Case(
        "tryEvaluator",
        lambda w: {"input": {"projectId": project(w), "plugin": "exact", "output": nested(300)}},
        LIMIT,
        "input.output",
        "A value may be nested 100 levels deep at most; flatten it.",
    ),
    "try: a record that is not there": Case(
        "tryEvaluator",
        lambda w: {"input": {"evaluatorId": gid("Evaluator", w.evaluator), "recordId": gid("Record", "r.i.1")}},
        GONE,
        "input.recordId",
        "There is no such record.",
    ),
    "system: a name that is taken": Case(
        "createSystem",
        lambda w: {"input": {"projectId": project(w), "name": w.system.name}},
        CONFLICT,
        "input.name",
        "There is a system {w.system.name!r} in this project already; choose another name.",
    ),
    "version: no such target": Case(
        "createSystemVersion",
        a_version(target="telnet"),
        BAD,
        "input.target",
        "There is no target 'telnet'; there are: acme/echo.",
    ),
    "version: a config that is a text": Case(
        "createSystemVersion",
        a_version(config="x"),
        BAD,
        "input.config",
        "config: 'x' is not of type 'object'.",
    ),
    "version: a name that is taken": Case(
        "createSystemVersion",
        lambda w: {"input": {"systemId": gid("System", w.system), "name": w.version.name, "target": "echo"}},
        CONFLICT,
        "input.name",
        "This system has a version {w.version.name!r} already; choose another name.",
    ),
    "production: the id of a system": Case(
        "setProductionVersion",
        lambda w: {"systemVersionId": gid("System", w.system)},
        BAD,
        "systemVersionId",
        "This is the id of a System; pass a SystemVersion's.",
    ),
    "run: a system and no dataset": Case(
        "startRun",
        lambda w: {"input": {"projectId": project(w), "systemVersionId": gid("SystemVersion", w.version)}},
        BAD,
        "input.datasetId",
        "A run that calls a system needs a dataset.",
    ),
    "run: a dataset version to come": Case(
        "startRun",
        lambda w: {"input": {"projectId": project(w), "datasetId": gid("Dataset", w.dataset), "datasetVersion": 2}},
        BAD,
        "input.datasetVersion",
        "The dataset has versions 0 to 1, not 2.",
    ),
    "run: no item": Case(
        "startRun",
        lambda w: {
            "input": {
                "projectId": project(w),
                "datasetId": gid("Dataset", w.dataset),
                "systemVersionId": gid("SystemVersion", w.version),
                "itemTags": ["none has it"],
            }
        },
        BAD,
        "input.datasetId",
        "No item of this dataset version is selected; add items or change the tags.",
    ),
    "run: an evaluator that is not there": Case(
        "startRun",
        lambda w: {
            "input": {
                "projectId": project(w),
                "evaluatorIds": [gid("Evaluator", w.evaluator), gid("Evaluator", "f" * 24)],
            }
        },
        GONE,
        "input.evaluatorIds[1]",
        "There is no such evaluator.",
    ),
    "run: an evaluator's id that is none": Case(
        "startRun", a_run(evaluatorIds=["x"]), BAD, "input.evaluatorIds[0]", NO_ID
    ),
    "run: too many evaluators": Case(
        "startRun",
        a_run(evaluatorIds=[gid("Evaluator", f"{n:024}") for n in range(51)]),
        LIMIT,
        "input.evaluatorIds",
        "At most 50 at once, not 51; send them in several calls.",
    ),
    "run: no trials": Case("startRun", a_run(trials=0), BAD, "input.trials", "trials must be 1 to 100, not 0."),
    "run: too many calls at once": Case(
        "startRun", a_run(concurrency=1001), BAD, "input.concurrency", "concurrency must be 1 to 1,000, not 1001."
    ),
    "run: no attempts": Case(
        "startRun", a_run(maxAttempts=0), BAD, "input.maxAttempts", "maxAttempts must be 1 to 20, not 0."
    ),
    "run: no time": Case(
        "startRun",
        a_run(timeoutSeconds=0),
        BAD,
        "input.timeoutSeconds",
        "timeoutSeconds must be 0.01 to 3,600.0, not 0.0.",
    ),
    "run: a sample of nothing": Case(
        "startRun", a_run(sampleSize=0), BAD, "input.sampleSize", "sampleSize must be 1 to 1,000,000, not 0."
    ),
    "run: a debt for a budget": Case(
        "startRun",
        a_run(maxCostUsd=-1),
        BAD,
        "input.maxCostUsd",
        "maxCostUsd must be 0.0 to 1,000,000,000.0, not -1.0.",
    ),
    "run: an empty key": Case(
        "startRun",
        a_run(idempotencyKey=""),
        BAD,
        "input.idempotencyKey",
        "An idempotency key has 1 to 200 characters.",
    ),
    "run: metadata that is too large": Case(
        "startRun",
        a_run(metadata="x" * 100_000),
        LIMIT,
        "input.metadata",
        "A payload may have 100,000 bytes at most; this one has 100,002. Store a reference.",
    ),
    "rerun: with too many trials": Case(
        "rerun", of_run(input={"trials": 101}), BAD, "input.trials", "trials must be 1 to 100, not 101."
    ),
    "rerun: with the id of a system": Case(
        "rerun",
        lambda w: {"runId": gid("Run", w.run), "input": {"systemVersionId": gid("System", w.system)}},
        BAD,
        "input.systemVersionId",
        "This is the id of a System; pass a SystemVersion's.",
    ),
    "submit: to a run that workers carry out": Case(
        "submitRecords",
        of_run(records=[{"input": 1, "output": 1}]),
        CONFLICT,
        "runId",
        "The workers carry this run out; start one without a systemVersionId.",
    ),
    "submit: a bad id": Case(
        "submitRecords",
        of_run(records=[{"input": 1, "output": 1}, {"itemId": "x", "output": 1}]),
        BAD,
        "records[1].itemId",
        NO_ID,
    ),
    "finish: a run that workers carry out": Case(
        "finishRun",
        of_run(),
        CONFLICT,
        "runId",
        "The workers carry this run out and finish it themselves.",
    ),
    "rescore: with an evaluator that is not there": Case(
        "rescoreRun",
        of_run(evaluatorIds=[gid("Evaluator", "f" * 24)]),
        GONE,
        "evaluatorIds[0]",
        "There is no such evaluator.",
    ),
    "retry: nothing errored": Case("retryErroredRecords", of_run(), CONFLICT, "runId", "Run 1 has no errored records."),
    "cancel: a run that has ended": Case(
        "cancelRun",
        of_run(),
        CONFLICT,
        "runId",
        "Run 1 is COMPLETED; to cancel it it must be PENDING or RUNNING or SCORING.",
    ),
    "run: null for its notes": Case(
        "updateRun",
        lambda w: {"id": gid("Run", w.run), "input": {"notes": None}},
        BAD,
        "input.notes",
        "notes can't be null; leave it out to keep it.",
    ),
    "score: nobody's": Case(
        "addScore", a_score(), BAD, "input.name", "Name the score, or the evaluator that it is for."
    ),
    "score: for an evaluator that is not there": Case(
        "addScore",
        a_score(evaluatorId=gid("Evaluator", "f" * 24)),
        GONE,
        "input.evaluatorId",
        "There is no such evaluator.",
    ),
    "score: a value that is too large": Case(
        "addScore",
        a_score(name="s", value="x" * 100_000),
        LIMIT,
        "input.value",
        "A payload may have 100,000 bytes at most; this one has 100,002. Store a reference.",
    ),
    "note: of nothing": Case("annotateRecord", a_note(), BAD, "comment", "Give a rating, a comment, or both."),
    "note: six stars": Case("annotateRecord", a_note(rating=6), BAD, "rating", "rating must be 1 to 5, not 6."),
    "note: a record's id that is a run's": Case(
        "annotateRecord",
        lambda w: {"recordId": gid("Run", w.run), "rating": 1},
        BAD,
        "recordId",
        "This is the id of a Run; pass a Record's.",
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_it_is_refused_and_nothing_is_written(case: str, operator: Asker, world: World, store: Store):
    name, given, code, field, message = CASES[case]
    variables = given(world)
    before = await contents(store)
    async with answering(store):
        refused = await operator.refused(mutation(name, variables), **variables)
    assert (refused.code, refused.field) == (code, field)
    wanted = message.replace("{w.project.name!r}", repr(world.project.name))
    for part in ("dataset", "evaluator", "system", "version"):
        wanted = wanted.replace(f"{{w.{part}.name!r}}", repr(getattr(world, part).name))
    told = refused.message[: len(wanted)] if wanted.endswith(": ") else refused.message
    assert told == wanted
    assert await contents(store) == before


def test_there_are_many_of_them():
    assert len(CASES) >= 60


SUBMISSIONS: dict[str, tuple[dict[str, Any], str, str]] = {
    "no output": ({"input": 1}, "output", "A record has either an output or an error."),
    "output and error": (
        {"input": 1, "output": 1, "error": "x"},
        "output",
        "A record has either an output or an error.",
    ),
    "nothing to go by": ({"output": 1}, "input", "A record needs an itemId or an input."),
    "an item without a dataset": (
        {"itemId": gid("DatasetItem", "f" * 24), "output": 1},
        "itemId",
        "This run has no dataset, so its records have no itemId.",
    ),
    "trial 2 of 1": ({"input": 1, "output": 1, "trial": 2}, "trial", "trial must be 1 to 1, not 2."),
    "a negative latency": (
        {"input": 1, "output": 1, "latencyMs": -1},
        "latencyMs",
        "latencyMs must be 0 to 1,000,000,000,000, not -1.0.",
    ),
    "a negative cost": (
        {"input": 1, "output": 1, "costUsd": -0.5},
        "costUsd",
        "costUsd must be 0 to 1,000,000,000,000, not -0.5.",
    ),
}


@pytest.mark.parametrize("case", SUBMISSIONS)
async def test_a_record_that_can_not_be_taken_in(case: str, operator: Asker, store: Store):
    world = await make_world(store, status=RunStatus.RUNNING, system=None, dataset=None, finished_at=None)
    record, field, message = SUBMISSIONS[case]
    variables = {"runId": gid("Run", world.run), "records": [{"input": 0, "output": 0}, record]}
    before = await contents(store)
    refused = await operator.refused(mutation("submitRecords", variables), **variables)
    assert (refused.code, refused.field) == (BAD, f"records[1].{field}")
    assert refused.message.startswith(message.split(" must")[0])
    assert await contents(store) == before


async def test_a_call_takes_a_thousand_records(operator: Asker, store: Store):
    world = await make_world(store, status=RunStatus.RUNNING, system=None, finished_at=None)
    variables = {"runId": gid("Run", world.run), "records": [{"input": n, "output": n} for n in range(1001)]}
    assert await operator.refused(mutation("submitRecords", variables), **variables) == Refused(
        LIMIT, "records", "At most 1,000 at once, not 1,001; send them in several calls."
    )


@pytest.mark.parametrize(
    ("query", "refused"),
    [
        ('{ run(id: "x") { id } }', Refused(BAD, "id", NO_ID)),
        ('{ node(id: "VHVydGxlOjE=") { id } }', Refused(BAD, "id", NO_ID)),
        ('{ nodes(ids: ["UnVuOjE=", "x"]) { id } }', Refused(BAD, "ids[1]", NO_ID)),
        (
            '{ dataset(id: "UnVuOjE=") { id } }',
            Refused(BAD, "id", "This is the id of a Run; pass a Dataset's."),
        ),
        (
            "{ nodes(ids: [" + '"UnVuOjE=" ' * 101 + "]) { id } }",
            Refused(LIMIT, "ids", "At most 100 at once, not 101; send them in several calls."),
        ),
        (
            "{ evaluatorPlugins(first: 1000) { totalCount } }",
            Refused(BAD, "first", "first must be 1 to 100, not 1000."),
        ),
        (
            "{ projects(first: 0) { totalCount } }",
            Refused(BAD, "first", "first must be 1 to 100, not 0."),
        ),
        (
            '{ evaluatorPlugins(search: "' + "x" * 1001 + '") { totalCount } }',
            Refused(LIMIT, "search", "A search may have 1,000 characters at most, not 1,001."),
        ),
    ],
)
async def test_a_query_that_is_refused(query: str, refused: Refused, operator: Asker):
    assert await operator.refused(query) == refused
