"""Spans of any size fit into a document, and say what they have lost."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from evalyard_core.domain.traces.amounts import plausible
from evalyard_core.domain.traces.cutting import (
    MOST_SENT_BYTES,
    MOST_TEXT_BYTES,
    MOST_UNDERSTOOD_BYTES,
    cut_meaning,
    cut_received,
    told,
)
from evalyard_core.domain.traces.spans import Cut, Meaning, ReceivedSpan, Scope, SpanError, SpanEvent, ToolCall
from tests.fixtures.spans import a_received

MEGABYTE = 1024 * 1024


def _sent_bytes(span: ReceivedSpan) -> int:
    return len(orjson.dumps([span.attributes, span.resource, span.events, span.links]))


def test_a_span_of_usual_size_stays_as_it_is() -> None:
    span = a_received(attributes={"a": "x" * 100_000, "b": [1, {"c": None}]}, events=(SpanEvent(name="e", at_ns=1),))
    assert cut_received(span) == (span, [])
    meaning = Meaning(input={"a": 1}, output="x" * 100_000, tool_calls=(ToolCall(name="t"),))
    assert cut_meaning(meaning) == (meaning, [])


def test_long_texts_are_cut_wherever_they_are_between_characters() -> None:
    text = "ä" * MEGABYTE
    span = a_received(
        attributes={"a": text, "deep": [{"b": text}], "short": "x"},
        events=(SpanEvent(name="e", at_ns=1, attributes={"c": text}),),
    )
    kept, cuts = cut_received(span)
    assert cuts == [
        Cut(path=path, bytes=2 * MEGABYTE)
        for path in ("attributes.a", "attributes.deep[0].b", "events[0].attributes.c")
    ]
    assert kept.attributes["a"] == kept.attributes["deep"][0]["b"] == "ä" * (MOST_TEXT_BYTES // 2) + "…"
    assert kept.attributes["short"] == "x"
    assert len(kept.events[0].attributes["c"].encode()) == MOST_TEXT_BYTES + len("…".encode())


def test_the_largest_parts_are_left_out_until_the_rest_has_room() -> None:
    large = {f"large {n}": "x" * (MOST_TEXT_BYTES - n) for n in range(5)}
    span = a_received(
        attributes={**large, "small": 1},
        events=(SpanEvent(name="e", at_ns=1, attributes={"t": "y" * MEGABYTE}),),
        resource={"r": "here"},
    )
    kept, cuts = cut_received(span)
    assert _sent_bytes(kept) <= MOST_SENT_BYTES
    assert [cut.path for cut in cuts] == ["events[0]", "attributes.large 0", "attributes.large 1"]
    assert kept.events == ()
    assert set(kept.attributes) == {"large 2", "large 3", "large 4", "small"}
    assert kept.resource == {"r": "here"}


@pytest.mark.parametrize(
    "attributes",
    [
        {f"key {n}": n for n in range(120_000)},
        {"k" * (5 * MEGABYTE): 1},
        {"control": "\x01" * (5 * MEGABYTE)},
        {"list": ["x" * 1000] * 10_000},
    ],
    ids=["many", "long key", "escaped", "list"],
)
def test_whatever_is_sent_has_room_afterwards(attributes: dict[str, Any]) -> None:
    span = a_received(attributes=attributes, resource=attributes, name="n" * MEGABYTE, status_message="m" * MEGABYTE)
    kept, cuts = cut_received(replace(span, scope=Scope(name="s" * MEGABYTE, version="v" * MEGABYTE)))
    assert _sent_bytes(kept) <= MOST_SENT_BYTES
    assert cuts
    assert len(kept.name) + len(kept.status_message or "") + len(kept.scope.name) + len(kept.scope.version) < 20_000
    assert len(orjson.dumps(told(cuts))) < 300_000


def test_what_is_understood_is_cut_and_says_so() -> None:
    calls = tuple(ToolCall(name="t", arguments={"a": "x" * MEGABYTE}) for _ in range(3))
    meaning = Meaning(input=["x" * MEGABYTE] * 3, output="\x01" * MEGABYTE, tool_calls=calls)
    kept, cuts = cut_meaning(meaning)
    assert [cut.path for cut in cuts] == ["input", "output", "toolCalls"]
    assert all(cut.bytes > MOST_UNDERSTOOD_BYTES for cut in cuts)
    for part in (kept.input, kept.output, [call.arguments for call in kept.tool_calls]):
        assert len(orjson.dumps(part)) <= MOST_UNDERSTOOD_BYTES
    assert [call.name for call in kept.tool_calls] == ["t", "t", "t"]


def test_too_many_cuts_are_summed_up() -> None:
    cuts = [Cut(path=str(n), bytes=1) for n in range(150)]
    assert told(cuts) == (*cuts[:99], Cut(path="51 others", bytes=51))
    assert told(cuts[:100]) == tuple(cuts[:100])


def test_amounts_that_can_not_be_are_not_understood() -> None:
    odd = Meaning(prompt_tokens=-1, completion_tokens=2**60, cached_tokens=5, cost_usd=float("nan"), model="m" * 5000)
    assert plausible(odd) == Meaning(cached_tokens=5, model="m" * 1000)
    assert plausible(Meaning(cost_usd=float("inf"), tags=("t",) * 60)) == Meaning(tags=("t",) * 50)
    long = SpanError(type="T" * 5000, message="m" * 50_000)
    assert plausible(Meaning(error=long)).error == SpanError(type="T" * 1000, message="m" * 10_000)
    usual = Meaning(prompt_tokens=1, cost_usd=0.5, tags=("a",), error=SpanError(type="E"))
    assert plausible(usual) == usual
