"""Outputs of systems that run elsewhere: taken in whole or not at all, once however often they are sent."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from evalyard_core.domain.datasets import Item
from evalyard_core.domain.errors import BadInput, Conflict, LimitExceeded, NotFound, Refusal
from evalyard_core.domain.ids import itemless_key, new_id, record_id
from evalyard_core.domain.payload import MAX_PAYLOAD_BYTES
from evalyard_core.domain.records import Problem, Record, RecordStatus, ScoreStatus, Verdict
from evalyard_core.domain.runs import Progress, Run, RunSettings, RunStatus, Tally
from evalyard_core.domain.tasks import TaskState
from evalyard_core.services.access import ANYONE
from evalyard_core.services.datasets import NewItem
from evalyard_core.services.submissions import Submitted
from tests.fixtures.house import House

SCORING, COMPLETED, ERRORED = RecordStatus.SCORING, RecordStatus.COMPLETED, RecordStatus.ERRORED


async def submit(house: House, run: Run, *submitted: Submitted) -> tuple[Run, list[Record]]:
    run, records = await house.services.submissions.submit(actor=ANYONE, run_id=run.id, submitted=submitted)
    return run, list(records)


async def a_scored_run(house: House, items: int = 3, **settings: Any) -> tuple[Run, list[Item]]:
    """Start a run over a dataset with an evaluator that takes records in."""
    dataset, evaluator = await house.dataset(items), await house.evaluator()
    run = await house.start(
        dataset_id=dataset.id, evaluator_ids=[evaluator.id], settings=RunSettings(**{"trials": 3, **settings})
    )
    return run, await house.items(dataset)


async def stored(house: House, run: Run) -> list[Record]:
    """Return the records of a run in their order."""
    rows = house.store.records._rows.find({"run_id": run.id}).sort("seq")
    return [house.store.records._codec.decode(row) async for row in rows]


async def test_records_of_items_wait_for_their_scores(house: House):
    run, items = await a_scored_run(house)
    changed, records = await submit(
        house,
        run,
        Submitted(item_id=items[1].id, output="out", latency_ms=1.5, cost_usd=0.25, prompt_tokens=3, trace_id="t"),
        Submitted(item_id=items[0].id, trial=2, input="own", expected_output="mine", metadata={"m": 1}, output=0),
        Submitted(item_id=items[2].id, error="It timed out.", cost_usd=0.5, completion_tokens=4),
    )
    one, two, three = records
    assert [record.id for record in records] == [
        record_id(run.id, items[1].id, 1),
        record_id(run.id, items[0].id, 2),
        record_id(run.id, items[2].id, 1),
    ]
    assert (one.status, one.output, one.input, one.expected_output) == (SCORING, "out", {"n": 1}, 1)
    assert (one.tags, one.latency_ms, one.cost_usd, one.prompt_tokens, one.trace_id) == (("tag 1",), 1.5, 0.25, 3, "t")
    assert (one.verdict, one.finished_at, one.dataset_id) == (None, None, items[0].dataset_id)
    assert (two.input, two.expected_output, two.metadata, two.output, two.trial) == ("own", "mine", {"m": 1}, 0, 2)
    assert (three.status, three.verdict, three.output) == (ERRORED, Verdict.ERRORED, None)
    assert three.error == Problem("SYSTEM_ERROR", "It timed out.")
    assert [score.status for score in three.scores] == [ScoreStatus.SKIPPED]
    assert [(record.seq, record.lane) for record in records] == [(0, 0), (1, 1), (2, 2)]
    assert changed.progress == Progress(total=3, running=2, completed=1, errored=1, cost_usd=0.5, tokens=4)
    assert changed.tallies == {run.evaluators[0].evaluator_id: Tally(skipped=1)}
    assert await stored(house, run) == records
    assert sorted(house.hints) == [(f"{run.id}.{lane}", 2) for lane in range(4)]


async def test_records_without_items_are_known_by_their_input_and_done_without_evaluators(house: House):
    run = await house.start(settings=RunSettings(trials=2))
    changed, [one, two, three] = await submit(
        house,
        run,
        Submitted(input={"a": 1, "b": 2}, output="x"),
        Submitted(input={"b": 2, "a": 1}, output="y", trial=2),
        Submitted(input="other", error="It broke."),
    )
    key = itemless_key({"a": 1, "b": 2})
    assert [one.id, two.id] == [record_id(run.id, key, 1), record_id(run.id, key, 2)]
    assert (one.item_id, one.status, one.scores, three.status) == (None, COMPLETED, (), ERRORED)
    assert one.finished_at is not None
    assert changed.progress == Progress(total=3, completed=3, errored=1)
    assert house.hints == []
    assert [(await house.store.tasks.get(f"{run.id}.0"))] != [None]


async def test_sending_records_again_changes_nothing(house: House):
    run, items = await a_scored_run(house)
    sent = [Submitted(item_id=item.id, output=n, cost_usd=1.0) for n, item in enumerate(items)]
    sent.append(Submitted(input="x", error="It broke."))
    first, records = await submit(house, run, *sent)
    again, same = await submit(house, run, *reversed(sent), sent[0])
    assert same == [*reversed(records), records[0]]
    assert again == first
    more, mixed = await submit(house, run, sent[0], Submitted(input="new", output=1))
    assert (mixed[0], mixed[1].seq, more.progress.total) == (records[0], 4, 5)


async def test_sending_records_again_wakes_lanes_that_an_interrupted_call_left_idle(house: House):
    run, items = await a_scored_run(house, concurrency=1)
    sent = Submitted(item_id=items[0].id, output=1)
    await submit(house, run, sent)
    await house.store.tasks._rows.update_many({"run_id": run.id}, {"$set": {"state": TaskState.IDLE}})
    house.hints.clear()
    await submit(house, run, sent)
    assert house.hints == [(f"{run.id}.0", 3)]


async def test_of_many_who_send_the_same_records_at_once_one_stores_them(house: House):
    run, items = await a_scored_run(house, 20)
    sent = [Submitted(item_id=item.id, output=n, cost_usd=1.0, prompt_tokens=1) for n, item in enumerate(items)]
    answers = await asyncio.gather(*(submit(house, run, *sent) for _ in range(6)))
    records = await stored(house, run)
    assert [record.seq for record in records] == list(range(20))
    assert {tuple(record.id for record in given) for _, given in answers} == {tuple(record.id for record in records)}
    found = await house.store.runs.get(run.id)
    assert found is not None
    assert found.progress == Progress(total=20, running=20)


async def test_many_who_send_other_records_at_once_all_get_theirs_in(house: House):
    run = await house.start()
    sent = [[Submitted(input=[caller, n], output=n) for n in range(5)] for caller in range(10)]
    await asyncio.gather(*(submit(house, run, *part) for part in sent))
    records = await stored(house, run)
    assert [record.seq for record in records] == list(range(50))
    assert Counter(record.input[0] for record in records) == dict.fromkeys(range(10), 5)
    assert Counter(record.lane for record in records) == {0: 13, 1: 13, 2: 12, 3: 12}
    found = await house.store.runs.get(run.id)
    assert found is not None
    assert found.progress == Progress(total=50, completed=50)


async def test_an_errored_record_gives_its_place_to_one_that_comes_later(house: House):
    run, items = await a_scored_run(house)
    item = items[0].id
    await submit(house, run, Submitted(item_id=item, error="It broke.", cost_usd=0.5, prompt_tokens=9))
    other, [worse] = await submit(house, run, Submitted(item_id=item, error="It broke again.", cost_usd=0.25))
    assert worse.error == Problem("SYSTEM_ERROR", "It broke again.")
    evaluator_id = run.evaluators[0].evaluator_id
    assert other.progress == Progress(total=1, completed=1, errored=1, cost_usd=0.25)
    assert other.tallies == {evaluator_id: Tally(skipped=1)}
    better, [record] = await submit(house, run, Submitted(item_id=item, output="right", cost_usd=0.125))
    assert (record.status, record.error, record.verdict, record.scores) == (SCORING, None, None, ())
    assert better.progress == Progress(total=1, running=1)
    assert better.tallies == {evaluator_id: Tally()}
    assert await stored(house, run) == [record]
    refusal = await house.refusal(submit(house, run, Submitted(item_id=item, error="It broke.")))
    assert (type(refusal), refusal.field) == (Conflict, "records[0]")


async def test_a_record_with_another_output_is_refused_and_so_are_those_beside_it(house: House):
    run, items = await a_scored_run(house)
    await submit(house, run, Submitted(item_id=items[0].id, output={"a": 1}))
    refusal = await house.refusal(
        submit(
            house,
            run,
            Submitted(item_id=items[1].id, output=1),
            Submitted(item_id=items[0].id, output={"a": 2}),
            Submitted(item_id=items[2].id, output=1),
        )
    )
    assert (type(refusal), refusal.field) == (Conflict, "records[1]")
    await submit(house, run, Submitted(item_id=items[0].id, output={"a": 2}, trial=2))


async def test_records_that_come_while_the_run_is_finished_are_in_it_or_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    run, items = await a_scored_run(house)
    await submit(house, run, Submitted(item_id=items[0].id, error="It broke."))
    before = await stored(house, run)
    get_many = house.store.records.get_many
    finished: list[Run] = []

    async def slow(*args: Any, **options: Any) -> Any:
        if not finished:
            finished.append(await house.services.runs.finish(actor=ANYONE, run_id=run.id))
        return await get_many(*args, **options)

    monkeypatch.setattr(house.store.records, "get_many", slow)
    sent = [Submitted(item_id=items[0].id, output="better"), Submitted(item_id=items[1].id, output=1)]
    with pytest.raises(Conflict, match="was finished or cancelled in the meantime") as refused:
        await submit(house, run, *sent)
    assert refused.value.field == "runId"
    assert await stored(house, run) == before
    found = await house.store.runs.get(run.id)
    assert found is not None
    assert (found.status, found.progress.total) == (RunStatus.SCORING, 1)


async def test_whoever_finishes_first_the_counters_are_those_of_the_records(house: House):
    for concurrent in range(6):
        run = await house.start()
        parts = [[Submitted(input=[caller, n], output=n) for n in range(20)] for caller in range(4)]
        calls = [submit(house, run, *part) for part in parts]
        calls.insert(concurrent % 5, house.services.runs.finish(actor=ANYONE, run_id=run.id))  # type: ignore[arg-type]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes if isinstance(outcome, BaseException)} <= {Conflict}
        ended = await house.services.runs.end(run_id=run.id)
        assert ended is not None
        count = len(await stored(house, run))
        assert count == 20 * sum(isinstance(outcome, tuple) for outcome in outcomes)
        assert (ended.status, ended.progress) == (RunStatus.COMPLETED, Progress(total=count, completed=count))


BIG = "x" * (MAX_PAYLOAD_BYTES // 2)
REFUSED: list[tuple[Submitted, type[Refusal], str]] = [
    (Submitted(), BadInput, "records[1].input"),
    (Submitted(input=1), BadInput, "records[1].output"),
    (Submitted(input=1, output=1, error="x"), BadInput, "records[1].output"),
    (Submitted(input=1, output=1, trial=0), BadInput, "records[1].trial"),
    (Submitted(input=1, output=1, trial=4), BadInput, "records[1].trial"),
    (Submitted(input=float("nan"), output=1), BadInput, "records[1].input"),
    (Submitted(input=1, output={"a": float("inf")}), BadInput, "records[1].output"),
    (Submitted(input=1, expected_output=2**70, output=1), BadInput, "records[1].expectedOutput"),
    (Submitted(input=1, metadata={"a": "\ud800"}, output=1), BadInput, "records[1].metadata"),
    (Submitted(input=1, error="\ud800"), BadInput, "records[1].error"),
    (Submitted(input=BIG, metadata=BIG + "x", output=1), LimitExceeded, "records[1].metadata"),
    (Submitted(input=1, output=BIG + BIG), LimitExceeded, "records[1].output"),
    (Submitted(input=1, output=1, latency_ms=-1), BadInput, "records[1].latencyMs"),
    (Submitted(input=1, output=1, latency_ms=float("nan")), BadInput, "records[1].latencyMs"),
    (Submitted(input=1, output=1, cost_usd=float("inf")), BadInput, "records[1].costUsd"),
    (Submitted(input=1, output=1, prompt_tokens=-1), BadInput, "records[1].promptTokens"),
    (Submitted(input=1, output=1, completion_tokens=10**13), BadInput, "records[1].completionTokens"),
    (Submitted(input=1, output=1, trace_id=""), BadInput, "records[1].traceId"),
    (Submitted(input=1, output=1, trace_id="x" * 201), BadInput, "records[1].traceId"),
    (Submitted(item_id="nothing", output=1), NotFound, "records[1].itemId"),
    (Submitted(item_id="", output=1), NotFound, "records[1].itemId"),
    (Submitted(item_id="LATER", output=1), NotFound, "records[1].itemId"),
    (Submitted(item_id="THEIRS", output=1), NotFound, "records[1].itemId"),
    (Submitted(input="first", output=2), BadInput, "records[1].trial"),
]


@pytest.mark.parametrize(("bad", "kind", "field"), REFUSED)
async def test_one_bad_record_in_the_middle_keeps_all_out(
    house: House, bad: Submitted, kind: type[Refusal], field: str
):
    run, items = await a_scored_run(house)
    if bad.item_id == "LATER":
        dataset_id = items[0].dataset_id
        new = house.services.datasets
        _, [later] = await new.add_items(actor=ANYONE, dataset_id=dataset_id, items=[NewItem(input=1)])
        bad = replace(bad, item_id=later.id)
    if bad.item_id == "THEIRS":
        bad = replace(bad, item_id=(await house.items(await house.dataset(1)))[0].id)
    sent = [Submitted(input="first", output=1), bad, Submitted(item_id=items[0].id, output=1)]
    refusal = await house.refusal(submit(house, run, *sent))
    assert (type(refusal), refusal.field) == (kind, field)


async def test_calls_with_no_records_too_many_or_too_large_ones_are_refused(house: House):
    run = await house.start()
    cases: list[tuple[list[Submitted], type[Refusal], str]] = [
        ([], BadInput, "records"),
        ([Submitted(input=n, output=1) for n in range(1001)], LimitExceeded, "records"),
        ([Submitted(input=[n, BIG], output=BIG) for n in range(9)], LimitExceeded, "records"),
        ([Submitted(item_id=new_id(), output=1)], BadInput, "records[0].itemId"),
    ]
    for sent, kind, field in cases:
        refusal = await house.refusal(submit(house, run, *sent))
        assert (type(refusal), refusal.field) == (kind, field)
    _, records = await submit(house, run, *(Submitted(input=n, output=n) for n in range(1000)))
    assert [record.seq for record in records] == list(range(1000))


async def test_a_record_may_be_as_large_as_its_case_and_its_output_may_be(house: House):
    run = await house.start()
    _, [record] = await submit(house, run, Submitted(input=BIG, metadata=BIG[8:], output=(BIG + BIG)[6:]))
    assert len(record.output) == MAX_PAYLOAD_BYTES - 6
