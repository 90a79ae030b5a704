"""What the API shows of corpus metrics, of several scores and of typed variables."""

import pytest

from evalyard_core.services.access import ANYONE
from evalyard_core.services.live import LiveUpdates
from tests.fixtures.asking import Asker, gid
from tests.support.room import Room

pytestmark = pytest.mark.usefixtures("acme_quality")

RUN = """query ($id: ID!) { run(id: $id) { evaluators {
  scoresRecords scoresRuns costUsd tokens
  runScore {
    name status value number label passed explanation metadata costUsd promptTokens completionTokens
    evaluatorVersion pluginVersion cases leftOut leftOutReason error { code }
    others { name value cases others { name } }
    history { name value cases }
  }
  others { name scored mean median minimum maximum standardDeviation histogram { count } labels { label } }
} } }"""
PLUGINS = """{ evaluatorPlugins(search: "acme-quality/") { edges { node {
  name scoresRecords scoresRuns variables { name valueSchema }
} } } }"""
TRY = """mutation ($input: TryEvaluatorInput!) { tryEvaluator(input: $input) {
  name value status explanation others { name value evaluator { id } }
} }"""
SCORES = (
    "query ($id: ID!) { node(id: $id) { ... on Record { scores { id name others { id name } history { name } } } } }"
)


@pytest.fixture
def ask(room: Room) -> Asker:
    return Asker(room.services, LiveUpdates(room.store))


async def test_a_run_shows_what_was_said_of_it_as_a_whole_and_what_that_replaced(room: Room, ask: Asker):
    spread = await room.evaluator("spread")
    dataset = await room.dataset([{"answer": "a"}, {"answer": "a b c"}, {"answer": {"no": "text"}}])
    run = await room.finished(await room.start(dataset, await room.system("echo"), [spread]))
    await room.services.runs.rescore(actor=ANYONE, run_id=run.id)
    await room.finished(run)

    [shown] = (await ask(RUN, id=gid("Run", run)))["run"]["evaluators"]

    said = shown.pop("runScore")
    assert shown == {"scoresRecords": False, "scoresRuns": True, "costUsd": 0.5, "tokens": 100, "others": []}
    assert said == {
        "name": spread.name,
        "status": "OK",
        "value": 1.0,
        "number": 1.0,
        "label": None,
        "passed": None,
        "explanation": None,
        "metadata": None,
        "costUsd": 0.5,
        "promptTokens": 100,
        "completionTokens": None,
        "evaluatorVersion": 1,
        "pluginVersion": "1.2.0",
        "cases": 2,
        "leftOut": 1,
        "leftOutReason": "'output' is an object and should be a valid string: "
        "map it to a part of the record that fits.",
        "error": None,
        "others": [{"name": f"{spread.name}: longest", "value": 3, "cases": None, "others": []}],
        "history": [{"name": spread.name, "value": 1.0, "cases": None}],
    }


async def test_scores_beside_the_main_one_have_figures_ids_and_history(room: Room, ask: Asker):
    overlap = await room.evaluator("overlap")
    dataset = await room.dataset([{"answer": "a b"}, {"answer": "a"}], expected=["a b", "a b"])
    run = await room.finished(await room.start(dataset, await room.system("echo"), [overlap]))
    await room.services.runs.rescore(actor=ANYONE, run_id=run.id)
    await room.finished(run)

    [shown] = (await ask(RUN, id=gid("Run", run)))["run"]["evaluators"]
    precision, recall = shown["others"]
    assert precision["name"] == "precision"
    assert (recall["name"], recall["scored"], recall["mean"], recall["minimum"]) == ("recall", 2, 0.75, 0.5)
    assert sum(bar["count"] for bar in recall["histogram"]) == 2

    record = (await room.records(run))[0]
    main, first, second = (await ask(SCORES, id=gid("Record", record)))["node"]["scores"]
    assert [other["id"] for other in main["others"]] == [first["id"], second["id"]]
    assert first["others"] == []
    assert [len(score["history"]) for score in (main, first, second)] == [1, 1, 1]
    for score in (main, first, second):
        found = await ask("query ($id: ID!) { node(id: $id) { ... on Score { name } } }", id=score["id"])
        assert found["node"]["name"] == score["name"]


async def test_trying_shows_the_others_too_and_a_corpus_metric_scores_a_run_of_one(room: Room, ask: Asker):
    project = gid("Project", room.project)
    overlap = {"projectId": project, "plugin": "overlap", "output": "a b", "expectedOutput": "a"}
    spread = {"projectId": project, "plugin": "spread", "output": "a b"}
    nothing = {"projectId": project, "plugin": "spread"}

    several, whole, unfit = [(await ask(TRY, input=given))["tryEvaluator"] for given in (overlap, spread, nothing)]

    assert several["value"] == pytest.approx(2 / 3)
    assert several["others"] == [
        {"name": "overlap: precision", "value": 0.5, "evaluator": None},
        {"name": "overlap: recall", "value": 1.0, "evaluator": None},
    ]
    assert (whole["value"], [other["value"] for other in whole["others"]]) == (0.0, [2])
    assert (unfit["status"], unfit["others"]) == ("SKIPPED", [])
    assert unfit["explanation"].startswith("No record has what the evaluator needs: 'output' is null and should be")


async def test_the_library_tells_what_a_plugin_scores_and_the_types_of_its_variables(ask: Asker):
    edges = (await ask(PLUGINS))["evaluatorPlugins"]["edges"]

    shown = {edge["node"]["name"]: edge["node"] for edge in edges}
    assert {name: (node["scoresRecords"], node["scoresRuns"]) for name, node in shown.items()} == {
        "brief": (True, False),
        "judge": (True, False),
        "overlap": (True, True),
        "spread": (False, True),
    }
    assert shown["overlap"]["variables"] == [
        {"name": "output", "valueSchema": {"type": "string"}},
        {"name": "expected", "valueSchema": {"type": "string"}},
    ]
