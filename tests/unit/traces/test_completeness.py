"""Whether a trace is all there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evalyard_core.domain.traces.completeness import CALLS, Patience, lacks_spans, says_nothing
from evalyard_core.domain.traces.spans import Scope, Span, SpanKind
from evalyard_core.domain.traces.trace import traces_of
from tests.fixtures.spans import a_received, a_span

CALL = a_span("p", a_received(0, scope=Scope(name=CALLS)))
MODEL_CALL = replace(CALL, meaning=replace(CALL.meaning, kind=SpanKind.LLM))
INSIDE = a_span("p", a_received(1, 0, 0))
DEEPER = a_span("p", a_received(2, 0, 1))
OTHER_ROOT = a_span("p", a_received(3))
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("spans", "lacks", "nothing"),
    [
        ([], True, True),
        ([CALL], True, True),
        ([MODEL_CALL], False, False),
        ([CALL, INSIDE], False, False),
        ([DEEPER, INSIDE, CALL], False, False),
        ([CALL, DEEPER], True, False),
        ([INSIDE], True, False),
        ([OTHER_ROOT], False, False),
        ([OTHER_ROOT, DEEPER], True, False),
    ],
    ids=["none", "the call", "a model", "all", "in any order", "a gap", "no root", "a root", "another root and a gap"],
)
def test_spans_tell_of_those_that_are_missing(spans: list[Span], lacks: bool, nothing: bool):
    assert lacks_spans(spans) is lacks
    assert says_nothing(spans) is nothing


def test_nobody_waits_longer_than_the_limit():
    patience = Patience(limit_seconds=60, quiet_seconds=5)
    deadline = patience.deadline(NOON)
    assert deadline == NOON + timedelta(seconds=60)
    assert patience.look_again(NOON, deadline) == NOON + timedelta(seconds=5)
    assert patience.look_again(NOON + timedelta(seconds=58), deadline) == deadline


def test_a_trace_is_quiet_when_nothing_has_come_in_for_long_enough():
    [trace] = traces_of([CALL], NOON).values()
    patience = Patience(limit_seconds=60, quiet_seconds=5)
    assert not patience.is_quiet(trace, NOON + timedelta(seconds=4.9))
    assert patience.is_quiet(trace, NOON + timedelta(seconds=5))
