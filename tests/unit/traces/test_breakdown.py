"""Where the time of a trace went."""

import time
from collections import defaultdict
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.traces.breakdown import latency_breakdown
from evalyard_core.domain.traces.spans import SpanKind
from evalyard_core.domain.traces.tree import Step, from_the_roots, parents_of
from tests.fixtures.core import QUICK

AGENT, CHAIN, LLM, TOOL, RETRIEVER, *_, UNKNOWN = SpanKind
MS = 1_000_000


def a_step(name: str, parent: str | None, begin_ms: float, end_ms: float, kind: SpanKind = CHAIN) -> Step:
    return Step(name, parent, int(begin_ms * MS), int(end_ms * MS), kind)


def times(*steps: Step) -> dict[SpanKind, float]:
    return {entry.kind: entry.duration_ms for entry in latency_breakdown(steps)}


#: Few names and moments, so that spans overlap, end together, lack their parents and go in circles.
NAMES = st.sampled_from("abcdefgh")
STEPS = st.lists(
    st.builds(
        Step, NAMES, st.none() | NAMES, st.integers(0, 20), st.integers(0, 20), st.sampled_from([AGENT, LLM, TOOL])
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda step: step.span_id,
)


def test_the_time_of_children_is_taken_out_of_their_parents():
    assert times(
        a_step("agent", None, 0, 100, AGENT),
        a_step("model", "agent", 10, 40, LLM),
        a_step("tool", "agent", 50, 60, TOOL),
    ) == {AGENT: 60, LLM: 30, TOOL: 10}


def test_what_runs_in_parallel_shares_the_time():
    assert times(
        a_step("agent", None, 0, 100, AGENT),
        a_step("model", "agent", 0, 60, LLM),
        a_step("tool", "agent", 20, 100, TOOL),
        a_step("other tool", "agent", 20, 60, TOOL),
    ) == {AGENT: 0, LLM: pytest.approx(20 + 40 / 3), TOOL: pytest.approx(80 / 3 + 40)}


def test_nobody_is_charged_for_a_gap():
    assert times(a_step("first", None, 0, 10, LLM), a_step("second", None, 30, 40, TOOL)) == {
        UNKNOWN: 20,
        LLM: 10,
        TOOL: 10,
    }


def test_a_child_that_goes_on_after_its_parent_takes_its_own_time_then():
    assert times(
        a_step("agent", None, 0, 100, AGENT),
        a_step("chain", "agent", 0, 50, CHAIN),
        a_step("late", "chain", 40, 80, LLM),
    ) == {CHAIN: 40, LLM: 40, AGENT: 20}


def test_a_parent_waits_for_what_is_two_levels_below_it():
    """The span in between has ended already."""
    assert times(
        a_step("agent", None, 0, 100, AGENT),
        a_step("chain", "agent", 0, 10, CHAIN),
        a_step("late", "chain", 50, 60, LLM),
    ) == {AGENT: 80, CHAIN: 10, LLM: 10}


def test_a_child_whose_clock_is_ahead_of_its_parents_is_still_its_child():
    assert times(a_step("agent", None, 10, 100, AGENT), a_step("model", "agent", 0, 50, LLM)) == {LLM: 50, AGENT: 50}


def test_kinds_without_time_are_counted():
    shares = latency_breakdown(
        [a_step("a", None, 5, 5, LLM), a_step("b", "a", 5, 3, TOOL), a_step("c", "a", 5, 5, TOOL)]
    )
    assert {(entry.kind, entry.duration_ms, entry.share, entry.span_count) for entry in shares} == {
        (LLM, 0.0, 0.0, 1),
        (TOOL, 0.0, 0.0, 2),
    }


def test_most_time_comes_first():
    steps = [a_step("a", None, 0, 100, AGENT), a_step("b", "a", 0, 75, LLM), a_step("c", "a", 75, 80, TOOL)]
    assert [(entry.kind, entry.share, entry.span_count) for entry in latency_breakdown(steps)] == [
        (LLM, 0.75, 1),
        (AGENT, 0.2, 1),
        (TOOL, 0.05, 1),
    ]


def test_a_trace_without_spans_has_no_time():
    assert latency_breakdown([]) == []


@QUICK
@given(STEPS)
def test_the_times_are_those_of_looking_at_each_moment(steps):
    total = max(max(step.start_ns, step.end_ns) for step in steps) - min(step.start_ns for step in steps)
    shares = latency_breakdown(steps)
    assert sum(round(entry.duration_ms * MS) for entry in shares) == total
    assert sum(entry.share for entry in shares) == pytest.approx(1 if total else 0)
    looked = moment_by_moment(steps)
    for entry in shares:  # what rounding left, of less than one nanosecond a kind, is the longest's
        assert entry.duration_ms * MS == pytest.approx(float(looked[entry.kind]), abs=4)


def moment_by_moment(steps: list[Step]) -> dict[SpanKind, Fraction]:
    """Return the time of each kind by looking, between two moments, at every span and all that is above it."""
    parents = parents_of(steps)
    begins = [step.start_ns for step in steps]
    for place in reversed(from_the_roots(parents)):
        if (parent := parents[place]) is not None:
            begins[parent] = min(begins[parent], begins[place])
    ends = [max(step.start_ns, step.end_ns) for step in steps]
    found: dict[SpanKind, Fraction] = defaultdict(Fraction)
    for begin, end in pairwise(sorted({*begins, *ends})):
        active = {place for place in range(len(steps)) if begins[place] <= begin and ends[place] >= end}
        working = active.difference(*(above(place, parents) for place in active))
        for place in working:
            found[steps[place].kind] += Fraction(end - begin, len(working))
        if not working:
            found[UNKNOWN] += end - begin
    return found


def above(place: int, parents: list[int | None]) -> set[int]:
    found: set[int] = set()
    at = parents[place]
    while at is not None:
        found.add(at)
        at = parents[at]
    return found


@pytest.mark.parametrize("shape", ["a chain whose links have ended", "children in parallel", "a wide tree"])
def test_ten_thousand_spans_take_no_time_worth_speaking_of(shape):
    """Bounded by processor time of this process, and generously: what must not happen is a time that is quadratic."""
    count = 10_000
    if shape == "a chain whose links have ended":
        half = count // 2
        chain = [Step(str(n), str(n - 1), n, n + 1, CHAIN) for n in range(half)]
        leaves = [Step(f"leaf {n}", str(half - 1), half + 2 * n, half + 2 * n + 1, LLM) for n in range(half)]
        steps = chain + leaves
    elif shape == "children in parallel":
        steps = [Step(str(n), "0" if n else None, n, 2 * count - n, TOOL) for n in range(count)]
    else:
        steps = [Step(str(n), str(n // 10) if n else None, n, n + 50, LLM) for n in range(count)]
    begun = time.process_time()
    shares = latency_breakdown(steps)
    assert time.process_time() - begun < 2
    assert sum(entry.span_count for entry in shares) == count
