"""Keyset pages: every row once, in every order, while others are added; cursors and counts."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.errors import BadInput, LimitExceeded, NotFound
from evalyard_core.domain.filters import (
    OrderDirection,
    RecordFilter,
    RecordOrder,
    RecordOrderField,
    RunFilter,
    RunOrder,
    RunOrderField,
)
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.lists import DatasetList, EvaluatorList, PageRequest, RecordList, RunList
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Record
from evalyard_core.domain.runs import DatasetPin, Progress, Run, RunStatus, RunSummary, SystemPin
from evalyard_core.services.lists import ListService
from evalyard_core.storage import Order, Store, listed
from evalyard_core.storage.listed import Selection
from tests.fixtures.commands import Commands
from tests.fixtures.core import a_dataset, a_score, an_evaluator
from tests.fixtures.objects import a_record, a_run

MANY = 31
ASC, DESC = OrderDirection


async def walk(repository: Any, wanted: Any, first: int, add: Any = None) -> list[Any]:
    """Return the rows of all pages; `add` is awaited after each of them."""
    rows: list[Any] = []
    after = None
    for _ in range(MANY + 5):
        [page] = await repository.pages([PageRequest(of=wanted, first=first, after=after)])
        assert len(page.items) == len(page.cursors) <= first
        assert page.has_previous is (after is not None)
        rows += page.items
        if not page.has_next:
            return rows
        assert len(page.items) == first
        after = page.cursors[-1]
        if add is not None:
            await add()
    raise AssertionError("the pages never end")


def _run(project_id: str, n: int, value: int | None) -> Run:
    """Return a run that has `value`, of which there are few, in whatever runs are sorted by."""
    dataset = None if value is None else DatasetPin(id=f"d{value}", name=f"dataset {value}", version=1)
    system = None
    if value is not None:
        system = SystemPin(
            system_id="s", system_name=f"s {value}", version_id="v", version_name="v1", target="acme/echo", config={}
        )
    return a_run(
        project_id,
        number=n,
        status=list(RunStatus)[(value or 0) % 6],
        dataset=dataset,
        system=system,
        progress=Progress(cost_usd=value or 0),
        summary=None if value is None else RunSummary(pass_rate=value / 10, total_duration_ms=float(value)),
    )


RUN_VALUES: dict[RunOrderField, Callable[[Run], Any]] = {
    RunOrderField.STARTED_AT: lambda run: run.created_at,
    RunOrderField.STATUS: lambda run: run.status,
    RunOrderField.DATASET: lambda run: run.dataset and run.dataset.name,
    RunOrderField.SYSTEM: lambda run: run.system and run.system.system_name,
    RunOrderField.PASS_RATE: lambda run: run.summary and run.summary.pass_rate,
    RunOrderField.COST: lambda run: run.progress.cost_usd,
    RunOrderField.DURATION: lambda run: run.summary and run.summary.total_duration_ms,
}
RECORD_VALUES: dict[RecordOrderField, Callable[[Record], Any]] = {
    RecordOrderField.CREATED_AT: lambda record: record.created_at,
    RecordOrderField.LATENCY: lambda record: record.latency_ms,
    RecordOrderField.COST: lambda record: record.cost_usd,
    RecordOrderField.SCORE: lambda record: record.scores[0].number if record.scores else None,
}


def in_order(rows: list[Any], value: Callable[[Any], Any], direction: OrderDirection) -> list[str]:
    """Return the ids of rows sorted as the database does: null before everything, then by id."""
    keyed = sorted(rows, key=lambda row: (value(row) is not None, value(row) or 0, row.id))
    if any(isinstance(value(row), str) for row in rows):
        keyed = sorted(rows, key=lambda row: (value(row) is not None, value(row) or "", row.id))
    return [row.id for row in (keyed if direction is ASC else reversed(keyed))]


@pytest.mark.parametrize(("field", "direction"), list(product(RunOrderField, OrderDirection)))
async def test_pages_of_runs_hold_every_run_once_while_others_start(
    shared_store: Store, field: RunOrderField, direction: OrderDirection
):
    project_id = new_id()
    runs = [_run(project_id, n, None if n % 5 == 0 else n % 7) for n in range(MANY)]
    for run in runs:
        await shared_store.runs.add(run)
    added: list[Run] = []

    async def add() -> None:
        for value in (None, 0, 3, 6) if len(added) < MANY else ():
            added.append(_run(project_id, 1000 + len(added), value))
            await shared_store.runs.add(added[-1])

    wanted = RunList(project_id=project_id, order=RunOrder(field=field, direction=direction))
    value = RUN_VALUES[field] if field is not RunOrderField.STARTED_AT else lambda run: run.created_at.timestamp()
    for first in (1, 7, MANY, 100) if field is RunOrderField.PASS_RATE else (5,):
        found = await walk(shared_store.runs, wanted, first)
        assert [run.id for run in found] == in_order(runs, value, direction)
    found = await walk(shared_store.runs, wanted, 4, add)
    assert len({run.id for run in found}) == len(found)
    old = {run.id for run in runs}
    assert [run.id for run in found if run.id in old] == in_order(runs, value, direction)
    assert len(added) > 20


@pytest.mark.parametrize(
    ("field", "direction", "of_run"),
    [case for case in product(RecordOrderField, OrderDirection, [True, False]) if case[0] != "SCORE" or case[2]],
)
async def test_pages_of_records_hold_every_record_once_while_others_come(
    shared_store: Store, field: RecordOrderField, direction: OrderDirection, of_run: bool
):
    run = a_run(new_id())

    def record(n: int) -> Record:
        value = None if n % 5 == 0 else float(n % 4)
        scores = () if n % 7 == 0 else (a_score(number=value, evaluator_id="e1"), a_score(number=-1, evaluator_id="e2"))
        return a_record(run, n, created_at=run.created_at, latency_ms=value, cost_usd=value, scores=scores)

    records = [record(n) for n in range(MANY)]
    await shared_store.records.add(records)
    wanted = RecordList(
        project_id=run.project_id,
        run_id=run.id if of_run else None,
        order=RecordOrder(field=field, direction=direction, evaluator_id="e1"),
    )
    value = RECORD_VALUES[field] if field is not RecordOrderField.CREATED_AT else lambda _: 0.0
    for first in (5, 100):
        found = await walk(shared_store.records, wanted, first)
        assert [entry.id for entry in found] == in_order(records, value, direction)
    count = MANY

    async def add() -> None:
        nonlocal count
        if count < 2 * MANY:
            await shared_store.records.add([record(n) for n in range(count, count + 4)])
            count += 4

    found = await walk(shared_store.records, wanted, 4, add)
    old = {entry.id for entry in records}
    assert len({entry.id for entry in found}) == len(found)
    assert [entry.id for entry in found if entry.id in old] == in_order(records, value, direction)


async def test_the_records_of_a_run_are_in_its_own_order(shared_store: Store):
    run = a_run(new_id())
    await shared_store.records.add([a_record(run, n) for n in reversed(range(MANY))])
    found = await walk(shared_store.records, RecordList(project_id=run.project_id, run_id=run.id), 10)
    assert [record.seq for record in found] == list(range(MANY))


async def test_many_lists_are_read_in_one_round_trip(mongodb_url: str, database_name: str):
    commands = Commands()
    store = await Store.open(mongodb_url, database_name, event_listeners=[commands])
    try:
        projects = [new_id() for _ in range(30)]
        runs = [_run(project_id, n, n) for project_id in projects for n in range(5)]
        for run in runs:
            await store.runs.add(run)
        commands.take()
        asked = [PageRequest(of=RunList(project_id=project_id), first=3) for project_id in projects]
        pages = await store.runs.pages(asked)
        counts = await store.runs.counts([request.of for request in asked])
        assert len(commands.take()) == 2
        assert counts == [5] * 30
        for project_id, page in zip(projects, pages, strict=True):
            assert not isinstance(page, BadInput)
            own = [run for run in runs if run.project_id == project_id]
            assert [run.id for run in page.items] == in_order(own, lambda run: run.created_at.timestamp(), DESC)[:3]
        behind = [
            PageRequest(of=request.of, first=3, after=page.cursors[-1])
            for request, page in zip(asked, pages, strict=True)
            if not isinstance(page, BadInput)
        ]
        rest = await store.runs.pages(behind)
        assert len(commands.take()) == 1
        assert {(len(page.items), page.has_next) for page in rest if not isinstance(page, BadInput)} == {(2, False)}
        assert await store.runs.pages([]) == []
        assert commands.take() == []
    finally:
        await store.close()


async def test_a_page_that_is_refused_leaves_the_others(shared_store: Store):
    project_id = new_id()
    for n in range(3):
        await shared_store.runs.add(_run(project_id, n, n))
    by_cost = RunList(project_id=project_id, order=RunOrder(field=RunOrderField.COST))
    [page] = await shared_store.runs.pages([PageRequest(of=by_cost, first=1)])
    assert not isinstance(page, BadInput)
    refused, answered, nonsense = await shared_store.runs.pages(
        [
            PageRequest(of=RunList(project_id=project_id), first=1, after=page.cursors[0]),
            PageRequest(of=by_cost, first=1, after=page.cursors[0]),
            PageRequest(of=by_cost, first=1, after="nonsense"),
        ]
    )
    assert isinstance(refused, BadInput)
    assert (refused.code, refused.field) == ("BAD_USER_INPUT", "after")
    assert isinstance(nonsense, BadInput)
    assert not isinstance(answered, BadInput)
    assert len(answered.items) == 1


@pytest.mark.parametrize(
    ("order", "wanted", "field"),
    [
        (RecordOrder(field=RecordOrderField.SCORE), RecordFilter(run_ids=("r",)), "orderBy.evaluatorId"),
        (RecordOrder(field=RecordOrderField.SCORE, evaluator_id="e"), RecordFilter(), "orderBy.field"),
    ],
)
async def test_an_order_by_score_names_the_evaluator_and_stays_in_runs(
    shared_store: Store, order: RecordOrder, wanted: RecordFilter, field: str
):
    [refused] = await shared_store.records.pages(
        [PageRequest(of=RecordList(project_id="p", order=order, wanted=wanted), first=3)]
    )
    assert isinstance(refused, BadInput)
    assert refused.field == field


@pytest.mark.parametrize("evaluator_id", ["$input", "$$ROOT", "$.a", "a.b", "\0", "$$this.number"])
async def test_an_evaluator_id_is_never_taken_for_an_expression(shared_store: Store, evaluator_id: str):
    run = a_run(new_id())
    await shared_store.records.add([a_record(run, n, scores=(a_score(number=n),)) for n in range(3)])
    order = RecordOrder(field=RecordOrderField.SCORE, evaluator_id=evaluator_id)
    found = await walk(shared_store.records, RecordList(project_id=run.project_id, run_id=run.id, order=order), 2)
    assert sorted(record.seq for record in found) == [0, 1, 2]


async def test_a_cursor_by_one_evaluator_s_scores_is_none_of_another_s(shared_store: Store):
    run = a_run(new_id())
    await shared_store.records.add([a_record(run, n, scores=(a_score(number=n),)) for n in range(3)])
    by_one, by_other = (
        RecordList(
            project_id=run.project_id,
            run_id=run.id,
            order=RecordOrder(field=RecordOrderField.SCORE, evaluator_id=evaluator_id),
        )
        for evaluator_id in ("e" * 24, "f" * 24)
    )
    [page] = await shared_store.records.pages([PageRequest(of=by_one, first=1)])
    assert not isinstance(page, BadInput)
    [refused] = await shared_store.records.pages([PageRequest(of=by_other, first=1, after=page.cursors[0])])
    assert isinstance(refused, BadInput)


async def test_lists_hold_what_is_searched_for_and_never_take_it_for_a_pattern(shared_store: Store):
    project_id = new_id()
    names = ["Alpha", "alphabet", "a.b", "axb", "(x", "größe", "100%"]
    for name in names:
        await shared_store.datasets.add(a_dataset(project_id, name=name, tags=("t", name)))
    found: dict[str, list[str]] = {}
    for search in ("ALPHA", "a.b", "(", "GRÖSSE", "Größe", "%", ".*", ""):
        rows = await walk(shared_store.datasets, DatasetList(project_id=project_id, search=search), 3)
        found[search] = [dataset.name for dataset in rows]
    assert found == {
        "ALPHA": ["Alpha", "alphabet"],
        "a.b": ["a.b"],
        "(": ["(x"],
        "GRÖSSE": [],
        "Größe": ["größe"],
        "%": ["100%"],
        ".*": [],
        "": names,
    }
    tagged = await walk(shared_store.datasets, DatasetList(project_id=project_id, tags=("t", "axb")), 3)
    assert [dataset.name for dataset in tagged] == ["axb"]


async def test_records_are_found_by_what_their_json_says(shared_store: Store):
    run = a_run(new_id())
    texts = ['say "hi"', "line\nbreak", "back\\slash", "größer", "plain"]
    records = [a_record(run, n, input={"text": text}, output=None) for n, text in enumerate(texts)]
    await shared_store.records.add([*records, a_record(run, 9, input={}, output={"answer": "PLAIN"})])
    found: dict[str, list[int]] = {}
    for search in ('"hi"', "line\nb", "k\\s", "Größer", "plain", "nowhere"):
        wanted = RecordList(project_id=run.project_id, run_id=run.id, wanted=RecordFilter(search=search))
        found[search] = [record.seq for record in await walk(shared_store.records, wanted, 10)]
        assert await shared_store.records.counts([wanted]) == [len(found[search])]
    assert found == {'"hi"': [0], "line\nb": [1], "k\\s": [2], "Größer": [3], "plain": [4, 9], "nowhere": []}


async def test_hidden_runs_and_deleted_evaluators_are_in_no_list(shared_store: Store):
    project_id = new_id()
    runs = [_run(project_id, n, n) for n in range(3)]
    evaluators = [an_evaluator(project_id) for _ in range(3)]
    for run, evaluator in zip(runs, evaluators, strict=True):
        await shared_store.runs.add(run)
        await shared_store.evaluators.add(evaluator)
    await shared_store.runs.hide(runs[1].id)
    await shared_store.evaluators.retire(evaluators[1].id, now())
    found = await walk(shared_store.runs, RunList(project_id=project_id, wanted=RunFilter()), 10)
    assert {run.id for run in found} == {runs[0].id, runs[2].id}
    assert await shared_store.runs.counts([RunList(project_id=project_id)]) == [2]
    kept = await walk(shared_store.evaluators, EvaluatorList(project_id=project_id), 10)
    assert [evaluator.id for evaluator in kept] == [evaluators[0].id, evaluators[2].id]


async def test_a_list_of_another_project_is_refused_before_it_is_read(shared_store: Store):
    lists = ListService(shared_store)
    viewer = Actor(name="viewer", role=Role.VIEWER, project_id="p1")
    with pytest.raises(NotFound):
        await lists.runs.pages(actor=viewer, asked=[PageRequest(of=RunList(project_id="p2"), first=3)])
    with pytest.raises(NotFound):
        await lists.runs.counts(actor=viewer, lists=[RunList(project_id="p1"), RunList(project_id="p2")])


async def test_what_is_filtered_in_a_whole_project_is_counted_among_the_newest(
    shared_store: Store, monkeypatch: pytest.MonkeyPatch
):
    run = a_run(new_id())
    records = [
        a_record(run, n, created_at=now() + timedelta(seconds=n), latency_ms=10.0 if n % 2 else 20.0) for n in range(10)
    ]
    await shared_store.records.add(records)
    monkeypatch.setattr(listed, "MOST_COUNTED", 4)
    slow, item = RecordFilter(min_latency_ms=15), RecordFilter(min_latency_ms=15, item_ids=(records[0].item_id or "",))
    lists = [
        RecordList(project_id=run.project_id, wanted=slow),
        RecordList(project_id=run.project_id, wanted=item),
        RecordList(project_id=run.project_id, run_id=run.id, wanted=slow),
        RecordList(project_id=run.project_id),
    ]
    assert await shared_store.records.counts(lists) == [2, 1, 4, 4]
    assert len(await walk(shared_store.records, lists[0], 2)) == 5


async def test_what_takes_too_long_to_find_is_refused(shared_store: Store, monkeypatch: pytest.MonkeyPatch):
    await shared_store.records.add([a_record(a_run(), n) for n in range(2)])
    numbers = {"$range": [0, 1_000_000]}
    slow = {"$gt": [{"$reduce": {"input": numbers, "initialValue": "$seq", "in": {"$add": ["$$value", 1]}}}, 0]}
    monkeypatch.setattr(listed, "_MOST_MILLISECONDS", 1)
    monkeypatch.setattr(shared_store.records, "selection", lambda _: Selection({"$expr": slow}, Order()))
    wanted = RecordList(project_id="p")
    for ask in (
        lambda: shared_store.records.pages([PageRequest(of=wanted, first=3)]),
        lambda: shared_store.records.counts([wanted]),
    ):
        with pytest.raises(LimitExceeded) as refused:
            await ask()
        assert refused.value.message == "Finding this takes too long; filter by less, or in fewer runs."
