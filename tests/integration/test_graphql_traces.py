"""Traces as clients read them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from evalyard_core.domain.access import Role
from evalyard_core.domain.traces.spans import SpanStatus, span_key, trace_key
from evalyard_core.domain.traces.trace import moment_of
from evalyard_core.storage import Store
from evalyard_schema.scalars import print_date_time
from tests.fixtures.asking import Asker, Refused, gid, module_store
from tests.fixtures.core import a_project, an_item
from tests.fixtures.objects import a_record
from tests.fixtures.spans import BEGIN_NS, SECOND_NS, a_received, span_id, trace_id
from tests.fixtures.traces import MS, an_execution, take
from tests.fixtures.world import World

#: One database for all of these tests, which differ in their projects.
store = module_store

BEGIN = print_date_time(moment_of(BEGIN_NS))


def trace_gid(world: World, number: int = 0) -> str:
    return gid("Trace", trace_key(world.project.id, trace_id(number)))


async def test_a_trace_is_all_there(operator: Asker, world: World, store: Store):
    await take(store, world.project.id, an_execution())
    data = await operator(
        """query($id: ID!) { trace(id: $id) {
            id traceId name startedAt durationMs status spanCount errorCount
            totalTokens promptTokens completionTokens cachedTokens reasoningTokens costUsd session user tags models
            project { id }
            spans { totalCount edges { node {
                id spanId parentSpanId name kind status statusMessage startedAt durationMs startOffsetMs
                input output attributes resource model provider promptTokens completionTokens costUsd
                events { name at attributes } toolCalls { name arguments } error { type } truncated { path }
                trace { traceId }
            } } }
            latencyBreakdown { kind durationMs share spanCount }
            records { totalCount }
        } }""",
        id=trace_gid(world),
    )
    trace = data["trace"]
    spans = [edge["node"] for edge in trace.pop("spans")["edges"]]
    assert trace == {
        "id": trace_gid(world),
        "traceId": trace_id(0),
        "name": "answer",
        "startedAt": BEGIN,
        "durationMs": 100,
        "status": "OK",
        "spanCount": 3,
        "errorCount": 1,
        "totalTokens": 15,
        "promptTokens": 12,
        "completionTokens": 3,
        "cachedTokens": 0,
        "reasoningTokens": 0,
        "costUsd": 0.25,
        "session": "s-1",
        "user": None,
        "tags": ["beta"],
        "models": ["test-chat"],
        "project": {"id": gid("Project", world.project)},
        "latencyBreakdown": [
            {"kind": "AGENT", "durationMs": 40, "share": 0.4, "spanCount": 1},
            {"kind": "LLM", "durationMs": 40, "share": 0.4, "spanCount": 1},
            {"kind": "TOOL", "durationMs": 20, "share": 0.2, "spanCount": 1},
        ],
        "records": {"totalCount": 0},
    }
    assert [(span["spanId"], span["parentSpanId"], span["kind"], span["startOffsetMs"]) for span in spans] == [
        (span_id(0), None, "AGENT", 0),
        (span_id(1), span_id(0), "LLM", 10),
        (span_id(2), span_id(0), "TOOL", 60),
    ]
    assert spans[2] == {
        "id": gid("Span", span_key(world.project.id, trace_id(0), span_id(2))),
        "spanId": span_id(2),
        "parentSpanId": span_id(0),
        "name": "execute_tool weather",
        "kind": "TOOL",
        "status": "ERROR",
        "statusMessage": "late",
        "startedAt": print_date_time(moment_of(BEGIN_NS + 60 * MS)),
        "durationMs": 20,
        "startOffsetMs": 60,
        "input": {"city": "Paris"},
        "output": "sunny",
        "attributes": {"gen_ai.tool.name": "weather", "retries": [1, 2]},
        "resource": {},
        "model": None,
        "provider": None,
        "promptTokens": None,
        "completionTokens": None,
        "costUsd": None,
        "events": [{"name": "retry", "at": print_date_time(moment_of(BEGIN_NS + 70 * MS)), "attributes": {"n": 1}}],
        "toolCalls": [{"name": "weather", "arguments": {"city": "Paris"}}],
        "error": None,
        "truncated": [],
        "trace": {"traceId": trace_id(0)},
    }
    assert spans[1]["toolCalls"] == [{"name": "weather", "arguments": {"city": "Paris"}}]


async def test_spans_come_page_by_page_in_their_order(operator: Asker, world: World, store: Store):
    """Whatever the order in which they came in; those that began together by their ids."""
    spans = [a_received(n, parent=0 if n else None, start_ns=BEGIN_NS + n // 3 * SECOND_NS) for n in range(150)]
    await take(store, world.project.id, spans[::-1])
    query = """query($id: ID!, $first: Int, $after: String) { trace(id: $id) { spans(first: $first, after: $after) {
        totalCount edges { node { spanId } } pageInfo { hasNextPage endCursor }
    } } }"""
    pages, after = [], None
    while after is not None or not pages:
        page = (await operator(query, id=trace_gid(world), after=after, first=60))["trace"]["spans"]
        pages.append([edge["node"]["spanId"] for edge in page["edges"]])
        assert page["totalCount"] == 150
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    assert [len(page) for page in pages] == [60, 60, 30]
    assert [one for page in pages for one in page] == [span_id(n) for n in range(150)]
    for first in (None, 100):
        default = (await operator(query, id=trace_gid(world), first=first))["trace"]["spans"]
        assert len(default["edges"]) == 100


@pytest.fixture
async def three(world: World, store: Store) -> World:
    """Return a world with three traces, each a second later and 100 ms longer than the one before."""
    for number in range(3):
        begin = BEGIN_NS + number * SECOND_NS
        end = begin + (number + 1) * 100 * MS
        root = an_execution(number, start_ns=begin, end_ns=end, name=["answer", "answer", "sort"][number])[0]
        status = [SpanStatus.OK, SpanStatus.ERROR, SpanStatus.UNSET][number]
        await take(store, world.project.id, [replace(root, status=status)])
    return world


LIST = """query($project: ID!, $first: Int, $after: String, $filter: TraceFilter, $order: TraceOrder) {
    project(id: $project) { traces(first: $first, after: $after, filter: $filter, orderBy: $order) {
        totalCount edges { node { traceId } } pageInfo { hasNextPage endCursor }
    } }
}"""


async def listed(operator: Asker, world: World, **variables: Any) -> list[int]:
    """Return the numbers of the traces that a list has, which it also counts."""
    data = await operator(LIST, project=gid("Project", world.project), **variables)
    found = data["project"]["traces"]
    numbers = [int(edge["node"]["traceId"], 16) - 1 for edge in found["edges"]]
    assert found["totalCount"] == len(numbers)
    return numbers


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({}, [2, 1, 0]),
        ({"search": "SUNNY"}, [1, 0]),
        ({"search": trace_id(1)}, [1]),
        ({"search": "nowhere"}, []),
        ({"name": "sort"}, [2]),
        ({"status": "ERROR"}, [1]),
        ({"minDurationMs": 200}, [2, 1]),
        ({"tags": ["beta"]}, [1, 0]),
        ({"session": "s-1"}, [1, 0]),
        ({"user": "nobody"}, []),
        ({"startedAfter": print_date_time(moment_of(BEGIN_NS + SECOND_NS))}, [2, 1]),
        ({"startedBefore": print_date_time(moment_of(BEGIN_NS + SECOND_NS))}, [1, 0]),
        ({"name": "answer", "status": "OK", "minDurationMs": 50, "search": "paris"}, [0]),
    ],
    ids=str,
)
async def test_traces_are_found(wanted: dict[str, Any], numbers: list[int], operator: Asker, three: World):
    assert await listed(operator, three, filter=wanted) == numbers


async def test_traces_are_sorted_and_paged(operator: Asker, three: World):
    assert await listed(operator, three, order={"field": "STARTED_AT", "direction": "ASC"}) == [0, 1, 2]
    assert await listed(operator, three, order={"field": "DURATION"}) == [2, 1, 0]
    found, after = [], None
    for has_next in (True, True, False):
        data = await operator(LIST, project=gid("Project", three.project), first=1, after=after)
        page = data["project"]["traces"]
        assert page["pageInfo"]["hasNextPage"] is has_next
        after = page["pageInfo"]["endCursor"]
        found += [int(edge["node"]["traceId"], 16) - 1 for edge in page["edges"]]
    assert found == [2, 1, 0]


RECORDS = """query($project: ID!, $trace: String!) { project(id: $project) {
    trace(traceId: $trace) { records { totalCount edges { node { id trace { name } traceId } } } }
    records(first: 3) { edges { node { traceId trace { name } } } }
} }"""


async def test_a_record_finds_its_trace_whichever_comes_first(operator: Asker, world: World, store: Store):
    with_trace = [
        a_record(world.run, n, trace_id=trace_id(0), created_at=world.record.created_at + timedelta(seconds=n))
        for n in (1, 2)
    ]
    await store.records.add([*with_trace, a_record(world.run, 3, trace_id="of another system")])
    variables = {"project": gid("Project", world.project), "trace": trace_id(0).upper()}
    before = (await operator(RECORDS, **variables))["project"]
    assert before["trace"] is None
    assert [edge["node"]["trace"] for edge in before["records"]["edges"]] == [None, None, None]
    await take(store, world.project.id, an_execution())
    after = (await operator(RECORDS, **variables))["project"]
    assert after["trace"]["records"] == {
        "totalCount": 2,
        "edges": [
            {"node": {"id": gid("Record", record), "trace": {"name": "answer"}, "traceId": trace_id(0)}}
            for record in with_trace[::-1]
        ],
    }


async def test_an_item_leads_to_the_trace_that_it_was_made_from(operator: Asker, world: World, store: Store):
    item = an_item(world.dataset, seq=5, source_trace_id=trace_id(0))
    await store.transaction(lambda session: store.items.insert_many([item], session=session))
    query = "query($id: ID!) { node(id: $id) { ... on DatasetItem { sourceTrace { traceId } } } }"
    assert (await operator(query, id=gid("DatasetItem", item)))["node"]["sourceTrace"] is None
    await take(store, world.project.id, an_execution())
    assert (await operator(query, id=gid("DatasetItem", item)))["node"]["sourceTrace"] == {"traceId": trace_id(0)}
    assert (await operator(query, id=gid("DatasetItem", world.item)))["node"]["sourceTrace"] is None


async def test_a_trace_that_is_being_deleted_is_not_there(operator: Asker, world: World, store: Store):
    await take(store, world.project.id, an_execution())
    await store.records.add([a_record(world.run, 1, trace_id=trace_id(0))])
    await store.traces.hide([trace_key(world.project.id, trace_id(0))])
    span = gid("Span", span_key(world.project.id, trace_id(0), span_id(0)))
    data = await operator(
        """query($id: ID!, $span: ID!, $project: ID!) {
            trace(id: $id) { name }
            node(id: $span) { id }
            project(id: $project) { traces { totalCount } records { edges { node { trace { name } } } } }
        }""",
        id=trace_gid(world),
        span=span,
        project=gid("Project", world.project),
    )
    assert (data["trace"], data["node"], data["project"]["traces"]["totalCount"]) == (None, None, 0)
    assert all(edge["node"]["trace"] is None for edge in data["project"]["records"]["edges"])


async def test_a_span_is_a_node_for_those_who_see_its_project(operator: Asker, world: World, store: Store):
    await take(store, world.project.id, an_execution())
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Span { startOffsetMs } ... on Trace { name } } }"
    ids = [gid("Span", span_key(world.project.id, trace_id(0), span_id(n))) for n in (1, 7)]
    seen = await operator(query, ids=[*ids, trace_gid(world)])
    assert seen["nodes"] == [{"startOffsetMs": 10}, None, {"name": "answer"}]
    other = a_project()
    await store.projects.insert(other)
    stranger = operator.with_role(Role.ADMIN, other.id)
    assert (await stranger(query, ids=[*ids, trace_gid(world)]))["nodes"] == [None, None, None]
    assert (await stranger("query($id: ID!) { trace(id: $id) { name } }", id=trace_gid(world)))["trace"] is None


async def test_more_spans_than_can_be_looked_at_are_refused(operator: Asker, three: World, store: Store):
    await store.traces._rows.update_many({"project_id": three.project.id}, {"$set": {"span_count": 40_000}})
    query = "query($id: ID!) { project(id: $id) { traces { edges { node { latencyBreakdown { kind } } } } } }"
    result = await operator.result(query, id=gid("Project", three.project))
    assert result.errors is not None
    assert {error.extensions["code"] for error in result.errors if error.extensions} == {"LIMIT_EXCEEDED"}
    assert "120,000 spans" in result.errors[0].message


@pytest.mark.parametrize(
    ("wanted", "field"),
    [({"search": "a\0"}, "filter.search"), ({"name": "\ud800"}, "filter.name"), ({"tags": [" "]}, "filter.tags[0]")],
)
async def test_what_can_not_be_looked_for_is_refused(wanted: dict[str, Any], field: str, operator: Asker, world: World):
    refused = await operator.refused(LIST, project=gid("Project", world.project), filter=wanted)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.field) == ("BAD_USER_INPUT", field)
