"""What is understood of applications that the newest instrumentations watch: real processes, a real exporter."""

import asyncio

import pytest

from evalyard_core.domain.traces.spans import Meaning, ReceivedSpan, SpanError, SpanKind, SpanStatus, ToolCall
from tests.support.collector import spans_of_assistant
from tests.support.meanings import ANSWER, ASKED, GIVEN, MILLION, SYSTEM, figures, meanings, user

INSTRUMENTATIONS = ("opentelemetry", "openinference", "openllmetry")
QUESTION = user("What is the weather in Paris?")
CALLED = (ToolCall(name="weather", arguments={"city": "Paris"}),)
REFUSED = SpanError(type="openai.AuthenticationError", message="Error code: 401 - Incorrect API key provided: wrong.")

Understood = dict[str, tuple[list[ReceivedSpan], list[Meaning]]]


@pytest.fixture(scope="module")
async def understood() -> Understood:
    """Return the spans that each of the assistants sent, in their order, and what they mean."""
    sent = await asyncio.gather(*map(spans_of_assistant, INSTRUMENTATIONS))
    return {name: (spans, meanings(spans)) for name, spans in zip(INSTRUMENTATIONS, sent, strict=True)}


@pytest.mark.parametrize(
    ("instrumentation", "agent", "tool"),
    [("opentelemetry", "AGENT", "TOOL"), ("openinference", "AGENT", "TOOL"), ("openllmetry", "UNKNOWN", "UNKNOWN")],
)
async def test_kinds(understood: Understood, instrumentation: str, agent: str, tool: str):
    _, found = understood[instrumentation]

    assert [meaning.kind for meaning in found] == [agent, "LLM", tool, "LLM", "LLM", "EMBEDDING", agent, "LLM"]
    assert {meaning.provider for meaning in found if meaning.kind in (SpanKind.LLM, SpanKind.EMBEDDING)} == {"openai"}


@pytest.mark.parametrize(
    ("instrumentation", "ending"),
    [
        ("opentelemetry", {"finish_reason": "tool_call"}),
        ("openinference", {}),
        ("openllmetry", {"finish_reason": "tool_call"}),
    ],
)
async def test_a_model_asks_for_a_tool(understood: Understood, instrumentation: str, ending: dict[str, str]):
    call = understood[instrumentation][1][1]

    assert (call.input, call.output) == ([SYSTEM, QUESTION], ASKED | ending)
    assert (call.model, call.tool_calls, figures(call)) == ("test-chat", CALLED, (40, 9, 16, 4))
    assert call.cost_usd == pytest.approx(436 / MILLION)


@pytest.mark.parametrize("instrumentation", INSTRUMENTATIONS)
async def test_a_model_answers(understood: Understood, instrumentation: str):
    call = understood[instrumentation][1][3]

    assert call.input == [SYSTEM, QUESTION, ASKED, GIVEN]
    assert ANSWER.items() <= call.output.items()
    assert (call.tool_calls, call.cost_usd) == ((), pytest.approx(660 / MILLION))


@pytest.mark.parametrize("instrumentation", INSTRUMENTATIONS)
async def test_a_streamed_answer(understood: Understood, instrumentation: str):
    call = understood[instrumentation][1][4]

    assert call.input == [user("Hi!")]
    assert call.output["content"] == "Hello to you!"
    assert (figures(call)[:2], call.cost_usd) == ((12, 3), pytest.approx(180 / MILLION))


@pytest.mark.parametrize(
    ("instrumentation", "texts"),
    [("opentelemetry", None), ("openinference", ["one text", "two"]), ("openllmetry", ["one text", "two"])],
)
async def test_embeddings(understood: Understood, instrumentation: str, texts: list[str] | None):
    call = understood[instrumentation][1][5]

    assert (call.input, call.output, call.model) == (texts, None, "test-embedding")
    assert (figures(call)[0], call.cost_usd) == (3, None)


@pytest.mark.parametrize("instrumentation", INSTRUMENTATIONS)
async def test_a_key_that_is_wrong(understood: Understood, instrumentation: str):
    spans, found = understood[instrumentation]

    assert [meaning.error for meaning in found] == [None] * 6 + [REFUSED] * 2
    assert [span.status for span in spans[6:]] == [SpanStatus.ERROR] * 2
    assert (found[7].input, found[7].output, found[7].cost_usd) == ([SYSTEM, QUESTION], None, None)


@pytest.mark.parametrize("instrumentation", ["opentelemetry", "openinference"])
async def test_a_tool_is_carried_out(understood: Understood, instrumentation: str):
    tool = understood[instrumentation][1][2]

    assert (tool.input, tool.output, tool.tool_calls) == ({"city": "Paris"}, "18 degrees", CALLED)


async def test_agents(understood: Understood):
    of_opentelemetry, of_openinference = understood["opentelemetry"][1][0], understood["openinference"][1][0]

    assert (of_opentelemetry.input, of_opentelemetry.output) == ([QUESTION], ANSWER)
    assert (of_openinference.input, of_openinference.output) == (QUESTION["content"], ANSWER["content"])
    assert figures(of_opentelemetry) == (100, 12, None, None)
    assert figures(of_openinference) == (None, None, None, None)


async def test_sessions_users_and_tags(understood: Understood):
    found = {
        name: {(one.session, one.user, one.tags) for one in meanings[:3]} for name, (_, meanings) in understood.items()
    }

    assert found == {
        "opentelemetry": {("session-7", None, ()), (None, None, ())},
        "openinference": {("session-7", "user-3", ("weather", "demo"))},
        "openllmetry": {("session-7", "user-3", ()), (None, None, ())},
    }
