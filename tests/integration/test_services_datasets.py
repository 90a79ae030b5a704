"""Datasets: versions of their items, all or nothing, under concurrency; schemas, names, and attached evaluators."""

import asyncio
import random
from collections import Counter
from typing import Any

import pytest

from evalyard_core.domain.access import Role
from evalyard_core.domain.datasets import Dataset, Item, ItemSource, ValidationError
from evalyard_core.domain.errors import BadInput, Conflict, Forbidden, LimitExceeded, NotFound, Refusal
from evalyard_core.domain.evaluators import ScoreType, Threshold, ThresholdOperator, VariableMapping
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.lists import ItemList, PageRequest
from evalyard_core.domain.payload import MAX_PAYLOAD_BYTES
from evalyard_core.services.access import ANYONE
from evalyard_core.services.datasets import NewItem
from tests.fixtures.core import a_project
from tests.fixtures.house import House


async def test_a_new_dataset_is_empty_and_at_version_0(house: House):
    dataset = await house.services.datasets.create(
        actor=house.key(Role.EDITOR),
        project_id=house.project.id,
        name=" cases ",
        description="What they ask.",
        tags=["a", "b", "a"],
        input_schema={"type": "object"},
    )
    assert (dataset.name, dataset.tags, dataset.version, dataset.item_count) == ("cases", ("a", "b"), 0, 0)
    assert await house.services.datasets.get(actor=house.key(Role.VIEWER), dataset_id=dataset.id) == dataset
    assert await house.services.datasets.get(actor=house.key(Role.ADMIN, "other"), dataset_id=dataset.id) is None


async def test_an_older_version_reads_exactly_as_it_was(house: House):
    """Each of the changes begins a version; what every version held is compared with what was read when it was new."""
    dice = random.Random(5)
    dataset = await house.dataset(3)
    versions: list[list[Item]] = [[], await house.items(dataset)]
    for step in range(12):
        current = versions[-1]
        if step % 3 == 0:
            new = [NewItem(input={"step": step, "n": n}, metadata={"n": n}) for n in range(dice.randint(1, 3))]
            await house.services.datasets.add_items(actor=ANYONE, dataset_id=dataset.id, items=new)
        elif step % 3 == 1:
            item = dice.choice(current)
            changes = {"input": {"changed": step}, "tags": [f"step {step}"]}
            await house.services.datasets.update_item(actor=ANYONE, item_id=item.id, changes=changes)
        else:
            gone = [item.id for item in dice.sample(current, 2)]
            await house.services.datasets.delete_items(actor=ANYONE, item_ids=gone)
        versions.append(await house.items(dataset))
    newest = await house.store.datasets.get(dataset.id)
    assert newest is not None
    assert (newest.version, newest.item_count) == (13, len(versions[-1]))
    for version, items in enumerate(versions):
        assert await house.items(dataset, version) == items
        listed = ItemList(project_id=dataset.project_id, dataset_id=dataset.id, version=version)
        [page] = await house.store.items.pages([PageRequest(of=listed, first=100)])
        assert not isinstance(page, BadInput)
        assert list(page.items) == items
        assert await house.store.items.counts([listed]) == [len(items)]
        found = await house.store.items.at_version([item.id for item in versions[-1]], dataset.id, version)
        assert found == {item.id: item for item in items if item.id in {other.id for other in versions[-1]}}
    assert [item.seq for item in versions[-1]] == sorted(item.seq for item in versions[-1])
    assert len({item.seq for items in versions for item in items}) == len({i.id for items in versions for i in items})


async def test_a_changed_item_keeps_its_id_its_place_and_what_was_not_changed(house: House):
    dataset = await house.dataset(2)
    first, second = await house.items(dataset)
    changed = await house.services.datasets.update_item(
        actor=house.key(Role.EDITOR), item_id=first.id, changes={"expected_output": None, "metadata": {"a": 1}}
    )
    assert await house.items(dataset) == [changed, second]
    assert (changed.id, changed.seq, changed.input, changed.tags) == (first.id, first.seq, first.input, first.tags)
    assert (changed.expected_output, changed.metadata, changed.since) == (None, {"a": 1}, 2)
    assert (changed.created_at, changed.source) == (first.created_at, first.source)
    assert await house.services.datasets.get_items(actor=ANYONE, ids=[first.id, second.id]) == {
        first.id: changed,
        second.id: second,
    }


async def test_a_deleted_item_can_still_be_read_but_not_changed_or_deleted_again(house: House):
    dataset = await house.dataset(2)
    first, second = await house.items(dataset)
    left = await house.services.datasets.delete_items(actor=ANYONE, item_ids=[first.id, first.id])
    assert (left.version, left.item_count) == (2, 1)
    assert await house.items(dataset) == [second]
    assert await house.services.datasets.get_items(actor=ANYONE, ids=[first.id]) == {first.id: first}
    again = await house.refusal(house.services.datasets.delete_items(actor=ANYONE, item_ids=[second.id, first.id]))
    assert (type(again), again.field) == (NotFound, "ids[1]")
    changes = house.services.datasets.update_item(actor=ANYONE, item_id=first.id, changes={"input": 1})
    assert (await house.refusal(changes)).field == "id"


async def test_twenty_callers_who_add_at_once_all_get_their_items_in(house: House):
    dataset = await house.dataset()

    async def add(caller: int) -> tuple[Dataset, list[Item]]:
        new = [NewItem(input={"caller": caller, "n": n}) for n in range(3)]
        grown, items = await house.services.datasets.add_items(actor=ANYONE, dataset_id=dataset.id, items=new)
        return grown, list(items)

    added = await asyncio.gather(*(add(caller) for caller in range(20)))
    newest = await house.store.datasets.get(dataset.id)
    assert newest is not None
    assert (newest.version, newest.item_count, newest.next_seq) == (20, 60, 60)
    assert sorted(grown.version for grown, _ in added) == list(range(1, 21))
    items = await house.items(dataset)
    assert [item.seq for item in items] == list(range(60))
    assert Counter(item.input["caller"] for item in items) == dict.fromkeys(range(20), 3)
    for grown, own in added:
        assert {item.since for item in own} == {grown.version}
        assert await house.services.datasets.get_items(actor=ANYONE, ids=[i.id for i in own]) == {i.id: i for i in own}
        assert len(await house.items(dataset, grown.version)) == grown.item_count == 3 * grown.version


async def test_of_those_who_delete_the_same_item_at_once_one_does(house: House):
    dataset = await house.dataset(4)
    first, second, *_ = await house.items(dataset)

    async def delete() -> Dataset | Refusal:
        try:
            return await house.services.datasets.delete_items(actor=ANYONE, item_ids=[first.id, second.id])
        except Refusal as refusal:
            return refusal

    outcomes = await asyncio.gather(*(delete() for _ in range(8)))
    deleted = [outcome for outcome in outcomes if isinstance(outcome, Dataset)]
    assert [(dataset.version, dataset.item_count) for dataset in deleted] == [(2, 2)]
    assert {type(outcome) for outcome in outcomes if isinstance(outcome, Refusal)} <= {Conflict, NotFound}
    newest = await house.store.datasets.get(dataset.id)
    assert newest is not None
    assert (newest.version, newest.item_count, len(await house.items(dataset))) == (2, 2, 2)


async def test_changes_of_one_item_at_once_make_a_version_each(house: House):
    dataset = await house.dataset(1)
    [item] = await house.items(dataset)
    await asyncio.gather(
        *(
            house.services.datasets.update_item(actor=ANYONE, item_id=item.id, changes={"input": {"by": n}})
            for n in range(8)
        )
    )
    inputs = [(await house.items(dataset, version))[0].input for version in range(1, 10)]
    assert inputs[0] == item.input
    assert sorted(entry["by"] for entry in inputs[1:]) == list(range(8))


BIG = "x" * (MAX_PAYLOAD_BYTES // 2)


@pytest.mark.parametrize(
    ("bad", "kind", "field"),
    [
        (NewItem(input=None), BadInput, "items[1].input"),
        (NewItem(input=float("nan")), BadInput, "items[1].input"),
        (NewItem(input=1, expected_output=2**64), BadInput, "items[1].expectedOutput"),
        (NewItem(input=1, metadata={"a": "\ud800"}), BadInput, "items[1].metadata"),
        (NewItem(input=1, tags=["a", ""]), BadInput, "items[1].tags[1]"),
        (NewItem(input=1, tags=[str(n) for n in range(51)]), LimitExceeded, "items[1].tags"),
        (NewItem(input=BIG * 2), LimitExceeded, "items[1].input"),
        (NewItem(input=BIG, expected_output=BIG), LimitExceeded, "items[1].input"),
        (NewItem(input=1, metadata=BIG + BIG), LimitExceeded, "items[1].metadata"),
    ],
)
async def test_one_bad_item_in_the_middle_keeps_all_out(house: House, bad: NewItem, kind: type[Refusal], field: str):
    dataset = await house.dataset(1)
    items = [NewItem(input=1), bad, NewItem(input=3)]
    refusal = await house.refusal(house.services.datasets.add_items(actor=ANYONE, dataset_id=dataset.id, items=items))
    assert (type(refusal), refusal.field) == (kind, field)


async def test_calls_with_no_items_too_many_or_too_large_ones_are_refused(house: House):
    dataset = await house.dataset()
    cases: list[tuple[list[NewItem], type[Refusal]]] = [
        ([], BadInput),
        ([NewItem(input=1)] * 1001, LimitExceeded),
        ([NewItem(input=BIG)] * 17, LimitExceeded),
    ]
    for items, kind in cases:
        adding = house.services.datasets.add_items(actor=ANYONE, dataset_id=dataset.id, items=items)
        refusal = await house.refusal(adding)
        assert (type(refusal), refusal.field) == (kind, "items")
    _, added = await house.services.datasets.add_items(
        actor=ANYONE, dataset_id=dataset.id, items=[NewItem(input=n) for n in range(1000)]
    )
    assert [item.input for item in added] == list(range(1000))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"input": None}, "input.input"),
        ({"expected_output": float("inf")}, "input.expectedOutput"),
        ({"metadata": BIG + BIG}, "input.metadata"),
        ({"tags": [" "]}, "input.tags[0]"),
        # Each is small enough, but an item is one document.
        ({"expected_output": BIG}, "input.expectedOutput"),
    ],
)
async def test_a_bad_change_of_an_item_changes_nothing(house: House, changes: dict[str, Any], field: str):
    dataset = await house.dataset()
    [item] = (
        await house.services.datasets.add_items(actor=ANYONE, dataset_id=dataset.id, items=[NewItem(input=BIG[2:])])
    )[1]
    changing = house.services.datasets.update_item(actor=ANYONE, item_id=item.id, changes=changes)
    assert (await house.refusal(changing)).field == field


async def test_an_item_that_breaks_the_schema_is_kept_and_says_where(house: House):
    schema = {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}
    dataset = await house.dataset(input_schema=schema)
    new = [NewItem(input={"q": "why?"}), NewItem(input={"q": 7}), NewItem(input="text", source=ItemSource.IMPORT)]
    _, items = await house.services.datasets.add_items(actor=ANYONE, dataset_id=dataset.id, items=new)
    problems = [
        (),
        (ValidationError(path="$.q", message="7 is not of type 'string'"),),
        (ValidationError(path="$", message="'text' is not of type 'object'"),),
    ]
    assert [item.validation_errors for item in items] == problems
    assert list(items) == await house.items(dataset)
    mended = await house.services.datasets.update_item(
        actor=ANYONE, item_id=items[1].id, changes={"input": {"q": "seven"}}
    )
    assert mended.validation_errors == ()
    looser = await house.services.datasets.update(actor=ANYONE, dataset_id=dataset.id, changes={"input_schema": None})
    assert looser.input_schema is None
    _, later = await house.services.datasets.add_items(actor=ANYONE, dataset_id=dataset.id, items=[NewItem(input=7)])
    assert later[0].validation_errors == ()


async def test_a_name_belongs_to_one_dataset_of_a_project(house: House):
    taken = await house.dataset(name="taken")
    again = await house.refusal(house.dataset(name=" taken"))
    assert (type(again), again.field) == (Conflict, "input.name")
    other = await house.dataset(name="Taken")
    renaming = house.services.datasets.update(actor=ANYONE, dataset_id=other.id, changes={"name": "taken"})
    assert (type(await house.refusal(renaming)), again.field) == (Conflict, "input.name")
    elsewhere = a_project()
    await house.store.projects.add(elsewhere)
    await house.services.datasets.create(actor=ANYONE, project_id=elsewhere.id, name="taken")
    await house.services.datasets.delete(actor=house.key(Role.ADMIN), dataset_id=taken.id)
    assert (await house.dataset(name="taken")).name == "taken"


async def test_a_changed_dataset_keeps_what_was_not_changed(house: House):
    dataset = await house.dataset(2, description="old", tags=["a"])
    changed = await house.services.datasets.update(
        actor=house.key(Role.EDITOR), dataset_id=dataset.id, changes={"name": "new", "tags": ["b"]}
    )
    assert (changed.name, changed.description, changed.tags, changed.version) == ("new", "old", ("b",), 1)
    assert changed.updated_at >= dataset.updated_at


async def test_a_deleted_dataset_takes_its_items_along(house: House):
    dataset, other = await house.dataset(3), await house.dataset(2)
    await house.services.datasets.delete(actor=house.key(Role.ADMIN), dataset_id=dataset.id)
    assert await house.services.datasets.get(actor=ANYONE, dataset_id=dataset.id) is None
    assert await house.store.items._rows.count_documents({"dataset_id": dataset.id}) == 0
    assert len(await house.items(other)) == 2
    adding = house.services.datasets.add_items(actor=ANYONE, dataset_id=dataset.id, items=[NewItem(input=1)])
    assert type(await house.refusal(adding)) is NotFound


async def test_each_use_case_needs_its_role_and_its_project(house: House):
    datasets, dataset = house.services.datasets, await house.dataset(1)
    [item] = await house.items(dataset)
    evaluator = await house.evaluator()
    for actor, kind in (
        (house.key(Role.VIEWER), Forbidden),
        (house.key(Role.ADMIN, new_id()), NotFound),
    ):
        for asked in (
            datasets.create(actor=actor, project_id=house.project.id, name="x"),
            datasets.update(actor=actor, dataset_id=dataset.id, changes={"name": "x"}),
            datasets.add_items(actor=actor, dataset_id=dataset.id, items=[NewItem(input=1)]),
            datasets.update_item(actor=actor, item_id=item.id, changes={"input": 1}),
            datasets.delete_items(actor=actor, item_ids=[item.id]),
            datasets.attach(actor=actor, dataset_id=dataset.id, evaluator_id=evaluator.id, mapping=(), threshold=None),
            datasets.detach(actor=actor, dataset_id=dataset.id, evaluator_id=evaluator.id),
            datasets.delete(actor=actor, dataset_id=dataset.id),
        ):
            assert type(await house.refusal(asked)) is kind
    editor = house.key(Role.EDITOR)
    assert type(await house.refusal(datasets.delete(actor=editor, dataset_id=dataset.id))) is Forbidden
    missing = datasets.create(actor=ANYONE, project_id=new_id(), name="x")
    assert (await house.refusal(missing)).field == "input.projectId"


async def test_items_of_two_datasets_are_not_deleted_in_one_call(house: House):
    [one], [two] = await house.items(await house.dataset(1)), await house.items(await house.dataset(1))
    for ids, kind, field in (
        ([one.id, two.id], BadInput, "ids"),
        ([], BadInput, "ids"),
        ([one.id] * 1001, LimitExceeded, "ids"),
        ([one.id, "nothing"], NotFound, "ids[1]"),
    ):
        refusal = await house.refusal(house.services.datasets.delete_items(actor=ANYONE, item_ids=ids))
        assert (type(refusal), refusal.field) == (kind, field)


async def test_an_attached_evaluator_is_replaced_by_attaching_it_again(house: House):
    dataset, one, two = await house.dataset(), await house.evaluator(), await house.evaluator()
    mapping = (VariableMapping(variable="output", path="output.text"),)
    threshold = Threshold(operator=ThresholdOperator.EQ, value=True)

    async def attach(evaluator_id: str, **given: Any) -> Dataset:
        return await house.services.datasets.attach(
            actor=house.key(Role.EDITOR),
            dataset_id=dataset.id,
            evaluator_id=evaluator_id,
            **{"mapping": (), "threshold": None, **given},
        )

    await attach(one.id)
    await attach(two.id)
    changed = await attach(one.id, mapping=mapping, threshold=threshold)
    assert [(entry.evaluator_id, entry.mapping, entry.threshold) for entry in changed.evaluators] == [
        (two.id, (), None),
        (one.id, mapping, threshold),
    ]
    assert changed.version == 0
    assert await house.store.datasets.get(dataset.id) == changed
    in_use = await house.refusal(house.services.evaluators.delete(actor=ANYONE, evaluator_id=one.id))
    assert type(in_use) is Conflict
    assert dataset.name in in_use.message
    await house.services.datasets.detach(actor=ANYONE, dataset_id=dataset.id, evaluator_id=one.id)
    again = house.services.datasets.detach(actor=ANYONE, dataset_id=dataset.id, evaluator_id=one.id)
    assert (await house.refusal(again)).field == "evaluatorId"
    await house.services.evaluators.delete(actor=ANYONE, evaluator_id=one.id)


async def test_what_can_not_be_attached_is_refused(house: House):
    dataset, exact = await house.dataset(), await house.evaluator()
    length = await house.evaluator("acme/length", mapping=[VariableMapping(variable="text", path="output")])
    assert (exact.score_type, length.score_type) == (ScoreType.BOOLEAN, ScoreType.NUMERIC)
    gone = await house.evaluator()
    await house.services.evaluators.delete(actor=ANYONE, evaluator_id=gone.id)
    half = Threshold(operator=ThresholdOperator.GTE, value=0.5)
    cases: list[tuple[str, list[VariableMapping], Threshold | None, str]] = [
        ("nothing", [], None, "evaluatorId"),
        (gone.id, [], None, "evaluatorId"),
        (exact.id, [VariableMapping(variable="nope", path="output")], None, "mapping[0].variable"),
        (exact.id, [VariableMapping(variable="output", path="nope")], None, "mapping[0].path"),
        (
            length.id,
            [
                VariableMapping(variable="text", path="output["),
            ],
            None,
            "mapping[0].path",
        ),
        (exact.id, [], half, "threshold"),
    ]
    for evaluator_id, mapping, threshold, field in cases:
        attaching = house.services.datasets.attach(
            actor=ANYONE, dataset_id=dataset.id, evaluator_id=evaluator_id, mapping=mapping, threshold=threshold
        )
        assert (await house.refusal(attaching)).field == field


async def test_evaluators_attached_at_once_are_all_attached_or_refused(house: House):
    dataset = await house.dataset()
    evaluators = [await house.evaluator() for _ in range(5)]

    async def attach(evaluator_id: str) -> str | None:
        try:
            await house.services.datasets.attach(
                actor=ANYONE, dataset_id=dataset.id, evaluator_id=evaluator_id, mapping=(), threshold=None
            )
        except Conflict:
            return None
        return evaluator_id

    attached = await asyncio.gather(*(attach(evaluator.id) for evaluator in evaluators))
    changed = await house.store.datasets.get(dataset.id)
    assert changed is not None
    assert {entry.evaluator_id for entry in changed.evaluators} == {one for one in attached if one is not None} != set()
