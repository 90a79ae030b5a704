"""Items made from traces."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from evalyard_core.domain.traces.spans import trace_key
from evalyard_core.storage import Store
from tests.fixtures.asking import Asker, gid, module_store
from tests.fixtures.spans import a_received, trace_id
from tests.fixtures.traces import an_execution, take
from tests.fixtures.world import World, contents, make_world

#: One database for all of these tests, which differ in their projects.
store = module_store

ADD = """mutation(
    $dataset: ID!, $traces: [ID!]!, $input: String, $expected: String, $metadata: String, $tags: [String!]
) {
    addTracesToDataset(
        datasetId: $dataset, traceIds: $traces, inputPath: $input, expectedOutputPath: $expected,
        metadataPath: $metadata, tags: $tags
    ) {
        dataset { version itemCount }
        items { id input expectedOutput metadata tags source sourceTrace { traceId } }
    }
}"""
PLAIN = """mutation($dataset: ID!, $traces: [ID!]!) { addTracesToDataset(datasetId: $dataset, traceIds: $traces) {
    dataset { version itemCount } items { id input expectedOutput source sourceTrace { traceId } }
} }"""


@pytest.fixture
async def traced(world: World, store: Store) -> World:
    """Return a world with three traces."""
    await take(store, world.project.id, [span for number in range(3) for span in an_execution(number)])
    return world


def given(world: World, *numbers: int, **variables: Any) -> dict[str, Any]:
    traces = [gid("Trace", trace_key(world.project.id, trace_id(number))) for number in numbers]
    return {"dataset": gid("Dataset", world.dataset), "traces": traces, **variables}


async def test_the_roots_input_and_output_are_the_case(operator: Asker, traced: World):
    added = (await operator(PLAIN, **given(traced, 1, 0)))["addTracesToDataset"]
    assert added["dataset"] == {"version": 2, "itemCount": 3}
    assert [{**item, "id": None} for item in added["items"]] == [
        {
            "id": None,
            "input": {"question": "Weather in Paris?"},
            "expectedOutput": "Sunny.",
            "source": "TRACE",
            "sourceTrace": {"traceId": trace_id(number)},
        }
        for number in (1, 0)
    ]


async def test_paths_choose_what_is_the_case(operator: Asker, traced: World):
    chosen = {
        "input": "spans[?kind=='LLM'] | [0].input[0].content",
        "expected": "tool_calls[*].[name, arguments.city]",
        "metadata": "{ms: durationMs, tokens: totals.totalTokens, retries: spans[2].attributes.retries}",
        "tags": ["from traces", " from traces "],
    }
    [item] = (await operator(ADD, **given(traced, 2, **chosen)))["addTracesToDataset"]["items"]
    assert {**item, "id": None} == {
        "id": None,
        "input": "Weather in Paris?",
        "expectedOutput": [["weather", "Paris"]],
        "metadata": {"ms": 100, "tokens": 15, "retries": [1, 2]},
        "tags": ["from traces"],
        "source": "TRACE",
        "sourceTrace": {"traceId": trace_id(2)},
    }
    [without] = (await operator(ADD, **given(traced, 1, input="name", expected=None)))["addTracesToDataset"]["items"]
    assert (without["input"], without["expectedOutput"], without["metadata"]) == ("answer", None, None)


async def test_a_trace_is_added_once(operator: Asker, traced: World, store: Store):
    first = (await operator(PLAIN, **given(traced, 0, 1)))["addTracesToDataset"]
    before = await contents(store)
    assert (await operator(PLAIN, **given(traced, 1, 1, 0)))["addTracesToDataset"] == {
        "dataset": {"version": 2, "itemCount": 3},
        "items": first["items"][::-1],
    }
    assert await contents(store) == before
    grown = (await operator(PLAIN, **given(traced, 0, 2, 1)))["addTracesToDataset"]
    assert grown["dataset"] == {"version": 3, "itemCount": 4}
    assert [grown["items"][0], grown["items"][2]] == first["items"]


async def test_a_trace_that_is_added_twice_at_once_is_added_once(operator: Asker, traced: World):
    both = await asyncio.gather(*(operator(PLAIN, **given(traced, 0, 1, 2)) for _ in range(2)))
    [one, other] = [answer["addTracesToDataset"] for answer in both]
    assert one["items"] == other["items"]
    assert one["dataset"] == other["dataset"] == {"version": 2, "itemCount": 4}


async def test_an_item_that_was_removed_can_be_added_again(operator: Asker, traced: World):
    [item] = (await operator(PLAIN, **given(traced, 0)))["addTracesToDataset"]["items"]
    remove = "mutation($ids: [ID!]!) { deleteDatasetItems(ids: $ids) { itemCount } }"
    assert (await operator(remove, ids=[item["id"]]))["deleteDatasetItems"]["itemCount"] == 1
    again = (await operator(PLAIN, **given(traced, 0)))["addTracesToDataset"]
    assert (again["items"], again["dataset"]) == ([item], {"version": 4, "itemCount": 2})
    old = "query($id: ID!) { dataset(id: $id) { items(version: 3) { edges { node { id } } } } }"
    items = (await operator(old, id=gid("Dataset", traced.dataset)))["dataset"]["items"]["edges"]
    assert [edge["node"]["id"] for edge in items] == [gid("DatasetItem", traced.item)]


@pytest.mark.parametrize(
    ("numbers", "variables", "code", "field", "says"),
    [
        ((), {}, "BAD_USER_INPUT", "traceIds", "at least one"),
        ((0, 7), {}, "NOT_FOUND", "traceIds[1]", "no such trace"),
        ((0,), {"input": "spans["}, "BAD_USER_INPUT", "inputPath", "no JMESPath"),
        ((0,), {"input": "trace.input"}, "BAD_USER_INPUT", "inputPath", "starts at 'trace'"),
        ((0,), {"expected": "shout(output)"}, "BAD_USER_INPUT", "expectedOutputPath", "no function"),
        ((0,), {"metadata": "x" * 2000}, "BAD_USER_INPUT", "metadataPath", "1,000 characters"),
        ((0, 1), {"input": "input.nothing"}, "BAD_USER_INPUT", "traceIds[0]", "inputPath finds none"),
        ((0,), {"tags": [""]}, "BAD_USER_INPUT", "tags[0]", "empty"),
        ((0,) * 1001, {}, "LIMIT_EXCEEDED", "traceIds", "1,000"),
    ],
    ids=str,
)
async def test_what_can_be_no_item_is_refused(
    numbers: tuple[int, ...],
    variables: dict[str, Any],
    code: str,
    field: str,
    says: str,
    operator: Asker,
    traced: World,
    store: Store,
):
    before = await contents(store)
    refused = await operator.refused(ADD, **given(traced, *numbers, **{"input": "input", **variables}))
    assert (refused.code, refused.field) == (code, field)
    assert says in refused.message
    assert await contents(store) == before


async def test_traces_of_another_project_are_not_there(operator: Asker, traced: World, store: Store):
    other = await make_world(store)
    variables = given(traced, 0) | {"dataset": gid("Dataset", other.dataset)}
    refused = await operator.refused(PLAIN, **variables)
    assert (refused.code, refused.field) == ("NOT_FOUND", "traceIds[0]")


async def test_more_spans_than_can_be_read_are_refused(operator: Asker, traced: World, store: Store):
    await store.traces._rows.update_many({"project_id": traced.project.id}, {"$set": {"span_count": 10_000}})
    refused = await operator.refused(PLAIN, **given(traced, 0, 1, 2))
    assert (refused.code, refused.field) == ("LIMIT_EXCEEDED", "traceIds")
    assert "30,000 spans" in refused.message


async def test_large_traces_are_read_some_at_a_time(operator: Asker, traced: World, store: Store):
    """Two of them have more spans together than are in memory at once."""
    for number in (5, 6):
        root = replace(an_execution(number)[0], trace_id=trace_id(number))
        spans = [a_received(n, number, 0, name=f"tool {n}") for n in range(1, 1_200)]
        await take(store, traced.project.id, [root, *spans])
    chosen = {"input": "name", "expected": "length(tool_calls)"}
    added = (await operator(ADD, **given(traced, 5, 0, 6, **chosen)))["addTracesToDataset"]["items"]
    assert [item["expectedOutput"] for item in added] == [1199, 1, 1199]
