"""Whoever fails for good is not asked any more, by any lane of the run."""

import pytest
from starlette.responses import Response

from evalyard_core.domain.circuits import SYSTEM
from evalyard_core.domain.explaining import warnings_of
from evalyard_core.domain.records import RecordStatus, ScoreStatus, Verdict
from evalyard_core.domain.runs import RunStatus
from evalyard_core.services.access import ANYONE
from tests.support.counted_system import counted_system
from tests.support.room import Room

COUNT = 200
ENDPOINT = {"model": "m", "base_url": "http://127.0.0.1:1/v1", "api_key": "${secret:NOBODY_HAS_IT}"}


@pytest.fixture(autouse=True)
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVALYARD_TARGET_ALLOWED_NETWORKS", "127.0.0.0/8")


async def test_a_system_that_refuses_the_key_is_left_alone_until_it_is_mended(room: Room) -> None:
    async with counted_system(seconds=0.01) as system:
        system.refuse = lambda _: Response("no such key", status_code=401)
        dataset = await room.dataset([{"answer": str(place)} for place in range(COUNT)])
        exact = await room.evaluator()
        run = await room.start(
            dataset, await room.version("http", system.config), [exact], concurrency=8, max_consecutive_failures=10
        )

        await room.deliver_to(room.engine, room.new_engine())

        ended = await room.finished(run)
        codes = [record.error.code for record in await room.records(run) if record.error]
        assert (ended.status, ended.progress.completed, ended.progress.errored) == (RunStatus.COMPLETED, COUNT, COUNT)
        assert set(codes) == {"HTTP_401", "CIRCUIT_OPEN"}
        # Each of the four lanes stops after ten of its own, with another call in flight.
        assert len(system.begun) == codes.count("HTTP_401") <= 4 * (10 + 2)
        assert [(circuit.key, circuit.code) for circuit in ended.circuits] == [(SYSTEM, "HTTP_401")]
        [warning] = warnings_of(ended)
        assert warning.startswith("The system was not asked any more after ")
        assert "(HTTP_401: The system answered with status 401: no such key)" in warning

        system.refuse = lambda _: None
        again = await room.services.runs.retry_errored(actor=ANYONE, run_id=run.id)
        mended = await room.finished(again)

        assert (mended.status, mended.progress.passed, warnings_of(mended)) == (RunStatus.COMPLETED, COUNT, [])


async def test_a_host_that_nobody_knows_is_looked_for_a_few_times(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVALYARD_TARGET_ALLOWED_NETWORKS", "nowhere.invalid")
    dataset = await room.dataset([{"answer": str(place)} for place in range(COUNT)])
    version = await room.version("http", {"url": "http://nowhere.invalid/"})
    run = await room.start(dataset, version, concurrency=4, max_consecutive_failures=5)

    ended = await room.finished(run)

    records = await room.records(run)
    codes = [record.error.code for record in records if record.error]
    # Where this machine has no name server, every name may exist.
    if "CONNECTION" in codes:
        pytest.skip("the resolver of this machine tells nobody that a host is unknown")
    assert set(codes) == {"UNKNOWN_HOST", "CIRCUIT_OPEN"}
    assert {record.attempts for record in records if record.error and record.error.code == "UNKNOWN_HOST"} == {1}
    assert codes.count("UNKNOWN_HOST") <= 4 * (5 + 1)
    assert warnings_of(ended)


async def test_failures_that_an_input_may_be_the_reason_of_open_nothing(room: Room) -> None:
    async with counted_system() as system:
        system.refuse = lambda _: Response("this prompt is not allowed", status_code=400)
        dataset = await room.dataset([{"answer": str(place)} for place in range(40)])
        run = await room.start(dataset, await room.version("http", system.config), max_consecutive_failures=2)

        ended = await room.finished(run)

        assert len(system.begun) == 40
        assert warnings_of(ended) == []


async def test_failures_that_are_not_in_a_row_open_nothing(room: Room) -> None:
    async with counted_system() as system:
        system.refuse = lambda call: Response(status_code=403) if call % 4 else None
        dataset = await room.dataset([{"answer": str(place)} for place in range(80)])
        run = await room.start(
            dataset, await room.version("http", system.config), concurrency=1, max_consecutive_failures=4
        )

        ended = await room.finished(run)

        assert (len(system.begun), ended.progress.errored, warnings_of(ended)) == (80, 60, [])


async def test_an_evaluator_without_its_key_is_left_alone_and_the_others_go_on(room: Room) -> None:
    judge = await room.evaluator(
        "evalyard-judge/judge_boolean",
        {
            "model": "m",
            "base_url": "http://127.0.0.1:1/v1",
            "api_key": "${secret:NOBODY_HAS_IT}",
            "guideline": "It is right.",
        },
    )
    exact = await room.evaluator()
    dataset = await room.dataset([{"answer": str(place)} for place in range(COUNT)])

    run = await room.finished(
        await room.start(dataset, await room.system("echo"), [judge, exact], max_consecutive_failures=5)
    )

    records = await room.records(run)
    scores = {key: [s for r in records for s in r.scores if s.evaluator_id == key] for key in (judge.id, exact.id)}
    codes = [score.error.code for score in scores[judge.id] if score.error]
    assert {score.status for score in scores[exact.id]} == {ScoreStatus.OK}
    assert (len(codes), set(codes)) == (COUNT, {"SECRET_MISSING", "CIRCUIT_OPEN"})
    assert codes.count("SECRET_MISSING") <= 4 * 5
    assert {(record.status, record.verdict) for record in records} == {(RecordStatus.COMPLETED, Verdict.ERRORED)}
    assert [circuit.key for circuit in run.circuits] == [judge.id]
    assert warnings_of(run)[0].startswith(f"The evaluator {judge.name!r} was not asked any more after ")

    again = await room.services.runs.rescore(actor=ANYONE, run_id=run.id, evaluator_ids=[exact.id])
    assert [circuit.key for circuit in again.circuits] == [judge.id]
    await room.deliver()
    chosen = await room.services.runs.rescore(actor=ANYONE, run_id=run.id, evaluator_ids=[judge.id])
    assert chosen.circuits == ()
