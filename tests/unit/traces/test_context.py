"""What a call takes along."""

import re

import pytest

from evalyard_core.domain.traces.context import TraceContext, as_trace_id, new_context


def test_the_header_is_the_one_of_the_recommendation():
    """The ids are those of the example in section 3.2.3 of "Trace Context"."""
    context = TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")
    assert context.traceparent == "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_each_call_begins_a_trace_of_its_own():
    contexts = [new_context() for _ in range(100)]
    assert len({context.trace_id for context in contexts}) == len({context.span_id for context in contexts}) == 100
    assert all(re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", context.traceparent) for context in contexts)


@pytest.mark.parametrize(
    ("text", "trace_id"),
    [
        ("4bf92f3577b34da6a3ce929d0e0e4736", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("4BF92F3577B34DA6A3CE929D0E0E4736", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("4BF92F35-77B3-4DA6-A3CE-929D0E0E4736", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("Order-4711", "Order-4711"),
        ("4bf92f3577b34da6a3ce929d0e0e473", "4bf92f3577b34da6a3ce929d0e0e473"),
    ],
)
def test_a_trace_has_one_spelling(text, trace_id):
    assert as_trace_id(text) == trace_id
