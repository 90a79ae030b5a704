"""Adding items under keys of the caller's own: again, changed, at once, and in later versions."""

import asyncio

import pytest

from evalyard_core.domain.datasets import ItemSource
from evalyard_core.domain.errors import BadInput, Refusal
from evalyard_core.services.access import ANYONE
from evalyard_core.services.adding import PutItems
from evalyard_core.services.datasets import NewItem
from tests.fixtures.asking import Asker, gid, module_store
from tests.fixtures.house import House
from tests.fixtures.world import World

store = module_store


async def put(house: House, dataset_id: str, *items: NewItem) -> PutItems:
    return await house.services.datasets.put_items(actor=ANYONE, dataset_id=dataset_id, items=items)


def counts(result: PutItems) -> tuple[int, int, int, int]:
    return result.dataset.version, result.dataset.item_count, result.updated, result.unchanged


async def test_what_is_sent_again_stays_and_what_has_changed_is_changed(house: House):
    dataset = await house.dataset()
    first = await put(house, dataset.id, *(NewItem(input=n, key=f"k{n}", tags=["a"]) for n in range(3)))
    assert counts(first) == (1, 3, 0, 0)

    again = [NewItem(input=1, key=" k1 ", tags=["a", "a"]), NewItem(input="new"), NewItem(input=2, key="k2")]
    second = await put(house, dataset.id, *again, NewItem(input=3, key="k3"))

    assert counts(second) == (2, 5, 1, 1)
    assert [item.key for item in second.items] == ["k1", None, "k2", "k3"]
    assert [item.id for item in second.items[::2]] == [first.items[1].id, first.items[2].id]
    assert [(item.since, item.seq) for item in second.items] == [(1, 1), (2, 3), (2, 2), (2, 4)]
    assert (second.items[2].tags, second.items[2].created_at) == ((), first.items[2].created_at)
    assert second.items[2].updated_at > first.items[2].updated_at
    assert await house.items(dataset, 1) == list(first.items)
    assert [item.input for item in await house.items(dataset)] == [0, 1, 2, "new", 3]
    assert await house.items(dataset) == [first.items[0], *(second.items[place] for place in (0, 2, 1, 3))]


async def test_nothing_new_makes_no_version(house: House):
    dataset = await house.dataset()
    items = [NewItem(input={"a": 1, "b": 2}, metadata=[1], key="x"), NewItem(input=1, key="y")]
    first = await put(house, dataset.id, *items)
    turned = [NewItem(input={"b": 2, "a": 1}, metadata=[1], key="x", source=ItemSource.IMPORT), items[1]]
    again = await put(house, dataset.id, *turned)
    assert counts(again) == (1, 2, 0, 2)
    assert list(again.items) == list(first.items)
    assert counts(await put(house, dataset.id, NewItem(input=True, key="y"))) == (2, 2, 1, 0)


async def test_a_key_of_a_deleted_item_is_free(house: House):
    dataset = await house.dataset()
    first = await put(house, dataset.id, NewItem(input=1, key="k"), NewItem(input=2))
    await house.services.datasets.delete_items(actor=ANYONE, item_ids=[first.items[0].id])
    again = await put(house, dataset.id, NewItem(input=1, key="k"))
    assert counts(again) == (3, 2, 0, 0)
    assert again.items[0].id != first.items[0].id


async def test_another_dataset_has_keys_of_its_own(house: House):
    one, other = await house.dataset(), await house.dataset()
    first = await put(house, one.id, NewItem(input=1, key="k"))
    second = await put(house, other.id, NewItem(input=2, key="k"))
    assert (counts(second), second.items[0].id != first.items[0].id) == ((1, 1, 0, 0), True)


async def test_of_many_who_add_a_key_at_once_one_adds_and_the_others_change(house: House):
    dataset = await house.dataset()
    results = await asyncio.gather(
        *(put(house, dataset.id, NewItem(input=n, key="k"), NewItem(input=n)) for n in range(8))
    )
    assert sorted(counts(result) for result in results) == [(1, 2, 0, 0), *((n, n + 1, 1, 0) for n in range(2, 9))]
    assert len({result.items[0].id for result in results}) == 1
    assert len(await house.items(dataset)) == 9


@pytest.mark.parametrize(
    ("key", "field", "sentence"),
    [
        ("k", "items[2].key", "items[0] has the key 'k' already; send each key once."),
        (" k", "items[2].key", "items[0] has the key 'k' already; send each key once."),
        (" ", "items[2].key", "A name can't be empty."),
        ("x" * 201, "items[2].key", "A name may have 200 characters at most, not 201."),
    ],
)
async def test_a_key_that_is_none_keeps_all_out(house: House, key: str, field: str, sentence: str):
    dataset = await house.dataset(1)
    refused: Refusal = await house.refusal(
        put(house, dataset.id, NewItem(input=1, key="k"), NewItem(input=2), NewItem(input=3, key=key))
    )
    assert (type(refused), refused.field, str(refused)) == (BadInput, field, sentence)


async def test_keys_over_graphql(operator: Asker, world: World):
    new = {"projectId": gid("Project", world.project), "name": "keyed"}
    create = "mutation($input: CreateDatasetInput!) { createDataset(input: $input) { id } }"
    dataset = (await operator(create, input=new))["createDataset"]["id"]
    add = """mutation($id: ID!, $items: [DatasetItemInput!]!) {
        addDatasetItems(datasetId: $id, items: $items) {
            updated unchanged dataset { version itemCount } items { key input }
        }
    }"""
    items = [{"input": 1, "key": "a"}, {"input": 2, "key": "b"}, {"input": 3}]
    await operator(add, id=dataset, items=items)
    again = await operator(add, id=dataset, items=[items[0], {"input": "two", "key": "b"}])
    assert again["addDatasetItems"] == {
        "updated": 1,
        "unchanged": 1,
        "dataset": {"version": 2, "itemCount": 3},
        "items": [{"key": "a", "input": 1}, {"key": "b", "input": "two"}],
    }
