"""(h) Traces as they are opened, over HTTP: the first page of spans, all pages, the latency breakdown, the list."""

import statistics
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple

import httpx
from pymongo import AsyncMongoClient
from rich.console import Console
from rich.table import Table

from benchmarks.stack import Servers, serving
from evalyard_core.domain.access import Project
from evalyard_core.domain.ids import global_id, new_id
from evalyard_core.domain.payload import now
from evalyard_core.domain.traces.conventions import understand
from evalyard_core.domain.traces.prices import PriceTable
from evalyard_core.domain.traces.spans import ReceivedSpan, trace_key
from evalyard_core.services.traces.intake import TraceIntake
from evalyard_core.services.traces.keeping import TraceKeeping
from evalyard_core.storage import Store

DATABASE = "bench_trace_pages"
LENGTHS = (1_000, 10_000)
#: Traces of each length: a breakdown is made once for each, and kept.
TRACES = 10
REQUESTS = 30
BEGIN_NS = 1_767_225_600_000_000_000
TEXT = "The answer is that a model of this kind needs more cases before anybody says which of them it fails. " * 5

SPANS = """query($id: ID!, $after: String) { trace(id: $id) {
  name durationMs totalTokens costUsd
  spans(first: 100, after: $after) {
    edges { node { spanId parentSpanId name kind status startOffsetMs durationMs input output attributes model
                   promptTokens completionTokens costUsd events { name at attributes } } }
    pageInfo { hasNextPage endCursor }
  }
} }"""
BREAKDOWN = "query($id: ID!) { trace(id: $id) { latencyBreakdown { kind durationMs share spanCount } } }"
LIST = """{ project(name: "bench") { traces(first: 20) { totalCount edges { node {
  traceId name startedAt durationMs status spanCount errorCount totalTokens costUsd models } } } } }"""


class Row(NamedTuple):
    """A line of the table."""

    spans: str
    what: str
    seconds: list[float]


async def measure(servers: Servers, console: Console) -> None:
    """Lay traces down, read them, and print the table."""
    project = Project(id=new_id(), name="bench", description="", created_at=now())
    await _lay_out(servers, project)
    rows: list[Row] = []
    async with serving(servers, DATABASE) as client, AsyncMongoClient[dict[str, Any]](servers.mongodb_url) as mongodb:
        await _ask(client, LIST)
        rows.append(await _row("", "the list: 20 traces and how many there are", lambda _: _ask(client, LIST)))
        for length in LENGTHS:
            keys = [trace_key(project.id, _trace_id(length, number)) for number in range(TRACES)]
            rows += await _of_length(f"{length:,}", client, mongodb, keys)
    console.print(_table(rows))


async def _of_length(
    spans: str, client: httpx.AsyncClient, mongodb: AsyncMongoClient[dict[str, Any]], keys: list[str]
) -> list[Row]:
    ids = [global_id("Trace", key) for key in keys]
    documents = mongodb[DATABASE]["spans"]

    async def floor(number: int) -> None:
        query = {"trace": keys[number % TRACES]}
        await documents.find(query).sort("received.start_ns", 1).limit(100).to_list()

    async def first(number: int) -> None:
        await _ask(client, SPANS, id=ids[number % TRACES])

    async def breakdown(number: int) -> None:
        await _ask(client, BREAKDOWN, id=ids[number % TRACES])

    async def every(number: int) -> None:
        after = None
        while True:
            page = (await _ask(client, SPANS, id=ids[number], after=after))["trace"]["spans"]["pageInfo"]
            if not page["hasNextPage"]:
                return
            after = page["endCursor"]

    return [
        await _row(spans, "floor: the documents of a page", floor),
        await _row(spans, "the first 100 spans", first),
        await _row(spans, "latencyBreakdown, the first time", breakdown, times=TRACES),
        await _row(spans, "latencyBreakdown, again", breakdown),
        await _row(spans, "all spans, 100 a page", every, times=3),
    ]


async def _row(spans: str, what: str, ask: Callable[[int], Awaitable[object]], *, times: int = REQUESTS) -> Row:
    seconds = []
    for number in range(times):
        begun = time.perf_counter()
        await ask(number)
        seconds.append(time.perf_counter() - begun)
    return Row(spans, what, seconds)


async def _ask(client: httpx.AsyncClient, query: str, **variables: Any) -> Any:
    answer = (await client.post("/graphql", json={"query": query, "variables": variables})).json()
    if "errors" in answer:
        raise RuntimeError(f"the trace is not what it should be: {answer['errors']}")
    return answer["data"]


async def _lay_out(servers: Servers, project: Project) -> None:
    store = await Store.open(servers.mongodb_url, DATABASE)
    await store.projects.insert(project)
    intake = TraceIntake(store, TraceKeeping(store), partial(understand, prices=PriceTable()))
    for length in LENGTHS:
        for number in range(TRACES):
            spans = _spans(length, number)
            for begin in range(0, length, 500):
                part = spans[begin : begin + 500]
                await intake.take_spans(project_id=project.id, received=part)
    await store.close()


def _trace_id(length: int, number: int) -> str:
    return f"{length:016x}{number + 1:016x}"


def _spans(length: int, number: int) -> list[ReceivedSpan]:
    """Return an agent's spans: ten children each, by turns tools and models."""
    return [
        ReceivedSpan(
            trace_id=_trace_id(length, number),
            span_id=f"{place + 1:016x}",
            parent_span_id=f"{(place - 1) // 10 + 1:016x}" if place else None,
            name=f"step {place}",
            start_ns=BEGIN_NS + place * 1_000_000,
            end_ns=BEGIN_NS + (place + 30 if place else length + 60) * 1_000_000,
            attributes=_attributes(place),
        )
        for place in range(length)
    ]


def _attributes(place: int) -> dict[str, Any]:
    kind = ("CHAIN", "TOOL", "LLM")[place % 3] if place else "AGENT"
    usage = {"llm.token_count.prompt": 300, "llm.token_count.completion": 40} if kind == "LLM" else {}
    return {"openinference.span.kind": kind, "input.value": TEXT, "output.value": TEXT, **usage}


def _table(rows: list[Row]) -> Table:
    table = Table(title="Traces, over HTTP")
    for column in ("spans of a trace", "what is asked", "p50 ms", "slowest ms"):
        table.add_column(column, justify="left" if column == "what is asked" else "right")
    for row in rows:
        median, most = statistics.median(row.seconds) * 1000, max(row.seconds) * 1000
        table.add_row(row.spans, row.what, f"{median:.1f}", f"{most:.1f}")
    return table
