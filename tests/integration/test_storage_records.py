"""Records: one each, the first outcome stays, scores only where they are waited for, and all of it in bulk."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from evalyard_core.domain.ids import new_id
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import (
    Annotation,
    Outcome,
    Problem,
    Record,
    RecordStatus,
    Score,
    ScoreStatus,
    Settled,
    Verdict,
    verdict_of,
)
from evalyard_core.domain.runs import Run
from evalyard_core.domain.scores import failed
from evalyard_core.storage import Store
from evalyard_core.storage.records import Scored
from tests.fixtures.core import a_score
from tests.fixtures.objects import a_record, a_run

PENDING, RUNNING, SCORING, COMPLETED, ERRORED, CANCELLED = RecordStatus
BROKEN = Problem("HTTP_500", "The system answered 500.", retryable=True)


async def stored(store: Store, run: Run, count: int, **changes: Any) -> list[Record]:
    """Store records of a run that nobody has called yet."""
    records = [a_record(run, n, **{"status": PENDING, "finished_at": None, **changes}) for n in range(count)]
    await store.records.add(records)
    return records


async def one_of_each(store: Store, run: Run, **changes: Any) -> dict[RecordStatus, Record]:
    """Store a record of each status, by status."""
    records = {status: a_record(run, n, status=status, **changes) for n, status in enumerate(RecordStatus)}
    await store.records.add(list(records.values()))
    return records


async def read(store: Store, records: list[Record]) -> list[Record]:
    """Return records as they now are, in order."""
    found = await store.records.get_many([record.id for record in records])
    return [found[record.id] for record in records]


def scored(record: Record, *scores: Score) -> Scored:
    return Scored(record_id=record.id, scores=scores, verdict=verdict_of(scores), finished_at=now())


async def test_a_record_comes_back_as_it_was_stored(shared_store: Store):
    run = a_run(new_id())
    record = a_record(
        run,
        3,
        input={"a": [1, None, "ü"], "$b.c": {"d": 1.5}},
        expected_output=[],
        metadata={"n": 2**63 - 1},
        output="",
        tags=("x", "y"),
        verdict=Verdict.ERRORED,
        error=BROKEN,
        latency_ms=1.25,
        cost_usd=0.5,
        prompt_tokens=3,
        completion_tokens=4,
        trace_id="t",
        started_at=now(),
        scores=(
            a_score(value={"$set": 1}, number=None, metadata={"a.b": None}, duration_ms=0.25),
            failed(a_score(evaluator_id=None, name="tone. $x"), BROKEN),
        ),
        annotations=(Annotation(id=new_id(), author="me", created_at=now(), rating=3),),
    )
    assert await shared_store.records.add([record]) == set()
    assert await shared_store.records.get(record.id) == record
    assert await shared_store.records.get(record.id + "x") is None


async def test_records_that_are_there_are_named_and_stay_as_they_are(shared_store: Store):
    run = a_run(new_id())
    first = await stored(shared_store, run, 3)
    again = [a_record(run, n, status=COMPLETED, output="again") for n in range(5)]
    assert await shared_store.records.add(again) == {record.id for record in first}
    assert await read(shared_store, again) == [*first, *again[3:]]


async def test_the_first_outcome_of_a_record_stays(shared_store: Store):
    run = a_run(new_id())
    one, two = await stored(shared_store, run, 2)
    skipped = (a_score(status=ScoreStatus.SKIPPED, value=None, number=None, passed=None),)
    moment = now()
    outcomes = {
        one.id: Outcome(
            output="right", attempts=2, latency_ms=1.5, cost_usd=0.1, started_at=moment, finished_at=moment
        ),
        two.id: Outcome(error=BROKEN, attempts=3, prompt_tokens=7, finished_at=moment),
    }
    assert await shared_store.records.store_outcomes(outcomes, skipped) == 2
    before = await read(shared_store, [one, two])
    answered, errored = before
    assert (answered.status, answered.output, answered.attempts, answered.scores) == (SCORING, "right", 2, ())
    assert (answered.latency_ms, answered.cost_usd, answered.finished_at) == (1.5, 0.1, moment)
    assert (errored.status, errored.verdict, errored.error) == (ERRORED, Verdict.ERRORED, BROKEN)
    assert (errored.scores, errored.prompt_tokens, errored.attempts) == (skipped, 7, 3)
    late = {one.id: Outcome(error=BROKEN), two.id: Outcome(output="wrong")}
    assert await shared_store.records.store_outcomes(late, skipped) == 0
    assert await read(shared_store, [one, two]) == before


async def test_outcomes_are_stored_only_where_they_are_waited_for(shared_store: Store):
    run = a_run(new_id())
    records = await one_of_each(shared_store, run)
    outcomes = {record.id: Outcome(output="late") for record in records.values()}
    assert await shared_store.records.store_outcomes(outcomes, ()) == 2
    found = await shared_store.records.get_many(list(outcomes))
    assert {status for status, record in records.items() if found[record.id].output == "late"} == {PENDING, RUNNING}


async def test_outcomes_and_scores_are_stored_at_once_only_where_they_are_waited_for(shared_store: Store):
    run = a_run(new_id())
    records = await one_of_each(shared_store, run)
    settled = [
        Settled(
            record_id=record.id,
            outcome=Outcome(output=f"out {n}", attempts=n),
            status=COMPLETED,
            verdict=Verdict.PASSED,
            scores=(a_score(),),
        )
        for n, record in enumerate(records.values())
    ]
    assert await shared_store.records.store_whole(settled) == 2
    there = await read(shared_store, list(records.values()))
    for old, new, found in zip(records.values(), settled, there, strict=True):
        if old.status in {PENDING, RUNNING}:
            assert (found.status, found.verdict, found.scores) == (COMPLETED, Verdict.PASSED, new.scores)
            assert (found.output, found.attempts) == (new.outcome.output, new.outcome.attempts)
        else:
            assert found == old


async def test_scores_complete_the_records_that_wait_for_them_and_no_others(shared_store: Store):
    run = a_run(new_id())
    records = await one_of_each(shared_store, run, output="out", finished_at=None)
    given = [scored(record, a_score(), a_score(evaluator_id="f" * 24, passed=False)) for record in records.values()]
    assert await shared_store.records.store_scores(given) == 1
    found = dict(zip(records, await read(shared_store, list(records.values())), strict=True))
    completed = found[SCORING]
    assert (completed.status, completed.verdict, len(completed.scores)) == (COMPLETED, Verdict.FAILED, 2)
    assert completed.finished_at is not None
    del found[SCORING]
    assert found == {status: record for status, record in records.items() if status is not SCORING}
    assert await shared_store.records.store_scores(given) == 0


async def test_cancelling_ends_what_is_open_and_keeps_its_outputs(shared_store: Store):
    run, other, moment = a_run(new_id()), a_run(new_id()), now() + timedelta(seconds=5)
    records = await one_of_each(shared_store, run, output="out")
    elsewhere = await one_of_each(shared_store, other)
    assert await shared_store.records.cancel_open(run.id, moment) == 3
    found = dict(zip(records, await read(shared_store, list(records.values())), strict=True))
    assert {status: record.status for status, record in found.items()} == {
        PENDING: CANCELLED,
        RUNNING: CANCELLED,
        SCORING: CANCELLED,
        COMPLETED: COMPLETED,
        ERRORED: ERRORED,
        CANCELLED: CANCELLED,
    }
    assert {record.output for record in found.values()} == {"out"}
    assert {found[status].finished_at for status in (PENDING, RUNNING, SCORING)} == {moment}
    assert {found[status] == records[status] for status in (COMPLETED, ERRORED, CANCELLED)} == {True}
    assert await read(shared_store, list(elsewhere.values())) == list(elsewhere.values())
    assert await shared_store.records.cancel_open(run.id, moment) == 0


async def test_what_was_carried_out_is_scored_again(shared_store: Store):
    run = a_run(new_id())
    records = [
        a_record(run, 0, status=COMPLETED, output="out", scores=(a_score(),), verdict=Verdict.PASSED),
        # None is what the system answered, and an evaluator may fail it.
        a_record(run, 1, status=COMPLETED, output=None, scores=(a_score(),)),
        a_record(run, 2, status=CANCELLED, output="out"),
        a_record(run, 3, status=CANCELLED, output=None),
        a_record(run, 4, status=ERRORED, error=BROKEN),
    ]
    await shared_store.records.add(records)
    await shared_store.records.reopen_for_scoring(run.id)
    found = await read(shared_store, records)
    assert [record.status for record in found] == [SCORING, SCORING, SCORING, CANCELLED, ERRORED]
    assert [record.scores for record in found] == [record.scores for record in records]


async def test_what_errored_is_called_or_scored_again_and_nothing_else(shared_store: Store):
    run = a_run(new_id())
    good, bad = a_score(), failed(a_score(evaluator_id="f" * 24), BROKEN)
    records = [
        a_record(run, 0, status=ERRORED, error=BROKEN, verdict=Verdict.ERRORED, scores=(a_score(),), attempts=3),
        a_record(run, 1, status=COMPLETED, output="out", verdict=Verdict.ERRORED, scores=(good, bad)),
        a_record(run, 2, status=COMPLETED, output="out", verdict=Verdict.FAILED, scores=(good,)),
        a_record(run, 3, status=CANCELLED),
    ]
    await shared_store.records.add(records)
    await shared_store.records.reopen_errored(run.id)
    called, scored_again, failed_once, cancelled = await read(shared_store, records)
    assert (called.status, called.error, called.verdict, called.scores) == (PENDING, None, None, ())
    assert (called.started_at, called.finished_at, called.attempts) == (None, None, 3)
    assert (scored_again.status, scored_again.verdict, scored_again.scores) == (SCORING, None, (good,))
    assert (failed_once, cancelled) == (records[2], records[3])


async def test_slow_calls_are_shown_as_running_until_they_are_handed_back(shared_store: Store):
    run = a_run(new_id())
    records = await one_of_each(shared_store, run)
    ids, moment = [record.id for record in records.values()], now()
    await shared_store.records.mark_running(ids, moment)
    found = await read(shared_store, list(records.values()))
    assert Counter(record.status for record in found)[RUNNING] == 2
    assert found[0].started_at == moment
    await shared_store.records.mark_pending(ids)
    found = await read(shared_store, list(records.values()))
    assert [record.status for record in found] == [PENDING, PENDING, SCORING, COMPLETED, ERRORED, CANCELLED]
    assert found[0].started_at is None


async def test_a_lane_reads_its_open_records_in_order(shared_store: Store):
    run = a_run(new_id())
    records = [a_record(run, n, lane=n % 3, status=list(RecordStatus)[n % 5]) for n in reversed(range(60))]
    await shared_store.records.add(records)
    found = await shared_store.records.open_in_lane(run.id, 1, from_seq=10, most=8)
    wanted = [n for n in range(10, 60) if n % 3 == 1 and n % 5 < 3]
    assert [record.seq for record in found] == wanted[:8]
    rest = await shared_store.records.open_in_lane(run.id, 1, from_seq=found[-1].seq + 1, most=100)
    assert [record.seq for record in rest] == wanted[8:]


async def test_the_figures_of_a_run_are_those_of_its_records(shared_store: Store):
    run = a_run(new_id())
    scores = (a_score(cost_usd=0.5), failed(a_score(evaluator_id=None, name="a.b", value=None, number=None), BROKEN))
    records = [
        a_record(run, 0, latency_ms=2.0, cost_usd=0.25, prompt_tokens=3, verdict=Verdict.ERRORED, scores=scores),
        a_record(run, 1, status=ERRORED, item_id=None, completion_tokens=4),
    ]
    await shared_store.records.add(records)
    one, two = [figures async for figures in shared_store.records.figures(run.id)]
    assert (one.item_id, one.status, one.verdict) == (records[0].item_id, COMPLETED, Verdict.ERRORED)
    assert (one.latency_ms, one.cost_usd, one.tokens) == (2.0, 0.25, 3)
    for figures, score in zip(one.scores, scores, strict=True):
        for name in ("key", "status", "passed", "number", "label", "cost_usd", "error"):
            assert getattr(figures, name) == getattr(score, name)
    assert (two.item_id, two.status, two.verdict, two.tokens, list(two.scores)) == (None, ERRORED, None, 4, [])


async def test_what_was_done_lately_is_found_in_the_order_of_the_run(shared_store: Store):
    run, moment = a_run(new_id()), now()
    records = [
        a_record(run, n, status=list(RecordStatus)[n % 6], finished_at=moment + timedelta(seconds=n - 10))
        for n in range(20)
    ]
    await shared_store.records.add(records)
    done = [record.id for n, record in enumerate(records) if n >= 10 and n % 6 >= 3]
    assert await shared_store.records.done_since(run.id, moment) == done


async def test_better_records_take_the_places_of_others_in_one_write(shared_store: Store):
    run = a_run(new_id())
    [old] = await stored(shared_store, run, 1, status=ERRORED)
    new, better = a_record(run, 1), a_record(run, 0, output="better")
    await shared_store.transaction(lambda session: shared_store.records.put([new], [better], session=session))
    assert await read(shared_store, [old, new]) == [better, new]


async def test_scores_that_somebody_else_has_changed_are_not_replaced(shared_store: Store):
    run = a_run(new_id())
    [record] = await stored(shared_store, run, 1, status=COMPLETED, scores=(a_score(duration_ms=0.1),))
    new = (a_score(number=0.0, value=False, passed=False),)

    async def change(seen: Record) -> Record | None:
        return await shared_store.transaction(
            lambda session: shared_store.records.set_scores(seen, new, Verdict.FAILED, session=session)
        )

    changed = await change(record)
    assert changed is not None
    assert (changed.scores, changed.verdict) == (new, Verdict.FAILED)
    assert await change(record) is None


async def test_replaced_scores_are_kept_once_and_come_back_newest_first(shared_store: Store):
    run, moment = a_run(new_id()), now()
    records = [a_record(run, n) for n in range(3)]
    replaced = [
        (record.id, a_score(evaluator_id=evaluator, number=float(n), created_at=moment + timedelta(seconds=n)))
        for record in records[:2]
        for n, evaluator in enumerate(["z" * 24, "a" * 24, "z" * 24, None])
    ]
    for _ in range(2):
        await shared_store.score_history.add(run.project_id, run.id, replaced)
    await shared_store.score_history.add(run.project_id, run.id, [])
    found = await shared_store.score_history.of_records([record.id for record in records])
    assert {key: [score.number for score in scores] for key, scores in found.items()} == {
        records[0].id: [3.0, 2.0, 1.0, 0.0],
        records[1].id: [3.0, 2.0, 1.0, 0.0],
        records[2].id: [],
    }
    assert [score for _, score in replaced[:4]][::-1] == found[records[0].id]
    await shared_store.score_history.delete_of_run(run.id)
    assert await shared_store.score_history.of_records([records[0].id]) == {records[0].id: []}


@pytest.mark.parametrize("count", [1, 3])
async def test_annotations_are_added_to_those_that_are_there(shared_store: Store, count: int):
    run = a_run(new_id())
    [record] = await stored(shared_store, run, 1)
    annotations = tuple(Annotation(id=new_id(), author="me", created_at=now(), comment=str(n)) for n in range(count))
    for annotation in annotations:
        changed = await shared_store.records.annotate(record.id, annotation, most=3)
    assert changed is not None
    assert changed.annotations == annotations
    assert await shared_store.records.annotate("nothing", annotations[0], most=3) is None
