"""Runs: each change names the state that it comes from, counters are increments, and figures are exact."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from evalyard_core.domain.counting import tallies_of
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.payload import now
from evalyard_core.domain.runs import (
    STOPPABLE,
    TRANSITIONS,
    DatasetPin,
    Distribution,
    Interval,
    LabelCount,
    PassAtK,
    Progress,
    Run,
    RunStatus,
    RunSummary,
    SystemPin,
    Tally,
)
from evalyard_core.storage import Store
from evalyard_core.storage.runs import Figures, RepeatedKey
from tests.fixtures.commands import Commands
from tests.fixtures.core import a_project, a_score, a_snapshot
from tests.fixtures.objects import a_record, a_run

PENDING, RUNNING, SCORING, COMPLETED, FAILED, CANCELLED = RunStatus
SUMMARY = RunSummary(
    total_cost_usd=0.5,
    pass_rate=0.25,
    pass_rate_interval=Interval(low=0.1, high=0.5),
    passed=1,
    failed=3,
    pass_at_k=(PassAtK(k=1, any_passes=0.25, all_pass=0.25),),
)


async def stored(store: Store, run: Run | None = None, **changes: object) -> Run:
    run = run or a_run(new_id(), **changes)
    await store.runs.add(run)
    return run


def pins(dataset: str, system: str) -> dict[str, object]:
    return {
        "dataset": DatasetPin(id=dataset, name=dataset, version=1),
        "system": SystemPin(
            system_id=system, system_name=system, version_id="v", version_name="v", target="acme/echo", config={"a": 1}
        ),
    }


async def test_a_run_comes_back_as_it_was_stored(shared_store: Store):
    run = a_run(
        new_id(),
        **pins("d", "s"),
        status_reason="Because.",
        evaluators=(a_snapshot(config={"a.b": {"$c": None}}),),
        metadata={"commit": "abc"},
        tags=("a",),
        progress=Progress(total=3, cost_usd=0.5),
        tallies={"e1": Tally(scored=1)},
        summary=SUMMARY,
        distributions={"e1": Distribution(mean=0.5, labels=(LabelCount(label="a", count=1),))},
        rescoring=("e1",),
    )
    await stored(shared_store, run)
    assert await shared_store.runs.get(run.id) == run
    assert await shared_store.runs.get_many([run.id, "nothing"]) == {run.id: run}


async def test_a_hidden_run_is_gone_for_whoever_reads_and_known_to_whoever_cleans_up(shared_store: Store):
    run = await stored(shared_store)
    await shared_store.runs.hide(run.id)
    assert await shared_store.runs.get(run.id) is None
    assert await shared_store.runs.change(run.id, {"name": "new"}) is None
    assert run.id in await shared_store.runs.hidden()
    assert run.id not in await shared_store.runs.without_end()
    await shared_store.runs.delete(run.id)
    assert run.id not in await shared_store.runs.hidden()


async def test_a_key_starts_one_run_of_a_project(shared_store: Store):
    project_id = new_id()
    runs = [a_run(project_id, idempotency_key="k", number=n) for n in range(5)]

    async def add(run: Run) -> Run | None:
        try:
            return await stored(shared_store, run)
        except RepeatedKey:
            return None

    [first] = [run for run in await asyncio.gather(*map(add, runs)) if run is not None]
    assert await shared_store.runs.by_idempotency_key(project_id, "k") == first
    assert await shared_store.runs.by_idempotency_key(project_id, "other") is None
    await stored(shared_store, a_run(new_id(), idempotency_key="k"))
    await stored(shared_store, a_run(project_id))
    await stored(shared_store, a_run(project_id))


async def test_runs_of_a_project_are_numbered_from_1_whoever_starts_them_at_once(shared_store: Store):
    project = a_project()
    await shared_store.projects.add(project)
    numbers = await asyncio.gather(*(shared_store.projects.next_run_number(project.id) for _ in range(20)))
    assert sorted(numbers) == list(range(1, 21))
    assert await shared_store.projects.get(project.id) == project


@pytest.mark.parametrize(("before", "after"), [(a, b) for a in RunStatus for b in RunStatus if b in TRANSITIONS[a]])
async def test_a_run_moves_from_the_status_that_was_named_and_from_no_other(
    shared_store: Store, before: RunStatus, after: RunStatus
):
    moment = now() + timedelta(seconds=9)
    run = await stored(shared_store, status=before, started_at=None)
    moved = await shared_store.runs.move(run.id, after, of=[before], at=moment, reason="Because.", total=7)
    assert moved is not None
    assert (moved.status, moved.status_reason, moved.revision, moved.progress.total) == (after, "Because.", 1, 7)
    assert (moved.started_at == moment) is (after is RUNNING)
    assert (moved.finished_at == moment) is moved.is_terminal
    assert await shared_store.runs.move(run.id, after, of=[before], at=moment) is None
    assert await shared_store.runs.get(run.id) == moved


async def test_a_move_that_the_table_does_not_have_is_a_fault_of_ours(shared_store: Store):
    run = await stored(shared_store, status=COMPLETED)
    with pytest.raises(ValueError, match="never goes from COMPLETED to CANCELLED"):
        await shared_store.runs.move(run.id, CANCELLED, of=[COMPLETED], at=now())
    assert await shared_store.runs.move(run.id, CANCELLED, of=STOPPABLE, at=now()) is None
    assert await shared_store.runs.get(run.id) == run


async def test_counters_are_incremented_by_all_who_count_at_once(shared_store: Store):
    run = await stored(shared_store, progress=Progress(total=100), tallies={})
    part = Progress(completed=2, passed=1, failed=1, cost_usd=0.25, tokens=10)
    tallies = {"e1": Tally(scored=2, passed=1, failed=1, cost_usd=0.5), "~a%2Eb": Tally(skipped=2)}
    pulses = await asyncio.gather(*(shared_store.runs.add_progress(run.id, part, tallies) for _ in range(20)))
    assert max(pulse.progress.completed for pulse in pulses if pulse) == 40
    found = await shared_store.runs.get(run.id)
    assert found is not None
    assert found.progress == Progress(total=100, completed=40, passed=20, failed=20, cost_usd=5.0, tokens=200)
    assert found.tallies == {"e1": Tally(scored=40, passed=20, failed=20, cost_usd=10.0), "~a%2Eb": Tally(skipped=40)}
    assert found.revision == 20
    pulse = await shared_store.runs.pulse(run.id)
    assert pulse is not None
    assert (pulse.status, pulse.progress, pulse.started_at) == (RUNNING, found.progress, run.started_at)
    assert await shared_store.runs.pulse("nothing") is None
    assert await shared_store.runs.add_progress("nothing", part, {}) is None


@pytest.mark.parametrize("name", ["tone etc.", ".", "v1..2", "$set", "a.$.b", "50%", "a%2Eb", "größe 😀"])
async def test_scores_of_any_name_are_counted_under_it_alone(shared_store: Store, name: str):
    run, score = await stored(shared_store), a_score(evaluator_id=None, name=name)
    other = a_score(evaluator_id=None, name=name.replace(".", "%2E") + ".")
    record = a_record(run, 0, scores=(score, other))
    for _ in range(2):
        await shared_store.runs.add_progress(run.id, Progress(), tallies_of([record]))
    found = await shared_store.runs.get(run.id)
    assert found is not None
    assert found.tallies == {score.key: Tally(scored=2, passed=2), other.key: Tally(scored=2, passed=2)}
    figures = Figures(progress=Progress(), tallies=tallies_of([record]))
    exact = await shared_store.runs.store_figures(run.id, figures)
    assert exact is not None
    assert exact.tallies == {score.key: Tally(scored=1, passed=1), other.key: Tally(scored=1, passed=1)}


async def test_places_are_reserved_once_and_only_while_the_run_takes_records(shared_store: Store):
    run = await stored(shared_store)

    async def reserve(count: int) -> int | None:
        return await shared_store.transaction(
            lambda session: shared_store.runs.reserve_places(run.id, count, session=session)
        )

    firsts = await asyncio.gather(*(reserve(3) for _ in range(8)))
    assert sorted(first for first in firsts if first is not None) == list(range(0, 24, 3))
    await shared_store.runs.move(run.id, SCORING, of=[RUNNING], at=now())
    assert await reserve(3) is None


FIGURES = Figures(
    progress=Progress(total=4, completed=4, passed=1, failed=3),
    tallies={"e1": Tally(scored=4), "~v1%2E.": Tally(scored=1)},
    summary=SUMMARY,
    distributions={"e1": Distribution(mean=0.5), "~v1%2E.": Distribution()},
)


@pytest.mark.parametrize("status", [RUNNING, SCORING, FAILED, CANCELLED, COMPLETED])
async def test_a_run_is_concluded_once_nothing_has_changed_since_it_was_read(shared_store: Store, status: RunStatus):
    run, moment = await stored(shared_store, status=status), now() + timedelta(seconds=5)
    ended = await shared_store.runs.conclude(run, FIGURES, at=moment)
    assert ended is not None
    assert ended.status is (COMPLETED if status in {RUNNING, SCORING} else status)
    assert ended.finished_at == (moment if status in {RUNNING, SCORING} else None)
    assert (ended.progress, ended.summary) == (FIGURES.progress, FIGURES.summary)
    assert (ended.tallies, ended.distributions) == (FIGURES.tallies, FIGURES.distributions)
    assert await shared_store.runs.conclude(run, FIGURES, at=moment) is None
    assert await shared_store.runs.get(run.id) == ended


async def test_counters_are_replaced_without_a_summary_where_none_is_given(shared_store: Store):
    run = await stored(shared_store, summary=SUMMARY, tallies={"old": Tally(scored=9)})
    figures = Figures(progress=Progress(total=2), tallies={"e1": Tally(scored=1)})
    changed = await shared_store.runs.store_figures(run.id, figures)
    assert changed == replace(run, progress=figures.progress, tallies=figures.tallies, revision=1)


async def test_an_ended_run_comes_back_to_work_unless_it_has_changed(shared_store: Store):
    run = await stored(shared_store, status=COMPLETED, status_reason="Done.", finished_at=now(), summary=SUMMARY)
    evaluators = (a_snapshot(), a_snapshot())
    wanted = replace(run, evaluators=evaluators)
    reopened = await shared_store.runs.reopen(wanted, SCORING, rescoring=["e1"])
    assert reopened == replace(
        run,
        status=SCORING,
        status_reason=None,
        finished_at=None,
        evaluators=evaluators,
        rescoring=("e1",),
        revision=1,
    )
    assert await shared_store.runs.reopen(wanted, SCORING, rescoring=["e1"]) is None


async def test_the_run_before_each_of_many_is_found_in_one_round_trip(mongodb_url: str, database_name: str):
    commands = Commands()
    store = await Store.open(mongodb_url, database_name, event_listeners=[commands])
    try:
        runs = [
            await stored(store, a_run("p", number=n, hidden=n == 5, **pins(dataset, system)))
            for n, (dataset, system) in enumerate(product("ab", "xy"), start=1)
            for n in (n, n + 4, n + 8)
        ]
        alone = [
            await stored(store, a_run("p", number=90)),
            await stored(store, a_run("p", number=91, dataset=DatasetPin(id="a", name="a", version=1))),
        ]
        commands.take()
        found = await store.runs.previous_of([*runs, *alone])
        assert len(commands.take()) == 1
        by_number = {run.number: run for run in runs}
        # Number 5 is being deleted, so that 1 comes before 9.
        before = {n: n - 4 for n in range(6, 13)} | {9: 1, 5: 1}
        assert {run.number: found[run.id].number for run in runs if run.id in found} == before
        assert found[by_number[9].id] == by_number[1]
        assert found[by_number[12].id] == by_number[8]
        assert by_number[1].id not in found
        commands.take()
        assert await store.runs.previous_of([]) == {}
        assert commands.take() == []
    finally:
        await store.close()


async def test_the_sweeper_finds_what_is_at_work_and_what_was_stopped_without_a_summary(shared_store: Store):
    cases = {
        (status, summed): await stored(shared_store, status=status, summary=SUMMARY if summed else None)
        for status, summed in product(RunStatus, [False, True])
    }
    found = set(await shared_store.runs.without_end())
    assert {case for case, run in cases.items() if run.id in found} == {
        (RUNNING, False),
        (RUNNING, True),
        (SCORING, False),
        (SCORING, True),
        (FAILED, False),
        (CANCELLED, False),
    }


async def test_the_newest_runs_and_the_number_of_those_at_work(mongodb_url: str, database_name: str):
    store = await Store.open(mongodb_url, database_name)
    try:
        moment = now()
        runs = [
            await stored(store, a_run("p", created_at=moment + timedelta(seconds=n), status=list(RunStatus)[n % 6]))
            for n in range(9)
        ]
        assert await store.runs.newest("p", 3) == [run.id for run in runs[:-4:-1]]
        assert await store.runs.count_unfinished() == {PENDING: 2, RUNNING: 2, SCORING: 2}
    finally:
        await store.close()
