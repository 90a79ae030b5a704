"""Whatever attributes and events a span has, there is a meaning, which can be stored."""

import sys
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from evalyard_core.domain.payload import payload_size
from evalyard_core.domain.traces.conventions import CONVENTIONS, understand
from evalyard_core.domain.traces.spans import Meaning, OtelKind, SpanEvent, SpanStatus
from tests.fixtures.spans import a_received
from tests.support.collector import recorded
from tests.support.meanings import PRICES

RECORDED = [
    span
    for name in (
        "azure-ai-inference-1.0.0b9",
        "openllmetry-0.15",
        "openllmetry-0.40",
        "traceloop-sdk-0.62.4",
        "openinference-langchain-0.1.80",
    )
    for span in recorded(name)
]
KNOWN = sorted(
    {name for span in RECORDED for name in span.attributes}
    | {name for span in RECORDED for event in span.events for name in event.attributes}
    | {name for convention in CONVENTIONS for name in [*convention.kinds, *convention.marks]}
    | {
        f"{prefix}{rest}"
        for prefix in (
            "llm.input_messages.",
            "llm.output_messages.",
            "gen_ai.prompt.",
            "gen_ai.completion.",
            "retrieval.documents.",
        )
        for rest in (
            "0",
            "0.message",
            "0.message.tool_calls",
            "0.message.tool_calls.0",
            "0.message.contents.0.message_content.type",
            "x",
            ".",
            "9" * 5000,
            "0.tool_calls.0.name",
        )
    }
    | {"tag.tags", "gen_ai.tool.call.arguments", "llm.cost.total", "gen_ai.system_instructions", "reranker.query"}
)
KINDS = sorted({value for convention in CONVENTIONS for kinds in convention.kinds.values() for value in kinds})
EVENTS = sorted(
    {event.name for span in RECORDED for event in span.events} | {"gen_ai.content.prompt", "gen_ai.content.completion"}
)

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["application/json", *KINDS]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "role",
                    "content",
                    "parts",
                    "type",
                    "text",
                    "tool_calls",
                    "name",
                    "arguments",
                    "function",
                    "message",
                    "args",
                    "kwargs",
                    "tags",
                    "metadata",
                    "id",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=6,
)
texts = values.map(lambda value: orjson.dumps(value, default=str).decode())
attributes = st.dictionaries(st.sampled_from(KNOWN) | st.text(max_size=30), values | texts, max_size=8)
events = st.builds(SpanEvent, name=st.sampled_from(EVENTS), at_ns=st.just(0), attributes=attributes)
spans = st.builds(
    a_received,
    attributes=attributes,
    events=st.lists(events, max_size=2).map(tuple),
    status=st.sampled_from(SpanStatus),
    otel_kind=st.sampled_from(OtelKind),
)


def storable(meaning: Meaning) -> None:
    """Check that each part is of its type, and that the store takes it."""
    for value in (meaning.input, meaning.output, *(call.arguments for call in meaning.tool_calls)):
        orjson.dumps(value)
    assert all(isinstance(call.name, str) and call.name for call in meaning.tool_calls)
    for text in (meaning.model, meaning.provider, meaning.session, meaning.user):
        assert text is None or (isinstance(text, str) and text)
    for count in (meaning.prompt_tokens, meaning.completion_tokens, meaning.cached_tokens, meaning.reasoning_tokens):
        assert count is None or (type(count) is int and 0 <= count < 2**53)
    assert meaning.cost_usd is None or (isinstance(meaning.cost_usd, float) and 0 <= meaning.cost_usd < float("inf"))
    assert all(isinstance(tag, str) for tag in meaning.tags)


@settings(max_examples=120, deadline=None)
@given(spans)
def test_any_span_has_a_meaning(span):
    storable(understand(span, PRICES))


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(RECORDED), st.data())
def test_a_span_of_which_some_attributes_are_spoilt_has_a_meaning(span, data):
    spoilt: dict[str, Any] = dict(span.attributes)
    for name in data.draw(st.lists(st.sampled_from(sorted(spoilt) or ["a"]), max_size=3)):
        spoilt[name] = data.draw(values | texts)

    storable(understand(a_received(attributes=spoilt, events=span.events, status=span.status), PRICES))


def test_texts_that_are_nested_too_deep_to_be_stored_stay_texts():
    nested = "[" * 900 + "]" * 900
    levels = sys.getrecursionlimit() * 2
    deeper = "[" * levels + "]" * levels

    for text in (nested, deeper):
        meaning = understand(a_received(attributes={"traceloop.entity.input": text, "tag.tags": text}), PRICES)
        assert meaning.input == text
        storable(meaning)


def test_a_text_with_many_brackets_that_is_flat_is_read():
    wide = [[number] for number in range(200)]

    meaning = understand(a_received(attributes={"traceloop.entity.input": orjson.dumps(wide).decode()}), PRICES)

    assert meaning.input == wide
    assert payload_size(meaning.input, field="input")
