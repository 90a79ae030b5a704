"""Runs that a workflow elsewhere carries out: started once, fed by submissions, ended by them or by the deadline."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from evalyard_core.domain.errors import Conflict
from evalyard_core.domain.ids import global_id, read_global_id
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import RecordStatus, ScoreStatus, Verdict
from evalyard_core.domain.runs import Dispatch, Run, RunStatus
from evalyard_core.domain.systems import SystemVersion
from evalyard_core.services.access import ANYONE
from evalyard_core.services.submissions import Submitted
from evalyard_core.storage import StoreError
from tests.support.actions_server import TOKEN, ActionsServer, actions_server
from tests.support.room import Room

COMPLETED, ERRORED, PENDING = RecordStatus.COMPLETED, RecordStatus.ERRORED, RecordStatus.PENDING


@pytest.fixture
async def actions(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ActionsServer]:
    monkeypatch.setenv("EVALYARD_TARGET_ALLOWED_NETWORKS", "127.0.0.0/8")
    monkeypatch.setenv("EVALYARD_SECRET_CI", TOKEN)
    async with actions_server() as server:
        yield server


async def a_version(room: Room, actions: ActionsServer, **config: Any) -> SystemVersion:
    plain = {"repository": "acme/bot", "workflow": "evaluate.yml", "token": "${secret:CI}", "api_url": actions.url}
    return await room.version("workflow", plain | config)


async def a_run(room: Room, actions: ActionsServer, items: int = 3, **settings: Any) -> Run:
    """Start a run over so many items, whose right outputs are their numbers, and deliver the messages."""
    dataset = await room.dataset([{"answer": str(place)} for place in range(items)])
    version = await a_version(room, actions)
    return await room.finished(await room.start(dataset, version, [await room.evaluator()], **settings))


async def submit(room: Room, run: Run, *outputs: str, trial: int = 1) -> Run:
    """Submit outputs of the first items, as the workflow does."""
    items = [record.item_id for record in await room.records(run) if record.trial == 1]
    entries = [
        Submitted(item_id=item, trial=trial, output=output, latency_ms=5.0)
        for item, output in zip(items, outputs, strict=False)
    ]
    changed, _ = await room.services.submissions.submit(actor=ANYONE, run_id=run.id, submitted=entries)
    return changed


async def set_deadline(room: Room, run: Run, seconds: float) -> None:
    """Let the deadline of a run be so many seconds from now."""
    assert run.dispatch is not None
    deadline = now() + timedelta(seconds=seconds)
    await room.store.runs.note_dispatch(run.id, Dispatch(at=run.dispatch.at, deadline_at=deadline))


async def test_the_workflow_is_started_once_and_its_records_are_awaited(room: Room, actions: ActionsServer) -> None:
    dataset = await room.dataset([{"answer": "0"}, {"answer": "1"}])
    inputs = {"run": {"$path": "run_id"}, "title": {"$text": "Run {{run_number}}"}, "trials": {"$path": "trials"}}
    version = await a_version(room, actions, ref="v1.2", inputs=inputs, deadline_seconds=600)
    started = await room.start(dataset, version, [await room.evaluator()], trials=2)
    plan = room.mailbox.messages[0]

    run = await room.finished(started)
    await room.engine.work(*plan)

    (asked,) = actions.asked
    assert asked["path"] == "/repos/acme/bot/actions/workflows/evaluate.yml/dispatches"
    assert asked["headers"]["authorization"] == f"Bearer {TOKEN}"
    assert asked["headers"]["accept"] == "application/vnd.github+json"
    assert asked["body"] == {
        "ref": "v1.2",
        "inputs": {"run": global_id("Run", run.id), "title": "Run 1", "trials": "2"},
        "return_run_details": True,
    }
    assert (run.status, run.progress.total, run.progress.pending) == (RunStatus.RUNNING, 4, 4)
    assert run.dispatch is not None
    assert run.dispatch.url == "https://code.example/runs/7"
    assert run.dispatch.deadline_at - run.dispatch.at == timedelta(seconds=600)
    assert run.is_external
    assert {record.status for record in await room.records(run)} == {PENDING}


async def test_a_workflow_submits_and_finishes(room: Room, actions: ActionsServer) -> None:
    run = await a_run(room, actions)
    assert read_global_id(actions.asked[0]["body"]["inputs"]["run_id"]) == ("Run", run.id)
    for outputs in (["0"], ["0", "1", "wrong"]):
        await submit(room, run, *outputs)
    await room.services.runs.finish(actor=ANYONE, run_id=run.id)
    run = await room.finished(run)
    records = await room.records(run)

    assert (run.status, run.status_reason) == (RunStatus.COMPLETED, None)
    assert (run.progress.total, run.progress.passed, run.progress.failed, run.progress.running) == (3, 2, 1, 0)
    assert [(record.output, record.seq, record.lane) for record in records] == [
        ("0", 0, 0),
        ("1", 1, 1),
        ("wrong", 2, 2),
    ]
    assert {record.system_version_id for record in records} == {run.system and run.system.version_id}
    assert run.summary is not None
    assert run.summary.average_latency_ms == 5.0


async def test_what_is_missing_when_the_workflow_finishes_is_an_error(room: Room, actions: ActionsServer) -> None:
    run = await a_run(room, actions)
    halfway = await submit(room, run, "0", "1")
    assert (halfway.progress.total, halfway.progress.running, halfway.progress.pending) == (3, 2, 1)
    await room.services.runs.finish(actor=ANYONE, run_id=run.id)
    run = await room.finished(run)
    *there, missing = await room.records(run)

    assert [record.status for record in there] == [COMPLETED, COMPLETED]
    assert (missing.status, missing.verdict) == (ERRORED, Verdict.ERRORED)
    assert missing.error is not None
    assert missing.error.code == "NOT_SUBMITTED"
    assert missing.error.message == "The run was finished without an output for this item and trial."
    assert [score.status for score in missing.scores] == [ScoreStatus.SKIPPED]
    assert (run.status, run.progress.completed, run.progress.passed, run.progress.errored) == (
        RunStatus.COMPLETED, 3, 2, 1,
    )  # fmt: skip


async def test_past_the_deadline_the_run_ends_without_what_is_missing(room: Room, actions: ActionsServer) -> None:
    run = await a_run(room, actions, 4, trials=2)
    await submit(room, run, "0", "1", trial=2)
    await room.deliver()
    await set_deadline(room, run, 60)
    await room.sweeper().sweep()
    assert (await room.finished(run)).status is RunStatus.RUNNING

    await set_deadline(room, run, -1)
    await room.sweeper().sweep()
    with pytest.raises(Conflict):
        await submit(room, run, "0", trial=1)
    run = await room.finished(run)
    records = await room.records(run)

    assert run.status is RunStatus.COMPLETED
    assert run.status_reason == "By the deadline 2 of 8 records had been submitted."
    assert (run.progress.total, run.progress.passed, run.progress.errored) == (8, 2, 6)
    assert {record.error.message for record in records if record.error} == {run.status_reason}
    assert [record.status for record in records] == [ERRORED, COMPLETED, ERRORED, COMPLETED, *[ERRORED] * 4]
    assert len(actions.asked) == 1


async def test_scoring_again_leaves_what_is_missing(room: Room, actions: ActionsServer) -> None:
    run = await a_run(room, actions)
    await submit(room, run, "0")
    await room.services.runs.finish(actor=ANYONE, run_id=run.id)
    run = await room.finished(run)

    await room.services.runs.rescore(actor=ANYONE, run_id=run.id)
    run = await room.finished(run)

    assert (run.status, run.progress.passed, run.progress.errored) == (RunStatus.COMPLETED, 1, 2)
    assert len(actions.asked) == 1


@pytest.mark.parametrize(
    ("refusals", "times"), [([], 1), ([Response(status_code=429, headers={"retry-after": "0"})] * 2, 3)]
)
async def test_only_what_surely_started_nothing_is_tried_again(
    room: Room, actions: ActionsServer, refusals: list[Response], times: int
) -> None:
    actions.refusals = list(refusals)
    run = await a_run(room, actions, max_attempts=3)
    assert (run.status, len(actions.asked)) == (RunStatus.RUNNING, times)


@pytest.mark.parametrize(
    ("refusal", "says"),
    [
        (JSONResponse({"message": "No ref found"}, 422), 'answered with status 422: {"message":"No ref found"}'),
        (Response(status_code=502), "The system answered with status 502."),
        (Response(status_code=302, headers={"location": "http://10.0.0.1/"}), "(redirects are not followed"),
    ],
)  # fmt: skip
async def test_a_workflow_that_can_not_be_started_fails_the_run(
    room: Room, actions: ActionsServer, refusal: Response, says: str
) -> None:
    actions.refusals = [refusal]
    run = await a_run(room, actions)

    assert run.status is RunStatus.FAILED
    assert run.status_reason is not None
    assert run.status_reason.startswith("The run could not be started elsewhere: ")
    assert says in run.status_reason
    assert run.summary is not None
    assert {record.status for record in await room.records(run)} == {RecordStatus.CANCELLED}
    assert len(actions.asked) == 1


async def test_a_token_is_never_said(room: Room, actions: ActionsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVALYARD_SECRET_CI", "ghp-wrong")
    run = await a_run(room, actions)
    assert run.status_reason == (
        'The run could not be started elsewhere: The system answered with status 401: {"message":"Bad credentials: '
        'Bearer ***"}'
    )


async def test_a_start_whose_worker_died_is_not_repeated(
    room: Room, actions: ActionsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(*_: object) -> None:
        raise StoreError("The database went away for good.")

    with monkeypatch.context() as patched:
        patched.setattr(room.store.runs, "note_dispatch", die)
        run = await a_run(room, actions)
    assert (run.status, run.dispatch) == (RunStatus.RUNNING, None)
    await room.expire(run)
    await room.sweeper().sweep()
    run = await room.finished(run)

    assert len(actions.asked) == 1
    assert run.status is RunStatus.FAILED
    assert run.status_reason is not None
    assert run.status_reason.endswith("nobody knows whether it did: run it again.")


async def test_two_workers_at_once_start_it_once(room: Room, actions: ActionsServer) -> None:
    dataset, version = await room.dataset([{"answer": "0"}]), await a_version(room, actions)
    run = await room.start(dataset, version)
    plan = room.mailbox.messages[0]
    others = [room.new_engine() for _ in range(2)]
    await asyncio.gather(*(engine.work(*plan) for engine in (room.engine, *others)))
    await asyncio.gather(*(engine.close() for engine in others))
    assert (await room.finished(run)).status is RunStatus.RUNNING
    assert len(actions.asked) == 1


async def test_a_cancelled_run_takes_no_more(room: Room, actions: ActionsServer) -> None:
    run = await a_run(room, actions)
    await submit(room, run, "0")
    await room.services.runs.cancel(actor=ANYONE, run_id=run.id)
    run = await room.finished(run)
    with pytest.raises(Conflict):
        await submit(room, run, "0", "1")

    assert run.status is RunStatus.CANCELLED
    assert run.progress.cancelled + run.progress.completed == 3


async def test_running_it_again_starts_it_again(room: Room, actions: ActionsServer) -> None:
    run = await a_run(room, actions)
    await room.services.runs.finish(actor=ANYONE, run_id=run.id)
    run = await room.finished(run)
    again = await room.finished(await room.services.runs.rerun(actor=ANYONE, run_id=run.id, changes={}))

    assert (again.status, again.rerun_of) == (RunStatus.RUNNING, run.id)
    assert [asked["body"]["inputs"]["run_id"] for asked in actions.asked] == [
        global_id("Run", run.id), global_id("Run", again.id),
    ]  # fmt: skip
