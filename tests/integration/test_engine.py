"""The run engine over a real database: what a run comes to, whatever happens to its messages."""

import asyncio
import random
from pathlib import Path

import pytest

from evalyard_core.domain.errors import Conflict
from evalyard_core.domain.evaluators import Threshold, ThresholdOperator
from evalyard_core.domain.records import RecordStatus, ScoreStatus, Verdict
from evalyard_core.domain.runs import RunStatus
from evalyard_core.domain.tasks import TaskState
from evalyard_core.services.access import ANYONE
from evalyard_core.services.submissions import Submitted
from evalyard_core.storage import StoreError, StoreUnreachable
from tests.support.room import Room


def answers(count: int) -> list[dict[str, object]]:
    return [{"answer": str(place)} for place in range(count)]


async def test_a_run_carries_out_every_item_and_sums_up_exactly(room: Room) -> None:
    dataset = await room.dataset(answers(250), expected=[str(p) if p % 5 else "other" for p in range(250)])
    exact = await room.evaluator()
    fuzzy = await room.evaluator("fuzzy_match", threshold=Threshold(operator=ThresholdOperator.GTE, value=0.99))

    run = await room.finished(await room.start(dataset, await room.system("echo"), [exact, fuzzy]))

    assert run.status is RunStatus.COMPLETED
    records = await room.records(run)
    assert [record.output for record in records] == [str(place) for place in range(250)]
    assert {record.status for record in records} == {RecordStatus.COMPLETED}
    assert all([score.evaluator_id for score in r.scores] == [exact.id, fuzzy.id] for r in records)
    assert (run.progress.total, run.progress.completed, run.progress.passed, run.progress.failed) == (250, 250, 200, 50)
    assert run.summary is not None
    assert (run.summary.passed, run.summary.failed, run.summary.pass_rate) == (200, 50, 0.8)
    assert run.tallies[exact.id].passed == run.tallies[fuzzy.id].passed == 200
    assert run.distributions[exact.id].mean == 0.8


async def test_live_counters_and_exact_figures_agree(room: Room) -> None:
    dataset = await room.dataset(answers(30))
    run = await room.start(dataset, await room.system("priced"), [await room.evaluator()])
    await room.turn()
    lanes = list(room.mailbox.messages)

    for message in lanes[:-1]:
        await room.engine.work(*message)
    before = await room.store.runs.get(run.id)
    await room.services.runs.recount(run_id=run.id)
    after = await room.store.runs.get(run.id)

    assert before is not None
    assert after is not None
    assert before.summary is None
    assert before.progress.completed == after.progress.completed == 23
    assert before.tallies == after.tallies
    assert before.progress.cost_usd == pytest.approx(after.progress.cost_usd)
    assert before.progress.tokens == after.progress.tokens == 115


async def test_trials_sample_and_tags_choose_the_records(room: Room) -> None:
    dataset = await room.dataset(answers(40), tags=lambda place: ["even"] if place % 2 == 0 else ["odd"])
    system = await room.system("echo")

    run = await room.finished(await room.start(dataset, system, trials=3, sample_size=7, item_tags=("even",)))
    records = await room.records(run)

    assert len(records) == 21
    assert len({(record.item_id, record.trial) for record in records}) == 21
    assert {record.trial for record in records} == {1, 2, 3}
    assert all(int(record.output) % 2 == 0 for record in records)


async def test_concurrency_holds_over_all_lanes(room: Room) -> None:
    dataset = await room.dataset(answers(60))
    run = await room.start(dataset, await room.system("crowded"), concurrency=5)
    await room.turn()

    await asyncio.gather(*(room.engine.work(*message) for message in room.mailbox.messages))

    outputs = [record.output for record in await room.records(run)]
    assert len(outputs) == 60
    assert max(outputs) == 5


async def test_retryable_failures_are_tried_again_and_permanent_ones_are_not(room: Room) -> None:
    inputs = [
        {"answer": "0", "fails": 0},
        {"answer": "1", "fails": 2},
        {"answer": "2", "fails": 3},
        {"answer": "3", "broken": True},
    ]
    exact = await room.evaluator()
    started = await room.start(await room.dataset(inputs), await room.system("moody"), [exact], max_attempts=3)

    run = await room.finished(started)
    records = await room.records(run)

    assert [record.attempts for record in records] == [1, 3, 3, 1]
    assert [record.status for record in records] == [RecordStatus.COMPLETED] * 2 + [RecordStatus.ERRORED] * 2
    assert [record.error.code for record in records if record.error] == ["HTTP_503", "HTTP_400"]
    assert [record.verdict for record in records] == [Verdict.PASSED] * 2 + [Verdict.ERRORED] * 2
    assert [score.status for record in records for score in record.scores] == [ScoreStatus.OK] * 2 + [
        ScoreStatus.SKIPPED
    ] * 2
    assert run.status is RunStatus.COMPLETED
    assert (run.progress.passed, run.progress.errored, run.tallies[exact.id].skipped) == (2, 2, 2)


async def test_a_call_that_takes_too_long_is_given_up(room: Room) -> None:
    dataset = await room.dataset(answers(1))
    run = await room.finished(
        await room.start(dataset, await room.system("never"), timeout_seconds=0.05, max_attempts=2)
    )

    (record,) = await room.records(run)

    assert record.error is not None
    assert (record.error.code, record.attempts, record.status) == ("TIMEOUT", 2, RecordStatus.ERRORED)


async def test_a_cost_limit_stops_the_run(room: Room) -> None:
    dataset = await room.dataset(answers(200))
    run = await room.finished(
        await room.start(
            dataset, await room.system("priced"), [await room.evaluator()], max_cost_usd=0.2, concurrency=4
        )
    )

    assert run.status is RunStatus.FAILED
    assert run.status_reason == "The run reached its cost limit of 0.2 USD."
    assert run.summary is not None
    records = await room.records(run)
    assert sum(record.cost_usd or 0 for record in records) == pytest.approx(run.summary.total_cost_usd)
    assert 0.2 <= run.summary.total_cost_usd <= 0.24 + 1e-9
    assert {record.status for record in records} == {RecordStatus.COMPLETED, RecordStatus.CANCELLED}
    assert run.progress.completed + run.progress.cancelled == 200
    again = await room.services.runs.rescore(actor=ANYONE, run_id=run.id)
    scored = await room.finished(again)
    # One whose scores the budget did not allow any more has its output, and is scored now.
    answered = sum(record.output is not None for record in records)
    assert (scored.status, scored.progress.completed) == (RunStatus.COMPLETED, answered)


async def test_cancelling_leaves_what_was_stored(room: Room, tmp_path: Path) -> None:
    log = str(tmp_path / "calls")
    dataset = await room.dataset([{"answer": str(p), "log": log, "seconds": 0.02} for p in range(100)])
    run = await room.start(dataset, await room.system("logged"), [await room.evaluator()], concurrency=4)
    working = asyncio.create_task(room.deliver())
    while (await room.store.runs.pulse(run.id)).progress.completed < 10:  # type: ignore[union-attr]
        await asyncio.sleep(0.01)

    await room.services.runs.cancel(actor=ANYONE, run_id=run.id)
    await asyncio.wait_for(working, 10)
    ended = await room.finished(run)
    records = await room.records(run)

    assert ended.status is RunStatus.CANCELLED
    assert ended.summary is not None
    assert {record.status for record in records} == {RecordStatus.COMPLETED, RecordStatus.CANCELLED}
    done = [record for record in records if record.status is RecordStatus.COMPLETED]
    assert len(done) == ended.progress.completed == ended.summary.passed >= 10
    assert ended.progress.cancelled == 100 - len(done)


async def test_messages_twice_late_and_out_of_order_change_nothing(room: Room, tmp_path: Path) -> None:
    log = tmp_path / "calls"
    dataset = await room.dataset([{"answer": str(place), "log": str(log)} for place in range(60)])
    run = await room.start(dataset, await room.system("logged"), [await room.evaluator()])
    first = room.mailbox.messages[0]

    await room.deliver(shuffle=random.Random(7), times=3)
    await room.engine.work(*first)
    ended = await room.finished(run)

    assert ended.status is RunStatus.COMPLETED
    assert len(log.read_text().splitlines()) == 60
    assert (ended.progress.total, ended.progress.completed, ended.progress.passed) == (60, 60, 60)


async def test_lost_messages_lose_no_work(room: Room) -> None:
    run = await room.start(await room.dataset(answers(10)), await room.system("echo"), [await room.evaluator()])

    for _ in range(4):
        room.mailbox.messages.clear()
        await room.expire(run)
        await room.sweeper().sweep()
        message = list(room.mailbox.messages)
        room.mailbox.messages.clear()
        for entry in message:
            await room.turn(entry)

    ended = await room.store.runs.get(run.id)
    assert ended is not None
    assert (ended.status, ended.progress.passed) == (RunStatus.COMPLETED, 10)


async def test_errored_records_are_retried_alone(room: Room, tmp_path: Path) -> None:
    flag = tmp_path / "calls"
    dataset = await room.dataset([{"answer": "0"}, {"answer": "1", "fails": 1}, {"answer": "2", "broken": True}])
    started = await room.start(dataset, await room.system("moody"), [await room.evaluator()], max_attempts=1)
    run = await room.finished(started)
    assert (run.progress.passed, run.progress.errored) == (1, 2)

    again = await room.services.runs.retry_errored(actor=ANYONE, run_id=run.id)
    assert (again.status, flag.exists()) == (RunStatus.RUNNING, False)
    run = await room.finished(run)

    records = await room.records(run)
    assert [record.status for record in records] == [
        RecordStatus.COMPLETED,
        RecordStatus.COMPLETED,
        RecordStatus.ERRORED,
    ]
    assert [record.attempts for record in records] == [1, 2, 2]
    assert run.summary is not None
    assert (run.status, run.summary.passed, run.summary.errored) == (RunStatus.COMPLETED, 2, 1)
    assert (run.progress.passed, run.progress.errored, run.progress.total) == (2, 1, 3)


async def test_scoring_again_keeps_the_old_scores_and_calls_nothing(room: Room, tmp_path: Path) -> None:
    log = tmp_path / "calls"
    dataset = await room.dataset([{"answer": f" {place}", "log": str(log)} for place in range(5)], expected=["0"] * 5)
    exact = await room.evaluator("exact_match", {"strip_whitespace": False})
    contains = await room.evaluator("contains")
    run = await room.finished(await room.start(dataset, await room.system("logged"), [exact]))
    assert run.progress.failed == 5
    changed = await room.services.evaluators.update(
        actor=ANYONE, evaluator_id=exact.id, changes={"config": {"strip_whitespace": True}}
    )
    assert changed.version == 2

    await room.services.runs.rescore(actor=ANYONE, run_id=run.id, evaluator_ids=[exact.id, contains.id])
    run = await room.finished(run)
    records = await room.records(run)
    history = await room.store.score_history.of_records([record.id for record in records])

    assert len(log.read_text().splitlines()) == 5
    assert run.status is RunStatus.COMPLETED
    assert [entry.version for entry in run.evaluators] == [2, 1]
    assert [[(s.evaluator_id, s.passed) for s in r.scores] for r in records] == [
        [(exact.id, place == 0), (contains.id, place == 0)] for place in range(5)
    ]
    assert [[(s.evaluator_version, s.passed) for s in history[r.id]] for r in records] == [[(1, False)]] * 5
    assert run.summary is not None
    assert (run.summary.passed, run.summary.failed) == (1, 4)


async def test_what_waits_for_its_scores_is_running_until_it_has_them(room: Room) -> None:
    run = await room.start(None, None, [await room.evaluator()])
    entries = [Submitted(input=place, output=str(place), expected_output="1") for place in range(3)]

    waiting, _ = await room.services.submissions.submit(actor=ANYONE, run_id=run.id, submitted=entries)
    scored = await room.finished(run)

    assert (waiting.progress.running, waiting.progress.completed) == (3, 0)
    assert (scored.status, scored.progress.running, scored.progress.completed) == (RunStatus.RUNNING, 0, 3)


async def test_an_external_run_is_scored_as_records_come_in(room: Room) -> None:
    exact = await room.evaluator()
    run = await room.start(None, None, [exact])
    entries = [
        Submitted(input={"q": place}, output=str(place), expected_output="1", latency_ms=5.0) for place in range(3)
    ]

    await room.services.submissions.submit(actor=ANYONE, run_id=run.id, submitted=entries[:2])
    halfway = await room.finished(run)
    assert (halfway.status, halfway.progress.completed, halfway.progress.passed) == (RunStatus.RUNNING, 2, 1)
    await room.services.submissions.submit(actor=ANYONE, run_id=run.id, submitted=entries)
    await room.services.runs.finish(actor=ANYONE, run_id=run.id)
    run = await room.finished(run)

    assert run.status is RunStatus.COMPLETED
    assert (run.progress.total, run.progress.completed, run.progress.passed, run.progress.failed) == (3, 3, 1, 2)
    assert run.summary is not None
    assert run.summary.average_latency_ms == 5.0


async def test_counters_that_a_database_did_not_take_are_exact_in_the_end(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise StoreUnreachable

    run = await room.start(await room.dataset(answers(8)), await room.system("echo"), [await room.evaluator()])
    monkeypatch.setattr(room.store.runs, "add_progress", away)

    ended = await room.finished(run)

    assert (ended.status, ended.progress.completed, ended.progress.passed) == (RunStatus.COMPLETED, 8, 8)


async def test_a_database_that_fails_in_a_lane_does_not_fail_the_run(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise StoreError

    run = await room.start(await room.dataset(answers(8)), await room.system("echo"), [await room.evaluator()])
    await room.turn()
    with monkeypatch.context() as patched:
        patched.setattr(room.store.records, "open_in_lane", broken)
        await room.deliver()

    meanwhile = await room.store.runs.get(run.id)
    await room.expire(run)
    await room.sweeper().sweep()
    ended = await room.finished(run)

    assert meanwhile is not None
    assert meanwhile.status is RunStatus.RUNNING
    assert (ended.status, ended.progress.passed) == (RunStatus.COMPLETED, 8)


async def test_a_worker_that_lost_its_lease_changes_nothing(room: Room, tmp_path: Path) -> None:
    dataset = await room.dataset([{"answer": "0", "log": str(tmp_path / "calls")}])
    run = await room.start(dataset, await room.system("logged"), [await room.evaluator()], concurrency=1)
    await room.turn()
    (message,) = room.mailbox.messages
    room.mailbox.messages.clear()
    held = await room.store.tasks.claim(*message, "somebody", 12)
    assert held is not None

    await room.engine.work(*message)
    assert (await room.records(run))[0].status is RecordStatus.PENDING
    await room.expire(run)
    await room.sweeper().sweep()
    assert await room.store.tasks.renew(held.id, "somebody", 12) is False
    assert await room.store.tasks.release(held, TaskState.DONE, due_seconds=1) is None
    ended = await room.finished(run)

    assert (ended.status, ended.progress.passed) == (RunStatus.COMPLETED, 1)


async def test_an_unusable_target_fails_the_run_with_the_reason(room: Room) -> None:
    dataset = await room.dataset(answers(3))
    system = await room.system("echo")
    run = await room.start(dataset, system, [await room.evaluator()])
    room.engine = room.new_engine()
    room.host._targets.clear()

    ended = await room.finished(run)

    assert ended.status is RunStatus.FAILED
    assert ended.status_reason == (
        "The system can't be called: This worker has no evalyard-targets/python; install evalyard-targets beside it."
    )
    assert ended.progress.cancelled == 3


async def test_an_external_run_is_not_to_be_retried(room: Room) -> None:
    run = await room.start(None, None)
    with pytest.raises(Conflict, match="to retry its errored records it must be COMPLETED or FAILED"):
        await room.services.runs.retry_errored(actor=ANYONE, run_id=run.id)
