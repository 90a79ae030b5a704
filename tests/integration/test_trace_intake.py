"""Spans in any order and in any parts, twice, at once: the store has each once, and its traces' figures are right."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalyard_core.domain.errors import NotFound
from evalyard_core.domain.lists import PageRequest, SpanList, TraceList
from evalyard_core.domain.payload import now
from evalyard_core.domain.traces.spans import Meaning, ReceivedSpan, Span, SpanKind, SpanStatus, span_key, trace_key
from evalyard_core.domain.traces.trace import Trace, traces_of
from evalyard_core.services import Services
from evalyard_core.services.access import ANYONE
from evalyard_core.storage import Store
from tests.fixtures.core import a_project
from tests.fixtures.house import House
from tests.fixtures.spans import a_received, span_id, trace_id

#: Three traces of four spans, the first of each its root.
SPANS = [
    a_received(n, trace, parent=None if n == 0 else 0, attributes={"n": n, "deep": {"list": [1, "två", None]}})
    for trace in range(3)
    for n in range(4)
]


def understand(span: ReceivedSpan) -> Meaning:
    """Say of a span what a test can reckon: its last digit is its prompt's tokens."""
    number = int(span.span_id, 16)
    return Meaning(kind=SpanKind.LLM, prompt_tokens=number, model=f"m{number % 2}", session="s", input={"n": number})


@pytest.fixture
def services(store: Store) -> Services:
    """Return services that understand spans as this module does."""
    return Services(store, House(store), understand=understand)


async def _project(store: Store) -> str:
    project = a_project()
    await store.projects.insert(project)
    return project.id


async def _traces(store: Store, project_id: str) -> dict[str, Trace]:
    [page] = await store.traces.pages([PageRequest(of=TraceList(project_id=project_id), first=100)])
    return {trace.id: trace for trace in page.items}


async def _spans(store: Store, project_id: str) -> list[Span]:
    found = []
    for key in await _traces(store, project_id):
        [page] = await store.spans.pages([PageRequest(of=SpanList(project_id=project_id, trace=key), first=100)])
        found += page.items
    return found


def _expected(project_id: str, received: Sequence[ReceivedSpan], moments: dict[str, Trace]) -> dict[str, Trace]:
    made = traces_of(
        [
            Span(
                id=span_key(project_id, span.trace_id, span.span_id),
                project_id=project_id,
                received=span,
                meaning=understand(span),
            )
            for span in received
        ],
        now(),
    )
    return {key: replace(trace, received_at=moments[key].received_at) for key, trace in made.items()}


async def test_what_is_taken_in_is_read_as_it_was_sent(services: Services, store: Store) -> None:
    project = await _project(store)
    await services.trace_intake.take_spans(project_id=project, received=SPANS)
    stored = await _spans(store, project)
    assert sorted((span.received for span in stored), key=lambda s: (s.trace_id, s.span_id)) == SPANS
    assert [span.meaning for span in stored] == [understand(span.received) for span in stored]
    traces = await _traces(store, project)
    trace = traces[trace_key(project, trace_id(0))]
    assert (trace.name, trace.span_count, trace.duration_ms, trace.status) == ("step 0", 4, 4000.0, SpanStatus.UNSET)
    assert (trace.total_tokens, trace.models, trace.session and trace.session.value) == (10, ("m0", "m1"), "s")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_any_order_any_parts_and_repetitions_come_to_the_same(
    services: Services, store: Store, data: st.DataObject
) -> None:
    project = await _project(store)
    order = data.draw(st.permutations(SPANS + data.draw(st.lists(st.sampled_from(SPANS), max_size=6))))
    sent: list[ReceivedSpan] = []
    while order:
        size = data.draw(st.integers(1, len(order)))
        part, order = order[:size], order[size:]
        await services.trace_intake.take_spans(project_id=project, received=part)
        sent += part
        there = {(span.trace_id, span.span_id): span for span in sent}
        stored = await _traces(store, project)
        assert stored == _expected(project, list(there.values()), stored)
    assert len(await _spans(store, project)) == len(SPANS)


async def test_many_at_once_with_the_same_traces(services: Services, store: Store) -> None:
    """Half of them through another process's services, which know nothing of each other's writers."""
    project = await _project(store)
    other = Services(store, House(store), understand=understand)
    parts = [SPANS[n::4] for n in range(4)] * 4
    async with asyncio.TaskGroup() as group:
        for place, part in enumerate(parts):
            intake = (services if place % 2 else other).trace_intake
            group.create_task(intake.take_spans(project_id=project, received=part))
    stored = await _traces(store, project)
    assert stored == _expected(project, SPANS, stored)
    assert len(await _spans(store, project)) == len(SPANS)


@pytest.mark.parametrize("first", ["the whole", "the begin"])
async def test_the_fuller_of_two_spans_stays_whichever_comes_first(
    services: Services, store: Store, first: str
) -> None:
    project = await _project(store)
    whole = a_received(1, parent=0, status=SpanStatus.ERROR, attributes={"a": 1})
    begin = replace(whole, end_ns=whole.start_ns, status=SpanStatus.UNSET, attributes={})
    for span in (whole, begin) if first == "the whole" else (begin, whole):
        await services.trace_intake.take_spans(project_id=project, received=[a_received(0), span])
    assert [span.received for span in await _spans(store, project)] == [a_received(0), whole]
    stored = await _traces(store, project)
    assert stored == _expected(project, [a_received(0), whole], stored)
    [trace] = stored.values()
    assert (trace.error_count, trace.span_count) == (1, 2)


async def test_a_project_that_is_gone_takes_nothing(services: Services, store: Store) -> None:
    with pytest.raises(NotFound):
        await services.trace_intake.take_spans(project_id="f" * 24, received=SPANS)
    assert await store.spans._rows.count_documents({}) == 0


async def test_two_of_a_call_are_one(services: Services, store: Store) -> None:
    project = await _project(store)
    begin = a_received(0, end_ns=a_received(0).start_ns)
    await services.trace_intake.take_spans(project_id=project, received=[begin, a_received(0), begin])
    assert [span.received for span in await _spans(store, project)] == [a_received(0)]


async def test_a_deleted_trace_is_gone_and_begins_anew(services: Services, store: Store) -> None:
    project = await _project(store)
    await services.trace_intake.take_spans(project_id=project, received=SPANS)
    gone = [trace_key(project, trace_id(n)) for n in (0, 1)]
    await services.trace_keeping.delete(actor=ANYONE, trace_ids=gone)
    assert set(await _traces(store, project)) == {trace_key(project, trace_id(2))}
    await services.trace_intake.take_spans(project_id=project, received=SPANS[:1])
    trace = (await _traces(store, project))[gone[0]]
    assert trace.span_count == 1
    assert {span.received.trace_id for span in await _spans(store, project)} == {trace_id(0), trace_id(2)}


async def test_a_span_that_comes_amid_a_deletion_begins_its_trace_anew(services: Services, store: Store) -> None:
    project = await _project(store)
    await services.trace_intake.take_spans(project_id=project, received=SPANS)
    await store.traces.hide([trace_key(project, trace_id(0))])
    await services.trace_intake.take_spans(project_id=project, received=SPANS[1:2] + SPANS[4:5])
    await services.trace_keeping.purge_hidden()
    stored = await _traces(store, project)
    assert stored == _expected(project, SPANS[1:2] + SPANS[4:], stored)
    spans = [span for span in await _spans(store, project) if span.received.trace_id == trace_id(0)]
    assert [span.received.span_id for span in spans] == [span_id(1)]


async def test_a_long_trace_is_deleted_in_parts(services: Services, store: Store) -> None:
    project = await _project(store)
    await services.trace_intake.take_spans(project_id=project, received=[a_received(n) for n in range(4100)])
    await services.trace_intake.take_spans(project_id=project, received=[a_received(0, trace=1)])
    await services.trace_keeping.delete(actor=ANYONE, trace_ids=[trace_key(project, trace_id(0))])
    assert [span.received.trace_id for span in await _spans(store, project)] == [trace_id(1)]
    assert await store.spans._rows.count_documents({}) == 1
