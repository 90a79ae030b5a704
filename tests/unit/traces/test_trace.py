"""What spans come to is the same, in whichever parts and order they are put together."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.traces.spans import Span, SpanError, SpanKind, SpanStatus
from evalyard_core.domain.traces.trace import MOST_LISTED, Trace, Usage, moment_of, nanoseconds_of, traces_of
from tests.fixtures.core import QUICK
from tests.fixtures.spans import BEGIN_NS, SECOND_NS, a_received, a_span, span_id

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PROJECT = "p" * 24

meanings = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from([SpanKind.LLM, SpanKind.AGENT, SpanKind.TOOL, SpanKind.UNKNOWN]),
        "prompt_tokens": st.integers(0, 9),
        "completion_tokens": st.integers(0, 9),
        # Quarters are added exactly, whatever the order.
        "cost_usd": st.integers(0, 8).map(lambda quarters: quarters / 4),
        "model": st.sampled_from(["a", "b"]),
        "session": st.sampled_from(["s", "t"]),
        "user": st.sampled_from(["u", "v"]),
        "tags": st.lists(st.sampled_from(["x", "y", "z"]), max_size=2).map(tuple),
        "input": st.sampled_from(["why", {"q": 1}]),
        "error": st.just(SpanError(type="E", message="broken")),
    },
)
times = st.integers(0, 20).map(lambda second: BEGIN_NS + second * SECOND_NS)


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    """Draw spans of one trace."""
    found = []
    for number in range(draw(st.integers(1, 8))):
        begin, end = sorted((draw(times), draw(times)))
        parent = draw(st.sampled_from([None, 0, 5]))
        status = draw(st.sampled_from(SpanStatus))
        received = a_received(number, parent=parent, start_ns=begin, end_ns=end, status=status)
        found.append(a_span(PROJECT, received, **draw(meanings)))
    return found


def _one(parts: list[Span]) -> Trace:
    [trace] = traces_of(parts, NOW).values()
    return trace


@QUICK
@given(spans(), st.data())
def test_any_parts_in_any_order_come_to_the_same(found: list[Span], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(found))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(found) - 1)) if len(found) > 1 else st.just(set())))
    parts = [shuffled[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(found)], strict=True)]
    assert reduce(Trace.joined, map(_one, parts)) == _one(found)


@QUICK
@given(spans())
def test_figures_are_those_of_the_spans(found: list[Span]) -> None:
    trace = _one(found)
    assert trace.span_count == len(found)
    assert trace.error_count == sum(span.received.status is SpanStatus.ERROR for span in found)
    assert trace.start_ns == min(span.received.start_ns for span in found)
    assert trace.end_ns == max(span.received.end_ns for span in found)
    roots = [span for span in found if span.received.parent_span_id is None]
    first = min(roots or found, key=lambda span: (span.received.start_ns, span.received.span_id))
    assert (trace.name, trace.status) == (first.received.name, first.received.status)


def _with(number: int, **meaning: Any) -> Span:
    return a_span(PROJECT, a_received(number, parent=None if number == 0 else 0), **meaning)


def test_agents_that_repeat_what_their_calls_used_do_not_count_twice() -> None:
    agent = _with(0, kind=SpanKind.AGENT, prompt_tokens=30, completion_tokens=3, cost_usd=1.5)
    chain = _with(1, kind=SpanKind.CHAIN, prompt_tokens=10, completion_tokens=1)
    calls = [_with(2, kind=SpanKind.LLM, prompt_tokens=10, cost_usd=0.5), _with(3, prompt_tokens=20)]
    assert _one([agent, chain, *calls]).usage == Usage(prompt_tokens=30, cost_usd=0.5)
    assert _one([agent, chain]).usage == Usage(prompt_tokens=30, completion_tokens=3, cost_usd=1.5)
    assert _one([chain]).total_tokens == 11
    assert _one([_with(0, kind=SpanKind.TOOL)]).usage == Usage()


def test_the_session_is_what_the_first_span_says_that_says_one() -> None:
    trace = _one([_with(2, session="late"), _with(1, session="early"), _with(0)])
    assert trace.session is not None
    assert (trace.session.value, trace.session.span_id) == ("early", span_id(1))
    assert trace.user is None


def test_lists_are_bounded_and_keep_the_same_whatever_the_order() -> None:
    many = [_with(number, tags=(f"{number:03}",)) for number in range(MOST_LISTED + 20)]
    halves = _one(many[::2]).joined(_one(many[1::2]))
    assert halves.tags == _one(many).tags == tuple(f"{number:03}" for number in range(MOST_LISTED))


def test_the_latest_that_came_in_counts() -> None:
    early = _one([_with(0)])
    late = replace(_one([_with(1)]), received_at=NOW + timedelta(days=3))
    assert early.joined(late).received_at == late.joined(early).received_at == NOW + timedelta(days=3)


@pytest.mark.parametrize("nanoseconds", [0, 1_500, BEGIN_NS, 2**63 - 1])
def test_times_are_those_of_the_calendar_to_the_microsecond(nanoseconds: int) -> None:
    assert nanoseconds_of(moment_of(nanoseconds)) == nanoseconds // 1000 * 1000


def test_times_that_no_span_has_are_the_nearest() -> None:
    assert nanoseconds_of(datetime.max.replace(tzinfo=UTC)) == 2**63 - 1
    assert nanoseconds_of(datetime.min.replace(tzinfo=UTC)) == -(2**63 - 1)
