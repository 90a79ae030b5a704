"""Runs over the schema, carried out by the real engine, and watched."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from evalyard_core.domain.runs import RunStatus
from evalyard_core.services.live import LiveUpdates
from tests.fixtures.asking import Asker, gid
from tests.support.room import Room


@pytest.fixture
async def asker(room: Room) -> AsyncIterator[Asker]:
    """Return somebody who may do anything in a room with a worker."""
    live = LiveUpdates(room.store)
    await live.start()
    yield Asker(room.services, live)
    await live.stop()


RUN = """fragment run on Run {
    id number name status statusReason source notes tags metadata
    trials concurrency maxAttempts maxConsecutiveFailures timeoutSeconds sampleSize warnings
    dataset { id } datasetVersion system { name } systemVersion { id name config } rerunOf { id } previous { id }
    progress {
        total pending running completed passed failed errored cancelled percent recordsPerSecond etaSeconds revision
    }
    summary {
        totalCostUsd totalDurationMs averageLatencyMs p50LatencyMs p95LatencyMs totalTokens passRate
        passRateInterval { low high level } passed failed errored passAtK { k anyPasses allPass }
    }
    evaluators {
        evaluator { id } name pluginKey config mapping { variable } threshold { value } scoreType
        evaluatorVersion pluginVersion configHash status explanation scored passed failed errored skipped
        passRate mean median standardDeviation minimum maximum meanInterval { low } histogram { count }
        labels { label count } costUsd
    }
}"""
START = "mutation($input: StartRunInput!) { startRun(input: $input) { ...run } }" + RUN
READ = "query($id: ID!) { run(id: $id) { ...run } }" + RUN


async def started(room: Room, asker: Asker, function: str = "priced", size: int = 10, **given: Any) -> Any:
    """Start a run whose even records pass, and return it with its dataset, version and evaluator."""
    dataset = await room.dataset(
        [{"answer": str(n)} for n in range(size)], expected=[str(n) if n % 2 == 0 else "other" for n in range(size)]
    )
    version, evaluator = await room.system(function), await room.evaluator()
    wanted = {
        "projectId": gid("Project", room.project),
        "datasetId": gid("Dataset", dataset),
        "systemVersionId": gid("SystemVersion", version),
        "evaluatorIds": [gid("Evaluator", evaluator)],
        **given,
    }
    return (await asker(START, input=wanted))["startRun"], dataset, version, evaluator


async def test_a_run_says_whom_it_does_not_ask_any_more(room: Room, asker: Asker):
    run, *_ = await started(room, asker, function="locked", size=30, maxConsecutiveFailures=3)
    await room.deliver()

    ended = (await asker(READ, id=run["id"]))["run"]

    assert (ended["status"], ended["maxConsecutiveFailures"], ended["progress"]["errored"]) == ("COMPLETED", 3, 30)
    [warning] = ended["warnings"]
    assert warning.startswith("The system was not asked any more after ")
    assert warning.endswith("(HTTP_403: You may not.) Mend that, and retry the errored records.")


async def test_a_run_from_its_start_to_its_end(room: Room, asker: Asker):
    given = {
        "notes": "first",
        "tags": ["a"],
        "metadata": {"commit": "abc"},
        "trials": 2,
        "concurrency": 8,
        "maxAttempts": None,
        "source": "CI",
    }
    run, dataset, version, evaluator = await started(room, asker, **given)
    assert (run["number"], run["status"], run["source"], run["notes"], run["tags"]) == (
        1,
        "PENDING",
        "CI",
        "first",
        ["a"],
    )
    assert (run["trials"], run["concurrency"], run["maxAttempts"], run["timeoutSeconds"]) == (2, 8, 3, 60.0)
    assert (run["maxConsecutiveFailures"], run["warnings"]) == (20, [])
    assert (run["metadata"], run["datasetVersion"]) == ({"commit": "abc"}, 1)
    assert run["dataset"] == {"id": gid("Dataset", dataset)}
    assert run["systemVersion"] == {
        "id": gid("SystemVersion", version),
        "name": "v1",
        "config": {"function": "tests.support.systems:priced"},
    }
    assert run["progress"]["percent"] == 0.0
    assert (run["progress"]["recordsPerSecond"], run["progress"]["etaSeconds"]) == (None, None)
    assert run["summary"]["passRate"] is None
    [summary] = run["evaluators"]
    assert (summary["status"], summary["explanation"]) == ("PENDING", "The run has no records yet.")
    assert summary["evaluator"] == {"id": gid("Evaluator", evaluator)}

    await room.turn()
    await room.turn()
    half = (await asker(READ, id=run["id"]))["run"]
    assert (half["status"], half["progress"]["total"]) == ("RUNNING", 20)
    done = half["progress"]["completed"]
    assert 0 < done < 20
    assert half["progress"]["pending"] == 20 - done
    assert half["progress"]["recordsPerSecond"] > 0
    assert half["progress"]["etaSeconds"] > 0
    assert half["summary"]["passRate"] == half["progress"]["passed"] / done
    assert half["summary"]["totalTokens"] == 5 * done
    assert half["summary"]["totalCostUsd"] == pytest.approx(0.01 * done)
    assert half["summary"]["p95LatencyMs"] is None
    [summary] = half["evaluators"]
    assert summary["status"] == "RUNNING"
    assert summary["explanation"] == f"{done} of 20 records scored, {20 - done} left."
    assert (summary["passRate"], summary["mean"]) == (half["summary"]["passRate"], None)

    await room.deliver()
    ended = (await asker(READ, id=run["id"]))["run"]
    assert (ended["status"], ended["progress"]["percent"], ended["progress"]["etaSeconds"]) == (
        "COMPLETED",
        100.0,
        None,
    )
    assert ended["progress"]["revision"] > half["progress"]["revision"] > run["progress"]["revision"]
    figures = ended["summary"]
    assert (figures["passed"], figures["failed"], figures["errored"], figures["passRate"]) == (10, 10, 0, 0.5)
    assert figures["passRateInterval"]["level"] == 0.95
    assert figures["passRateInterval"]["low"] < 0.5 < figures["passRateInterval"]["high"]
    assert figures["passAtK"] == [{"k": k, "anyPasses": 0.5, "allPass": 0.5} for k in (1, 2)]
    assert (figures["totalTokens"], figures["totalCostUsd"]) == (100, pytest.approx(0.2))
    assert figures["p50LatencyMs"] <= figures["p95LatencyMs"]
    [summary] = ended["evaluators"]
    assert (summary["status"], summary["explanation"]) == ("COMPLETED", "20 of 20 records scored.")
    assert (summary["scored"], summary["passed"], summary["failed"], summary["mean"]) == (20, 10, 10, 0.5)
    assert sum(bar["count"] for bar in summary["histogram"]) == 20


async def test_the_records_of_a_run(room: Room, asker: Asker):
    run, dataset, _, evaluator = await started(room, asker, size=3)
    await room.deliver()
    query = """query($id: ID!) {
        run(id: $id) {
            records {
                totalCount
                edges {
                    node {
                        id trial input expectedOutput output status verdict error { code } attempts
                        promptTokens completionTokens costUsd latencyMs
                        run { id } item { id dataset { id } }
                        scores {
                            id name value number label passed source status evaluatorVersion pluginVersion configHash
                            author error { code } evaluator { id } record { id } history { id }
                        }
                        annotations { id }
                    }
                }
            }
        }
    }"""
    records = (await asker(query, id=run["id"]))["run"]["records"]
    assert records["totalCount"] == 3
    nodes = [edge["node"] for edge in records["edges"]]
    assert [(node["output"], node["verdict"]) for node in nodes] == [("0", "PASSED"), ("1", "FAILED"), ("2", "PASSED")]
    second = nodes[1]
    assert second["input"] == {"answer": "1"}
    assert (second["expectedOutput"], second["status"], second["error"], second["attempts"]) == (
        "other",
        "COMPLETED",
        None,
        1,
    )
    assert (second["promptTokens"], second["completionTokens"], second["costUsd"]) == (3, 2, 0.01)
    assert second["latencyMs"] > 0
    assert second["run"] == {"id": run["id"]}
    assert second["item"]["dataset"] == {"id": gid("Dataset", dataset)}
    [score] = second["scores"]
    assert (score["value"], score["number"], score["label"], score["passed"]) == (False, 0.0, None, False)
    assert (score["source"], score["status"], score["evaluatorVersion"], score["author"]) == ("PLUGIN", "OK", 1, None)
    assert score["evaluator"] == {"id": gid("Evaluator", evaluator)}
    assert score["record"] == {"id": second["id"]}
    assert (score["history"], second["annotations"]) == ([], [])


async def test_the_same_key_starts_one_run(room: Room, asker: Asker):
    query = "mutation($input: StartRunInput!) { startRun(input: $input) { id name } }"
    given = {"projectId": gid("Project", room.project), "idempotencyKey": "build 7"}
    first = await asker(query, input=given)
    assert await asker(query, input={**given, "name": "another"}) == first
    assert await asker(query, input={**given, "idempotencyKey": "build 8"}) != first


async def test_running_again(room: Room, asker: Asker):
    run, _, version, evaluator = await started(room, asker, tags=["nightly"])
    query = "mutation($id: ID!, $input: RerunInput) { rerun(runId: $id, input: $input) { ...run } }" + RUN
    assert (await asker.refused(query, id=run["id"])).code == "CONFLICT"
    await room.deliver()
    again = (await asker(query, id=run["id"]))["rerun"]
    assert (again["rerunOf"], again["previous"]) == ({"id": run["id"]}, {"id": run["id"]})
    assert (again["source"], again["tags"], again["trials"]) == ("KICKOFF", ["nightly"], 1)
    assert again["systemVersion"]["id"] == gid("SystemVersion", version)
    other, changed = await room.system("echo"), await room.evaluator("fuzzy_match")
    given = {
        "systemVersionId": gid("SystemVersion", other),
        "evaluatorIds": [gid("Evaluator", changed)],
        "name": "echoed",
        "source": "PLAYGROUND",
        "trials": 3,
    }
    third = (await asker(query, id=run["id"], input=given))["rerun"]
    assert (third["name"], third["source"], third["trials"]) == ("echoed", "PLAYGROUND", 3)
    assert third["systemVersion"]["id"] == given["systemVersionId"]
    assert [entry["evaluator"]["id"] for entry in third["evaluators"]] == given["evaluatorIds"]
    assert third["previous"] is None
    assert evaluator.id != changed.id


SUBMIT = """mutation($id: ID!, $records: [SubmittedRecordInput!]!) {
    submitRecords(runId: $id, records: $records) {
        run { id progress { total } } records { id trial status output error { message } expectedOutput item { id } }
    }
}"""


async def test_outputs_of_a_system_that_runs_elsewhere(room: Room, asker: Asker):
    dataset = await room.dataset([{"q": n} for n in range(2)], expected=["0", "1"])
    evaluator = await room.evaluator()
    given = {
        "projectId": gid("Project", room.project),
        "datasetId": gid("Dataset", dataset),
        "evaluatorIds": [gid("Evaluator", evaluator)],
        "trials": 2,
    }
    run = (await asker(START, input=given))["startRun"]
    assert (run["status"], run["systemVersion"], run["system"]) == ("RUNNING", None, None)
    items = await asker(
        "query($id: ID!) { dataset(id: $id) { items { edges { node { id } } } } }", id=gid("Dataset", dataset)
    )
    ids = [edge["node"]["id"] for edge in items["dataset"]["items"]["edges"]]
    records = [
        {"itemId": ids[0], "output": "0", "latencyMs": 12.5, "costUsd": 0.1, "promptTokens": 3},
        {"itemId": ids[0], "trial": 2, "output": "no"},
        {"itemId": ids[1], "trial": None, "error": "It broke."},
    ]
    submitted = (await asker(SUBMIT, id=run["id"], records=records))["submitRecords"]
    assert submitted["run"] == {"id": run["id"], "progress": {"total": 3}}
    shown = [(record["trial"], record["output"], record["expectedOutput"]) for record in submitted["records"]]
    assert shown == [(1, "0", "0"), (2, "no", "0"), (1, None, "1")]
    assert [record["item"]["id"] for record in submitted["records"]] == [ids[0], ids[0], ids[1]]
    assert submitted["records"][2]["error"] == {"message": "It broke."}
    again = (await asker(SUBMIT, id=run["id"], records=records))["submitRecords"]
    assert [record["id"] for record in again["records"]] == [record["id"] for record in submitted["records"]]
    refused = await asker.refused(SUBMIT, id=run["id"], records=[{"itemId": ids[0], "output": "else"}])
    assert refused.code == "CONFLICT"
    finish = "mutation($id: ID!) { finishRun(runId: $id) { status } }"
    assert (await asker(finish, id=run["id"]))["finishRun"]["status"] == "SCORING"
    await room.deliver()
    ended = (await asker(READ, id=run["id"]))["run"]
    assert (ended["status"], ended["summary"]["passed"], ended["summary"]["failed"]) == ("COMPLETED", 1, 1)
    assert ended["summary"]["errored"] == 1
    assert ended["evaluators"][0]["explanation"] == "2 of 3 records scored, 1 skipped."
    assert await asker(finish, id=run["id"]) == {"finishRun": {"status": "COMPLETED"}}


async def test_scoring_again_keeps_the_old_scores(room: Room, asker: Asker):
    run, _, _, evaluator = await started(room, asker, size=2)
    await room.deliver()
    added = await room.evaluator("fuzzy_match")
    query = "mutation($id: ID!, $ids: [ID!]) { rescoreRun(runId: $id, evaluatorIds: $ids) { ...run } }" + RUN
    ids = [gid("Evaluator", evaluator), gid("Evaluator", added)]
    again = (await asker(query, id=run["id"], ids=ids))["rescoreRun"]
    assert again["status"] == "SCORING"
    assert [entry["explanation"] for entry in again["evaluators"]] == ["Scoring again: 0 of 2 records done."] * 2
    await room.deliver()
    read = """query($id: ID!) {
        run(id: $id) {
            status
            records {
                edges {
                    node {
                        scores {
                            id name createdAt
                            history { id createdAt value record { id } history { id } }
                        }
                    }
                }
            }
        }
    }"""
    data = (await asker(read, id=run["id"]))["run"]
    assert data["status"] == "COMPLETED"
    scores = data["records"]["edges"][0]["node"]["scores"]
    [exact] = [score for score in scores if score["name"] == evaluator.name]
    [fuzzy] = [score for score in scores if score["name"] == added.name]
    [old] = exact["history"]
    assert fuzzy["history"] == old["history"] == []
    assert old["id"] != exact["id"]
    assert old["createdAt"] < exact["createdAt"]
    node = "query($id: ID!) { node(id: $id) { id ... on Score { value createdAt } } }"
    for score in (exact, old):
        found = (await asker(node, id=score["id"]))["node"]
        assert (found["id"], found["createdAt"]) == (score["id"], score["createdAt"])


async def test_only_the_errored_records_are_carried_out_again(room: Room, asker: Asker):
    dataset = await room.dataset([{"answer": "1"}, {"answer": "2", "broken": True}], expected=["1", "2"])
    given = {
        "projectId": gid("Project", room.project),
        "datasetId": gid("Dataset", dataset),
        "systemVersionId": gid("SystemVersion", await room.system("moody")),
    }
    run = (await asker(START, input=given))["startRun"]
    await room.deliver()
    read = "query($id: ID!) { run(id: $id) { status records { edges { node { status error { code } attempts } } } } }"
    before = (await asker(read, id=run["id"]))["run"]["records"]["edges"]
    assert [edge["node"]["error"] for edge in before] == [None, {"code": "HTTP_400"}]
    retry = "mutation($id: ID!) { retryErroredRecords(runId: $id) { status progress { running pending completed } } }"
    assert (await asker(retry, id=run["id"]))["retryErroredRecords"] == {
        "status": "RUNNING",
        "progress": {"running": 0, "pending": 1, "completed": 1},
    }
    await room.deliver()
    after = (await asker(read, id=run["id"]))["run"]
    assert after["status"] == "COMPLETED"
    assert [edge["node"]["status"] for edge in after["records"]["edges"]] == ["COMPLETED", "ERRORED"]


async def test_cancelling_changing_and_deleting(room: Room, asker: Asker):
    run, *_ = await started(room, asker)
    delete = "mutation($id: ID!) { deleteRun(id: $id) }"
    assert (await asker.refused(delete, id=run["id"])).code == "CONFLICT"
    cancel = "mutation($id: ID!) { cancelRun(runId: $id) { status statusReason } }"
    assert await asker(cancel, id=run["id"]) == {
        "cancelRun": {"status": "CANCELLED", "statusReason": "Cancelled by anyone."}
    }
    assert (await asker.refused(cancel, id=run["id"])).code == "CONFLICT"
    update = "mutation($id: ID!, $input: UpdateRunInput!) { updateRun(id: $id, input: $input) { name notes tags } }"
    changed = {"name": "renamed", "notes": "why", "tags": ["x"]}
    assert await asker(update, id=run["id"], input=changed) == {"updateRun": changed}
    assert await asker(update, id=run["id"], input={"tags": None}) == {"updateRun": {**changed, "tags": []}}
    refused = await asker.refused(update, id=run["id"], input={"name": None})
    assert (refused.code, refused.field) == ("BAD_USER_INPUT", "input.name")
    assert await asker(delete, id=run["id"]) == {"deleteRun": run["id"]}
    assert await asker("query($id: ID!) { run(id: $id) { id } }", id=run["id"]) == {"run": None}


async def test_what_people_say_of_a_record(room: Room, asker: Asker):
    run, _, _, evaluator = await started(room, asker, size=2)
    await room.deliver()
    records = "query($id: ID!) { run(id: $id) { records { edges { node { id verdict } } } } }"
    record = (await asker(records, id=run["id"]))["run"]["records"]["edges"][0]["node"]
    score = """mutation($input: AddScoreInput!) {
        addScore(input: $input) {
            id name value passed source author explanation evaluator { id } record { verdict scores { name } }
            history { value source author }
        }
    }"""
    given = {"recordId": record["id"], "evaluatorId": gid("Evaluator", evaluator), "value": False, "explanation": "No."}
    said = (await asker(score, input=given))["addScore"]
    assert (said["name"], said["value"], said["passed"], said["source"]) == (evaluator.name, False, False, "HUMAN")
    assert (said["author"], said["explanation"]) == ("anyone", "No.")
    assert said["record"] == {"verdict": "FAILED", "scores": [{"name": evaluator.name}]}
    assert said["history"] == [{"value": True, "source": "PLUGIN", "author": None}]
    named = (await asker(score, input={"recordId": record["id"], "name": "taste", "value": 4}))["addScore"]
    assert (named["name"], named["evaluator"], named["history"]) == ("taste", None, [])
    node = "query($id: ID!) { node(id: $id) { ... on Score { name } ... on Annotation { rating comment author } } }"
    assert await asker(node, id=named["id"]) == {"node": {"name": "taste"}}
    note = """mutation($id: ID!, $r: Int, $c: String) {
        annotateRecord(recordId: $id, rating: $r, comment: $c) { annotations { id rating comment author } }
    }"""
    await asker(note, id=record["id"], r=2)
    notes = (await asker(note, id=record["id"], c="Hm."))["annotateRecord"]["annotations"]
    assert [(entry["rating"], entry["comment"], entry["author"]) for entry in notes] == [
        (2, None, "anyone"),
        (None, "Hm.", "anyone"),
    ]
    assert await asker(node, id=notes[1]["id"]) == {"node": {"rating": None, "comment": "Hm.", "author": "anyone"}}


PROGRESS = """subscription($id: ID!, $after: Int) {
    runProgress(runId: $id, afterRevision: $after) {
        status name dataset { name } progress { revision completed } summary { p95LatencyMs }
    }
}"""


async def test_watching_a_run_to_its_end(room: Room, asker: Asker):
    run, *_ = await started(room, asker)
    states = []
    async with asker.watching(PROGRESS, id=run["id"]) as results:
        async for result in results:
            assert result.errors is None
            assert result.data is not None
            states.append(result.data["runProgress"])
            if len(states) == 1:
                await room.deliver()
    assert (states[0]["status"], states[0]["progress"]["completed"]) == ("PENDING", 0)
    assert (states[-1]["status"], states[-1]["progress"]["completed"]) == ("COMPLETED", 10)
    assert states[-1]["summary"]["p95LatencyMs"] is not None
    revisions = [state["progress"]["revision"] for state in states]
    assert revisions == sorted(set(revisions))
    async with asker.watching(PROGRESS, id=run["id"], after=revisions[-1]) as results:
        assert [result async for result in results] == []
    async with asker.watching(PROGRESS, id=run["id"], after=revisions[-1] - 1) as results:
        assert [result.data["runProgress"] async for result in results if result.data] == [states[-1]]


async def test_each_event_loads_anew(room: Room, asker: Asker):
    run, dataset, *_ = await started(room, asker)
    names = []
    async with asker.watching(PROGRESS, id=run["id"]) as results:
        async for result in results:
            assert result.data is not None
            names.append(result.data["runProgress"]["dataset"]["name"])
            if len(names) == 1:
                rename = 'mutation($id: ID!) { updateDataset(id: $id, input: {name: "renamed"}) { name } }'
                await asker(rename, id=gid("Dataset", dataset))
                await room.deliver()
    assert names[0] == dataset.name
    assert set(names[1:]) == {"renamed"}


async def test_watching_records_and_projects(room: Room, asker: Asker):
    run, *_ = await started(room, asker, size=4)
    completed = "subscription($id: ID!) { recordCompleted(runId: $id) { output verdict run { status } } }"
    changed = "subscription($id: ID!) { runChanged(projectId: $id) { id status } }"
    async with (
        asker.watching(completed, id=run["id"]) as records,
        asker.watching(changed, id=gid("Project", room.project)) as runs,
    ):
        waiting = [asyncio.ensure_future(anext(stream)) for stream in (records, runs)]
        await asyncio.sleep(0)
        await room.deliver()
        record, seen = await asyncio.gather(*waiting)
        outputs = [record.data["recordCompleted"]["output"]]
        outputs += [result.data["recordCompleted"]["output"] async for result in records if result.data]
        assert sorted(outputs) == ["0", "1", "2", "3"]
        statuses = [seen.data["runChanged"]["status"]]
        while statuses[-1] != RunStatus.COMPLETED:
            statuses.append((await anext(runs)).data["runChanged"]["status"])
        assert seen.data["runChanged"]["id"] == run["id"]
        assert asker.live.watchers > 0
    assert asker.live.watchers == 0


async def test_a_subscription_of_nothing_is_refused_at_once(room: Room, asker: Asker):
    for query, variables, field in (
        (PROGRESS, {"id": gid("Dataset", "1")}, "runId"),
        ("subscription($id: ID!) { runChanged(projectId: $id) { id } }", {"id": "x"}, "projectId"),
    ):
        async with asker.watching(query, **variables) as results:
            [result] = [result async for result in results]
        assert result.data is None
        [error] = result.errors or ()
        assert error.extensions == {"code": "BAD_USER_INPUT", "field": field}
