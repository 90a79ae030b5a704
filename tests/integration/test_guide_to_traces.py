"""The operations of docs/reading-traces.md, asked of a trace in which they find something."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jmespath
import pytest

from evalyard_core.domain.traces.spans import SpanStatus, trace_key
from evalyard_core.services.traces.reading import TraceReader
from evalyard_core.storage import Store
from tests.fixtures.asking import Asker, gid, module_store
from tests.fixtures.objects import a_record
from tests.fixtures.spans import BEGIN_NS, trace_id
from tests.fixtures.traces import MS, an_execution, take
from tests.fixtures.world import World

#: One database for all of these tests, which differ in their projects.
store = module_store

GUIDE = (Path(__file__).parents[2] / "docs" / "reading-traces.md").read_text()
OPERATIONS = {
    name: text
    for text, name in re.findall(r"^```graphql\n((?:query|mutation) (\w+).*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
}
PATHS = [path.replace("\\|", "|") for path in re.findall(r"^\| `(trace\..*?|max\(.*?)` \|", GUIDE, re.MULTILINE)]


@pytest.fixture
async def traced(world: World, store: Store) -> World:
    """Return a world with a slow refund that failed, and the record of its call."""
    root, *others = an_execution(status=SpanStatus.ERROR, status_message="no refund", end_ns=BEGIN_NS + 3_000 * MS)
    await take(store, world.project.id, [replace(root, attributes={"session.id": "s-1"}), *others])
    await store.records.add([a_record(world.run, 1, trace_id=trace_id(0))])
    return world


async def ask(operator: Asker, world: World, name: str) -> Any:
    known = {
        "project": gid("Project", world.project),
        "record": gid("Record", a_record(world.run, 1)),
        "trace": gid("Trace", trace_key(world.project.id, trace_id(0))),
        "traces": [gid("Trace", trace_key(world.project.id, trace_id(0)))],
        "dataset": gid("Dataset", world.dataset),
    }
    text = OPERATIONS[name]
    return await operator(text, **{key: known[key] for key in known if f"${key}:" in text})


async def test_the_guide_finds_what_it_says(operator: Asker, traced: World, store: Store):
    assert sorted(OPERATIONS) == ["Keep", "Slow", "Spans", "TraceOfRecord"]
    record = (await ask(operator, traced, "TraceOfRecord"))["record"]
    assert (record["traceId"], record["trace"]["status"]) == (trace_id(0), "ERROR")
    assert [share["kind"] for share in record["trace"]["latencyBreakdown"]] == ["AGENT", "LLM", "TOOL"]
    spans = (await ask(operator, traced, "Spans"))["trace"]["spans"]["edges"]
    assert [edge["node"]["kind"] for edge in spans] == ["AGENT", "LLM", "TOOL"]
    [slow] = (await ask(operator, traced, "Slow"))["project"]["traces"]["edges"]
    assert (slow["node"]["durationMs"], slow["node"]["records"]["totalCount"]) == (3000, 1)
    [item] = (await ask(operator, traced, "Keep"))["addTracesToDataset"]["items"]
    assert (item["input"], item["expectedOutput"], item["metadata"]) == (
        {"question": "Weather in Paris?"},
        ["weather"],
        {"session": "s-1"},
    )


async def test_its_paths_find_their_way_in_a_trace(traced: World, store: Store):
    key = trace_key(traced.project.id, trace_id(0))
    trace = (await TraceReader(store).mapped([key], most_spans=100))[key]
    found = {path: jmespath.search(path, {"trace": trace}) for path in PATHS}
    assert found == {
        "trace.tool_calls": [{"name": "weather", "arguments": {"city": "Paris"}}],
        "trace.output": "Sunny.",
        "trace.spans[?kind=='RETRIEVER'].output": [],
        "trace.spans[?name=='search'] | [0].arguments.query": None,
        "trace.totals.totalTokens": 15,
        "max(trace.spans[?kind=='LLM'].durationMs)": 40,
    }
    named = set(re.findall(r"`(\w+)`", GUIDE[GUIDE.index("A trace also has") : GUIDE.index("Spans come in later")]))
    assert named == {*trace["spans"][0], "traceId", "name", "status", "durationMs", "input"}
