"""A trace as paths and evaluators read it."""

from datetime import UTC, datetime
from typing import Any

import jmespath
import pytest

from evalyard_core.domain.traces.mapped import ROOTS, mapped_trace
from evalyard_core.domain.traces.spans import Meaning, Span, SpanError, SpanKind, ToolCall
from evalyard_core.domain.traces.trace import traces_of
from evalyard_trajectory import ToolCall as Call
from evalyard_trajectory import read_trace
from tests.fixtures.spans import a_received, a_span, span_id, trace_id
from tests.fixtures.traces import an_execution, understand

ASKED = (ToolCall(name="weather", arguments={"city": "Paris"}), ToolCall(name="book"))


def shown(*spans: Span) -> dict[str, Any]:
    [trace] = traces_of(spans, datetime(2026, 1, 1, tzinfo=UTC)).values()
    return mapped_trace(trace, spans)


def execution() -> dict[str, Any]:
    """Return an agent's trace, whose spans came in in any order."""
    return shown(*(a_span("p", one, **_parts(understand(one))) for one in an_execution()[::-1]))


def _parts(meaning: Meaning) -> dict[str, Any]:
    return {name: getattr(meaning, name) for name in meaning.__slots__}


def test_a_trace_is_json():
    trace = execution()
    assert tuple(trace) == ROOTS
    assert {name: value for name, value in trace.items() if name != "spans"} == {
        "traceId": trace_id(0),
        "name": "answer",
        "durationMs": 100.0,
        "status": "OK",
        "input": {"question": "Weather in Paris?"},
        "output": "Sunny.",
        "totals": {
            "spans": 3,
            "errors": 1,
            "promptTokens": 12,
            "completionTokens": 3,
            "totalTokens": 15,
            "costUsd": 0.25,
        },
        "tool_calls": [{"name": "weather", "arguments": {"city": "Paris"}}],
    }
    assert trace["spans"][2] == {
        "spanId": span_id(2),
        "parentSpanId": span_id(0),
        "name": "weather",
        "kind": "TOOL",
        "status": "ERROR",
        "statusMessage": "late",
        "startOffsetMs": 60.0,
        "durationMs": 20.0,
        "input": {"city": "Paris"},
        "output": "sunny",
        "model": None,
        "promptTokens": None,
        "completionTokens": None,
        "costUsd": None,
        "arguments": {"city": "Paris"},
        "error": None,
        "attributes": {"gen_ai.tool.name": "weather", "retries": [1, 2]},
    }


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("spans[?kind=='LLM'].model", ["test-chat"]),
        ("spans[?name=='weather'] | [0].output", "sunny"),
        ("spans[?status=='ERROR'].statusMessage", ["late"]),
        ("tool_calls[].name", ["weather"]),
        ("totals.totalTokens", 15),
        ("max_by(spans, &durationMs).name", "answer"),
        ("sum(spans[?parentSpanId].durationMs)", 60.0),
    ],
)
def test_paths_find_their_way_in_it(path: str, found: Any):
    assert jmespath.search(path, execution()) == found


def test_evaluators_of_trajectories_read_it():
    read = read_trace(execution())
    assert (list(read.tool_calls), read.model_calls) == ([Call("weather", {"city": "Paris"})], 1)


def test_where_no_tool_has_a_span_those_that_models_asked_for_are_the_calls():
    """As of an application of which only the calls of models are instrumented."""
    trace = shown(a_span("p", a_received(0), kind=SpanKind.LLM, tool_calls=ASKED))
    assert trace["tool_calls"] == [
        {"name": "weather", "arguments": {"city": "Paris"}},
        {"name": "book", "arguments": None},
    ]
    read = read_trace(trace)
    assert (list(read.tool_calls), read.model_calls) == ([Call("weather", {"city": "Paris"}), Call("book")], 1)


def test_the_output_is_the_roots_or_what_a_model_said_last():
    root = a_received(0)
    answers = [a_span("p", a_received(n, 0, 0), kind=SpanKind.LLM, output=f"answer {n}") for n in (1, 2)]
    tool = a_span("p", a_received(3, 0, 0), kind=SpanKind.TOOL, output="no answer")
    assert shown(a_span("p", root, output=False), *answers, tool)["output"] is False
    assert shown(a_span("p", root), *answers, tool)["output"] == "answer 2"
    assert shown(a_span("p", root), tool)["output"] is None
    assert shown(a_span("p", root, input="q"), *answers)["input"] == "q"


def test_an_error_tells_its_type():
    trace = shown(a_span("p", a_received(0), error=SpanError(type="ValueError", message="no")))
    assert trace["spans"][0]["error"] == {"type": "ValueError", "message": "no"}
