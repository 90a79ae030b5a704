import pytest

from evalyard_trajectory import ToolCall, Trajectory, read_trace

SEARCH = ToolCall("search", {"q": "a"})
BOOK = ToolCall("book", {"id": 7})
# The shape of "Tool calls" in OpenAI's guide "Function calling": arguments are JSON text.
MESSAGES = [
    {"role": "user", "content": "Book a."},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "search", "arguments": '{"q": "a"}'}},
            {"id": "c2", "type": "function", "function": {"name": "book", "arguments": '{"id": 7}'}},
        ],
    },
    {"role": "tool", "tool_call_id": "c1", "content": "found"},
    {"role": "assistant", "content": "Done."},
]
SPANS = [
    {"kind": "AGENT", "name": "agent", "input": "Book a."},
    {"kind": "LLM", "name": "chat", "input": []},
    {"kind": "TOOL", "name": "search", "input": {"q": "a"}},
    {"kind": "tool", "name": "book", "input": '{"id": 7}'},
]


@pytest.mark.parametrize(
    ("trace", "model_calls"),
    [
        ([{"name": "search", "arguments": {"q": "a"}}, {"name": "book", "arguments": {"id": 7}}], None),
        ([{"name": "search", "args": {"q": "a"}}, {"name": "book", "input": '{"id": 7}'}], None),
        ({"tool_calls": [{"name": "search", "arguments": {"q": "a"}}, {"name": "book", "args": {"id": 7}}]}, None),
        (MESSAGES[1]["tool_calls"], None),
        ({"spans": SPANS, "traceId": "1"}, 1),
        (SPANS, 1),
        ({"spans": SPANS[:2], "tool_calls": [{"name": "search", "arguments": {"q": "a"}}, SPANS[3]]}, 1),
        ({"messages": MESSAGES}, 2),
        (MESSAGES, 2),
        (MESSAGES[1], 1),
        ({"id": "chatcmpl-1", "choices": [{"index": 0, "message": MESSAGES[1]}]}, 1),
    ],
)
def test_calls_are_read_from_every_shape(trace, model_calls):
    assert read_trace(trace) == Trajectory((SEARCH, BOOK), model_calls)


@pytest.mark.parametrize(
    ("trace", "calls"),
    [
        ([], ()),
        ({"spans": []}, ()),
        ({"messages": None}, ()),
        ([{"role": "assistant", "content": "Hi.", "tool_calls": None}], ()),
        (["search"], (ToolCall("search"),)),
        ([{"name": "search"}], (ToolCall("search"),)),
        ([{"name": "search", "arguments": None}], (ToolCall("search"),)),
        ([{"name": "search", "arguments": ""}], (ToolCall("search", {}),)),
        ([{"name": "search", "arguments": "{"}], (ToolCall("search", "{"),)),
        ([{"name": "search", "arguments": "[" * 100_000}], (ToolCall("search", "[" * 100_000),)),
        ([{"name": "search", "arguments": [1]}], (ToolCall("search", [1]),)),
    ],
)
def test_calls_may_lack_what_they_may_lack(trace, calls):
    assert read_trace(trace).tool_calls == calls


@pytest.mark.parametrize(
    ("trace", "message"),
    [
        ("search", "neither a list of tool calls nor an object with spans or messages"),
        (7, "neither a list"),
        ({}, "neither a list"),
        ({"spans": {}}, "'spans' is no list"),
        ({"choices": "x"}, "'choices' is no list"),
        ([{"role": "assistant", "tool_calls": 7}], "'tool_calls' is no list"),
        ([{"kind": "TOOL"}], "Step 1 of the trace is no tool call"),
        ([{"name": "search"}, {"name": ""}], "Step 2 of the trace is no tool call"),
        ([{"name": "search"}, None], "Step 2 of the trace is no tool call"),
        ([{"function": "search"}], "Step 1 of the trace is no tool call"),
        ([""], "Step 1 of the trace is no tool call"),
        ({"choices": [{}]}, "Step 1 of the trace is no tool call"),
    ],
)
def test_another_shape_is_refused_with_a_sentence(trace, message):
    with pytest.raises(ValueError, match=message):
        read_trace(trace)


def test_calls_are_written_for_people():
    assert str(ToolCall("search")) == "search"
    assert str(SEARCH) == 'search("q": "a")'
    assert str(ToolCall("search", "x" * 100)) == f'search("{"x" * 79} …)'
