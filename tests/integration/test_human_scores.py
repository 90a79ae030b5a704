"""What runs make of people's scores: counters at once, exact figures soon, whoever dies in between."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from evalyard_core.domain.agreement import AgreementBasis
from evalyard_core.domain.evaluators import Evaluator, Threshold, ThresholdOperator
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Record, ScoreSource, Verdict
from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.domain.tasks import TaskKind, run_task
from evalyard_core.services import Services
from evalyard_core.services.access import ANYONE
from evalyard_core.services.live import LiveUpdates
from evalyard_core.services.submissions import Submitted
from evalyard_core.storage.collection import Session
from tests.support.room import Room


async def an_ended_run(room: Room, count: int = 6) -> tuple[Run, Evaluator]:
    """Carry out a run of which every record passes."""
    dataset = await room.dataset([{"answer": str(place)} for place in range(count)])
    exact = await room.evaluator()
    return await room.finished(await room.start(dataset, await room.system("priced"), [exact])), exact


async def score(room: Room, record: Record, evaluator: Evaluator | None = None, value: Any = False) -> Record:
    """Score a record as a person, for an evaluator or under a name."""
    changed, _ = await room.services.records.add_score(
        actor=ANYONE,
        record_id=record.id,
        value=value,
        evaluator_id=evaluator.id if evaluator else None,
        name=None if evaluator else "taste",
    )
    return changed


async def read(room: Room, run: Run) -> Run:
    found = await room.store.runs.get(run.id)
    assert found is not None
    return found


async def assert_exact(room: Room, run: Run) -> None:
    """Hold what a run has stored against what its records say."""
    collected = await room.services.runs._collect(run.id)
    found = await read(room, run)
    assert (found.progress, found.tallies) == (collected.progress(), collected.tallies())
    assert found.distributions == collected.distributions()
    assert found.finished_at is not None
    expected = collected.summary(started_at=found.started_at, finished_at=found.finished_at, most_trials=1)
    assert found.summary == expected


async def test_an_ended_run_counts_a_score_at_once_and_gets_its_exact_figures_from_a_worker(room: Room):
    run, exact = await an_ended_run(room)
    [first, *_] = await room.records(run)
    await score(room, first, exact)
    counted = await read(room, run)
    assert (counted.status, counted.finished_at) == (RunStatus.COMPLETED, run.finished_at)
    assert counted.revision == run.revision + 1
    assert (counted.progress.passed, counted.progress.failed, counted.tallies[exact.id].failed) == (5, 1, 1)
    assert counted.progress.cost_usd == pytest.approx(run.progress.cost_usd)
    assert counted.summary is not None
    assert (counted.summary.passed, counted.summary.outdated) == (6, True)
    exact_run = await room.finished(run)
    assert exact_run.summary is not None
    assert (exact_run.summary.passed, exact_run.summary.failed, exact_run.summary.outdated) == (5, 1, False)
    assert exact_run.distributions[exact.id].mean == 5 / 6
    assert exact_run.status is RunStatus.COMPLETED
    await assert_exact(room, run)


def another_process(room: Room) -> Room:
    """Return the room of another process, as it were, over the same database and queue."""
    return Room(room.store, Services(room.store, room.mailbox), room.mailbox, room.host)


async def test_people_who_score_an_ended_run_at_once_are_all_counted_with_one_message(room: Room):
    run, exact = await an_ended_run(room, 12)
    records = await room.records(run)
    elsewhere = another_process(room)
    scoring = [score(elsewhere if n % 2 else room, record, exact) for n, record in enumerate(records[:8])]
    await asyncio.gather(*scoring, score(room, records[9]))
    assert room.mailbox.messages == [(f"{run.id}.figures", 1)]
    found = await read(room, run)
    assert (found.progress.passed, found.progress.failed, found.tallies["~taste"].failed) == (3, 9, 1)
    await room.deliver()
    await assert_exact(room, run)
    assert (await read(room, run)).revision == run.revision + 10


async def test_people_who_score_one_record_at_once_are_all_in_its_history(room: Room):
    run, exact = await an_ended_run(room)
    [first, *_] = await room.records(run)
    await asyncio.gather(*(score(room, first, exact, value=n % 2 == 0) for n in range(6)))
    [found, *_] = await room.records(run)
    replaced = (await room.store.score_history.of_records([first.id]))[first.id]
    times = [entry.created_at for entry in (*found.scores, *replaced)]
    assert times == sorted(set(times), reverse=True)
    assert [entry.source for entry in (*found.scores, *replaced)] == [ScoreSource.HUMAN] * 6 + [ScoreSource.PLUGIN]
    await room.deliver()
    await assert_exact(room, run)


async def test_a_run_at_work_counts_scores_and_ends_exactly(room: Room):
    run = await room.start(None, None, [exact := await room.evaluator()])
    submitted = [Submitted(input=n, output="yes", expected_output="yes") for n in range(4)]
    await room.services.submissions.submit(actor=ANYONE, run_id=run.id, submitted=submitted)
    await room.deliver()
    records = await room.records(run)
    await asyncio.gather(*(score(room, record, exact) for record in records[:3]))
    found = await read(room, run)
    assert (found.status, found.progress.passed, found.progress.failed) == (RunStatus.RUNNING, 1, 3)
    assert (found.tallies[exact.id].passed, found.tallies[exact.id].failed, found.summary) == (1, 3, None)
    assert room.mailbox.messages == []
    await room.services.runs.finish(actor=ANYONE, run_id=run.id)
    assert (await room.finished(run)).status is RunStatus.COMPLETED
    await assert_exact(room, run)


async def test_a_lost_message_and_a_killed_worker_make_figures_late_only(room: Room):
    run, exact = await an_ended_run(room)
    first, second, *_ = await room.records(run)
    await score(room, first, exact)
    [(task_id, ticket)] = room.mailbox.messages
    room.mailbox.messages.clear()
    assert await room.store.tasks.claim(task_id, ticket, "killed", 60) is not None
    await score(room, second, exact)
    assert room.mailbox.messages == []
    await room.expire(run)
    await room.sweeper().sweep()
    await room.deliver()
    assert (await read(room, run)).progress.failed == 2
    await assert_exact(room, run)


async def test_what_is_killed_between_its_writes_has_written_nothing(room: Room, monkeypatch: pytest.MonkeyPatch):
    run, exact = await an_ended_run(room)
    [first, *_] = await room.records(run)
    with monkeypatch.context() as patched:
        patched.setattr(room.store.tasks, "call", _killed)
        with pytest.raises(KeyboardInterrupt):
            await score(room, first, exact)
    assert (await read(room, run), (await room.records(run))[0]) == (run, first)
    assert (await room.store.score_history.of_records([first.id]))[first.id] == []
    await score(room, first, exact)
    await room.deliver()
    await assert_exact(room, run)


async def _killed(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


async def test_who_scores_while_figures_are_made_calls_for_them_again(room: Room, monkeypatch: pytest.MonkeyPatch):
    run, exact = await an_ended_run(room)
    first, second, *_ = await room.records(run)
    await score(room, first, exact)
    conclude = room.store.runs.conclude

    async def late(*given: Any, **named: Any) -> Run | None:
        await score(room, second, exact)
        return await conclude(*given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(room.store.runs, "conclude", late)
        await room.turn()
    between = await read(room, run)
    assert between.summary is not None
    assert (between.progress.failed, between.summary.failed, between.summary.outdated) == (2, 1, True)
    assert room.mailbox.messages == [(f"{run.id}.figures", 3)]
    await room.deliver()
    await assert_exact(room, run)


async def test_figures_that_come_after_a_run_is_back_at_work_change_nothing(room: Room):
    run, exact = await an_ended_run(room)
    [first, *_] = await room.records(run)
    await score(room, first, exact)
    figures = room.mailbox.messages.pop()
    reopened = await room.services.runs.rescore(actor=ANYONE, run_id=run.id)
    await room.turn(figures)
    await room.services.runs.refresh(run_id=run.id)
    assert replace(await read(room, run), revision=0) == replace(reopened, revision=0)
    ended = await room.finished(run)
    assert (ended.status, ended.progress.passed) == (RunStatus.COMPLETED, 6)
    [found, *_] = await room.records(run)
    replaced = (await room.store.score_history.of_records([first.id]))[first.id]
    assert [entry.source for entry in (*found.scores, *replaced)] == ["PLUGIN", "HUMAN", "PLUGIN"]
    agreement = await room.services.agreement.of(actor=ANYONE, evaluator=exact, basis=AgreementBasis.VALUE)
    assert (agreement.whole.pairs, agreement.whole.observed) == (1, 0.0)
    assert agreement.disagreements[0].by_judge.at == found.scores[0].created_at


async def test_a_run_without_exact_figures_yet_is_left_to_its_end(room: Room):
    run, exact = await an_ended_run(room)
    [first, *_] = await room.records(run)
    await room.store.runs._rows.update_one({"_id": run.id}, {"$set": {"status": "CANCELLED", "summary": None}})
    await score(room, first, exact)
    assert room.mailbox.messages == []
    await room.sweeper().sweep()
    await assert_exact(room, run)


async def test_the_threshold_of_the_run_judges_a_persons_number_unless_the_person_does(room: Room):
    fuzzy = await room.evaluator("fuzzy_match", threshold=Threshold(operator=ThresholdOperator.GTE, value=0.6))
    dataset = await room.dataset([{"answer": "a"}])
    run = await room.finished(await room.start(dataset, await room.system("echo"), [fuzzy]))
    changes = {"threshold": Threshold(operator=ThresholdOperator.GTE, value=0.1)}
    await room.services.evaluators.update(actor=ANYONE, evaluator_id=fuzzy.id, changes=changes)
    [record] = await room.records(run)
    for value, said, verdict in (
        (0.5, None, Verdict.FAILED),
        (0.7, None, Verdict.PASSED),
        (0.5, True, Verdict.PASSED),
        (0.7, False, Verdict.FAILED),
        (True, None, Verdict.PASSED),
        (False, None, Verdict.FAILED),
        ("good", None, None),
    ):
        changed, _ = await room.services.records.add_score(
            actor=ANYONE, record_id=record.id, evaluator_id=fuzzy.id, value=value, passed=said
        )
        assert changed.verdict is verdict, value


async def test_a_record_without_an_output_stays_errored_whatever_people_say(room: Room):
    dataset = await room.dataset([{"answer": "0", "broken": True}])
    run = await room.finished(await room.start(dataset, await room.system("moody"), [await room.evaluator()]))
    [record] = await room.records(run)
    assert (await score(room, record, value=True)).verdict is Verdict.ERRORED
    await room.deliver()
    await assert_exact(room, run)


async def test_what_was_said_of_a_missing_output_is_kept_but_not_of_the_one_that_a_retry_gives(room: Room):
    exact = await room.evaluator()
    dataset = await room.dataset([{"answer": "0", "fails": 1}])
    run = await room.finished(await room.start(dataset, await room.system("moody"), [exact], max_attempts=1))
    [record] = await room.records(run)
    assert record.verdict is Verdict.ERRORED
    await score(room, record, exact)
    await score(room, record)
    await room.services.runs.retry_errored(actor=ANYONE, run_id=run.id)
    assert (await room.finished(run)).progress.passed == 1
    replaced = (await room.store.score_history.of_records([record.id]))[record.id]
    assert [(entry.name, entry.source) for entry in replaced] == [
        ("taste", "HUMAN"),
        (exact.name, "HUMAN"),
        (exact.name, "PLUGIN"),
    ]
    agreement = await room.services.agreement.of(actor=ANYONE, evaluator=exact, basis=AgreementBasis.VALUE)
    assert (agreement.whole.pairs, agreement.unpaired) == (0, 0)
    await score(room, record, exact, value=True)
    agreement = await room.services.agreement.of(actor=ANYONE, evaluator=exact, basis=AgreementBasis.VALUE)
    assert (agreement.whole.pairs, agreement.whole.observed) == (1, 1.0)
    await room.deliver()
    await assert_exact(room, run)


async def test_who_watches_a_run_hears_of_scores_and_of_the_figures_that_follow(room: Room):
    run, exact = await an_ended_run(room)
    [first, *_] = await room.records(run)
    live = LiveUpdates(room.store)
    await live.start()
    try:
        project = live.watch_project(run.project_id)
        waiting = asyncio.ensure_future(anext(project))
        await asyncio.sleep(0)
        await score(room, first, exact)
        seen = await asyncio.wait_for(waiting, 10)
        assert seen.summary is not None
        assert (seen.revision, seen.progress.failed, seen.summary.outdated) == (run.revision + 1, 1, True)
        progress = live.watch_run(run.id)
        assert (await anext(progress)).revision == seen.revision
        await room.deliver()
        states = [state async for state in progress]
        assert [state.summary and (state.summary.failed, state.summary.outdated) for state in states] == [(1, False)]
        assert (await asyncio.wait_for(anext(project), 10)).revision == states[-1].revision
        await project.aclose()
    finally:
        await live.stop()


async def test_calls_for_a_task_are_one_until_somebody_takes_it(room: Room):
    store = room.store
    task = run_task(TaskKind.FIGURES, "r", "p", now())

    async def call() -> Any:
        return await store.transaction(lambda session: store.tasks.call(task, due_seconds=10, session=session))

    assert [await call(), await call()] == [task, None]
    held = await store.tasks.claim(task.id, 1, "worker", 10)
    assert held is not None
    assert await call() is None
    released = await store.tasks.release(held, held.state.IDLE, due_seconds=10)
    assert released is not None
    assert (released.state, released.ticket) == ("READY", 3)
    held = await store.tasks.claim(task.id, 3, "worker", 10)
    assert held is not None
    assert (await store.tasks.release(held, held.state.IDLE, due_seconds=10)) is not None
    called = await call()
    assert (called.state, called.ticket, called.owner) == ("READY", 5, None)
    assert await store.tasks.unfinished("r") == 0


async def test_whoever_takes_a_task_that_is_called_for_sees_all_that_the_caller_wrote(room: Room):
    store, task = room.store, run_task(TaskKind.FIGURES, "r", "p", now())
    await store.tasks.insert(task)

    async def write(session: Session) -> asyncio.Task[Any]:
        await store.tasks.call(task, due_seconds=10, session=session)
        claiming = asyncio.create_task(store.tasks.claim(task.id, 1, "worker", 10))
        done, _ = await asyncio.wait({claiming}, timeout=0.2)
        assert not done
        return claiming

    claimed = await (await store.transaction(write))
    assert (claimed.state, claimed.ticket) == ("READY", 1)
