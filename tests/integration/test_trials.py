"""The playground: one input through a system, watched as it is answered, with a worker's answerer beside."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import pytest

from evalyard_core.domain.errors import Conflict
from evalyard_core.domain.runs import RunSource, RunStatus
from evalyard_core.services import trials
from evalyard_core.services.access import ANYONE
from evalyard_core.services.live import LiveUpdates
from evalyard_core.services.trials import TargetTrial
from tests.fixtures.asking import Asker, gid
from tests.fixtures.core import a_system_version, a_target, a_worker
from tests.fixtures.world import contents
from tests.support import systems
from tests.support.openai_replies import Fault, Reply
from tests.support.openai_server import OpenAIServer
from tests.support.room import Room

FIELDS = "text done output response error { code message retryable } latencyMs costUsd promptTokens completionTokens"
WATCH = f"subscription($input: TryTargetInput!) {{ tryTarget(input: $input) {{ {FIELDS} }} }}"
TRY = f"mutation($input: TryTargetInput!) {{ tryTarget(input: $input) {{ {FIELDS} }} }}"


@pytest.fixture
def asker(room: Room) -> Asker:
    return Asker(room.services, LiveUpdates(room.store))


@pytest.fixture
def gate() -> asyncio.Event:
    systems.gates["gate"] = asyncio.Event()
    systems.given_up.clear()
    return systems.gates["gate"]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.02)


async def test_the_answer_is_shown_as_it_comes_in(room: Room, asker: Asker, gate: asyncio.Event) -> None:
    version = await room.system("speaking")
    before = await contents(room.store)
    asked = {"words": ["one ", "two ", "three"], "gate": "gate"}
    seen: list[Any] = []

    trial = {"systemVersionId": gid("SystemVersion", version), "input": asked}
    async with asyncio.timeout(10), asker.watching(WATCH, input=trial) as results:
        async for result in results:
            assert result.data is not None, result.errors
            seen.append(result.data["tryTarget"])
            gate.set()

    assert [entry["text"] for entry in seen[:3]] == ["one ", "one two ", "one two three"]
    assert [entry["done"] for entry in seen] == [*[False] * (len(seen) - 1), True]
    assert (seen[-1]["output"], seen[-1]["error"]) == ("one two three", None)
    assert seen[-1]["latencyMs"] > 0
    assert await contents(room.store) == before
    assert await room.store.requests._rows.count_documents({}) == 0


async def test_who_leaves_ends_the_call(room: Room, asker: Asker, gate: asyncio.Event) -> None:
    version = await room.system("speaking")
    trial = {"systemVersionId": gid("SystemVersion", version), "input": {"words": ["one"], "gate": "gate"}}
    async with asyncio.timeout(10), asker.watching(WATCH, input=trial) as results:
        first = await anext(results)
        assert first.data == {
            "tryTarget": {**dict.fromkeys(FIELDS.replace("{ code message retryable }", "").split()), "text": "one",
                          "done": False}
        }  # fmt: skip
    await until(lambda: systems.given_up == ["gate"])
    assert await room.store.requests._rows.count_documents({}) == 0


async def test_a_model_is_streamed_to_whoever_watches(
    room: Room, asker: Asker, openai: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALYARD_TARGET_ALLOWED_NETWORKS", "127.0.0.0/8")
    openai.chat.answers(Reply("It is Paris.", prompt_tokens=10, completion_tokens=4))
    prices = {"input_per_million": 1, "output_per_million": 2}
    config = {"base_url": openai.url, "model": "test-chat", "api_key": "${secret:OPENAI}", "prices": prices}
    trial = {"projectId": gid("Project", room.project), "target": "openai", "config": config, "input": "Capital?"}

    tried = (await asker(TRY, input=trial))["tryTarget"]

    assert openai.chat.asked[0].body["stream"] is True
    assert tried["response"].pop("time_to_first_token_ms") > 0
    assert tried["latencyMs"] > 0
    assert {**tried, "latencyMs": None} == {
        "text": tried["text"],
        "done": True,
        "output": "It is Paris.",
        "response": {"finish_reason": "stop", "model": "test-chat", "cached_tokens": 0, "reasoning_tokens": 0},
        "error": None,
        "latencyMs": None,
        "costUsd": pytest.approx(18e-6),
        "promptTokens": 10,
        "completionTokens": 4,
    }


async def test_a_config_is_tried_before_it_is_saved(
    room: Room, asker: Asker, openai: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALYARD_TARGET_ALLOWED_NETWORKS", "127.0.0.0/8")
    config = {"base_url": openai.url, "model": "test-chat", "api_key": "${secret:OPENAI}"}
    version = await room.version("openai", config)
    other = {**config, "messages": [{"role": "user", "content": {"$text": "Say {{input}} to {{metadata.name}}."}}]}
    trial = {"systemVersionId": gid("SystemVersion", version), "input": "hi", "metadata": {"name": "Ada"}}

    plain = (await asker(TRY, input=trial))["tryTarget"]
    changed = (await asker(TRY, input={**trial, "config": other}))["tryTarget"]

    assert [plain["output"], changed["output"]] == ["hi", "Say hi to Ada."]


async def test_what_goes_wrong_is_said(
    room: Room, asker: Asker, openai: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALYARD_TARGET_ALLOWED_NETWORKS", "127.0.0.0/8")
    monkeypatch.setenv("EVALYARD_SECRET_OPENAI", "sk-wrong")
    config = {"base_url": openai.url, "model": "test-chat", "api_key": "${secret:OPENAI}"}
    version = gid("SystemVersion", await room.version("openai", config))
    never = gid("SystemVersion", await room.system("never"))
    nowhere = {"target": "python", "config": {"function": "nowhere:at_all"}, "projectId": gid("Project", room.project)}

    refused = (await asker(TRY, input={"systemVersionId": version, "input": "hi"}))["tryTarget"]
    openai.key = "sk-wrong"
    openai.chat.answers(Fault.rate_limit("7"))
    limited = (await asker(TRY, input={"systemVersionId": version, "input": "hi"}))["tryTarget"]
    late = (await asker(TRY, input={"systemVersionId": never, "input": 1, "timeoutSeconds": 0.05}))["tryTarget"]
    missing = (await asker(TRY, input={**nowhere, "input": 1}))["tryTarget"]

    problems = [tried["error"] for tried in (refused, limited, late, missing)]
    assert [(p["code"], p["retryable"]) for p in problems] == [
        ("HTTP_401", False), ("HTTP_429", True), ("TIMEOUT", True), ("NOT_FOUND", False),
    ]  # fmt: skip
    assert "sk-wrong" not in problems[0]["message"]
    assert [tried["output"] for tried in (refused, limited, late, missing)] == [None] * 4


async def test_without_a_worker_nobody_waits_for_ever(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "_PATIENCE_SECONDS", 0.2)
    await room.store.workers.publish(a_worker(a_target("acme/ghost")))
    system = await room.services.systems.create(actor=ANYONE, project_id=room.project.id, name="ghost")
    version = a_system_version(system, target="acme/ghost", config={})
    await room.store.system_versions.insert(version)

    question = await room.services.trials.prepare(
        actor=ANYONE, trial=TargetTrial(system_version_id=version.id, input=1)
    )
    async with aclosing(room.services.trials.watch(question)) as answers:
        with pytest.raises(Conflict, match="No live worker answered for acme/ghost within 0 s; start one"):
            await anext(answers)
    assert await room.store.requests._rows.count_documents({}) == 0


async def test_what_was_tried_is_kept_as_a_run(room: Room, asker: Asker) -> None:
    exact = await room.evaluator()
    start = """mutation($project: ID!, $evaluators: [ID!]) {
      startRun(input: {projectId: $project, source: PLAYGROUND, evaluatorIds: $evaluators, name: "Tried"}) { id }
    }"""
    submit = """mutation($run: ID!, $records: [SubmittedRecordInput!]!) {
      submitRecords(runId: $run, records: $records) { records { output } }
    }"""
    version = gid("SystemVersion", await room.system("echo"))
    records = []
    for answer in ("4", "5"):
        asked = {"answer": answer}
        tried = (await asker(TRY, input={"systemVersionId": version, "input": asked}))["tryTarget"]
        records.append({"input": asked, "expectedOutput": "4", "output": tried["output"],
                        "latencyMs": tried["latencyMs"]})  # fmt: skip

    project = gid("Project", room.project)
    run = (await asker(start, project=project, evaluators=[gid("Evaluator", exact)]))["startRun"]["id"]
    await asker(submit, run=run, records=records)
    await asker("mutation($run: ID!) { finishRun(runId: $run) { id } }", run=run)
    [stored] = await room.store.runs.newest(room.project.id, 1)
    found = await room.store.runs.get(stored)
    assert found is not None
    ended = await room.finished(found)

    assert (ended.source, ended.status) == (RunSource.PLAYGROUND, RunStatus.COMPLETED)
    assert (ended.progress.passed, ended.progress.failed) == (1, 1)
