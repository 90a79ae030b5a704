"""What is understood of spans that packages sent which the tests do not install: see recorded_spans/README.md."""

import pytest

from evalyard_core.domain.traces.spans import SpanError, SpanKind, ToolCall
from tests.support.collector import recorded
from tests.support.meanings import ANSWER, ASKED, GIVEN, MILLION, SYSTEM, figures, meanings, named, user

PARIS = user("Weather in Paris?")
CALLED = (ToolCall(name="weather", arguments={"city": "Paris"}),)


def test_kinds_are_told_by_every_convention():
    kinds = {
        name: [(span.name, meaning.kind.value) for span, meaning in zip(spans, meanings(spans), strict=True)]
        for name in ("openinference-langchain-0.1.80", "openllmetry-langchain-0.62.4", "traceloop-sdk-0.62.4")
        for spans in [recorded(name)]
    }

    assert kinds == {
        "openinference-langchain-0.1.80": [
            ("forecaster", "CHAIN"),
            ("model", "CHAIN"),
            ("ChatOpenAI", "LLM"),
            ("tools", "CHAIN"),
            ("weather", "TOOL"),
            ("model", "CHAIN"),
            ("ChatOpenAI", "LLM"),
            ("VectorStoreRetriever", "RETRIEVER"),
        ],
        "openllmetry-langchain-0.62.4": [
            ("create_agent forecaster", "AGENT"),
            ("invoke_agent forecaster", "AGENT"),
            ("forecaster.workflow", "AGENT"),
            ("execute_task model", "CHAIN"),
            ("ChatOpenAI.chat", "LLM"),
            ("execute_task tools", "CHAIN"),
            ("execute_tool weather", "TOOL"),
            ("execute_task model", "CHAIN"),
            ("ChatOpenAI.chat", "LLM"),
            ("vector_db_retrieve VectorStoreRetriever", "RETRIEVER"),
        ],
        "traceloop-sdk-0.62.4": [
            ("desk.workflow", "CHAIN"),
            ("forecaster.agent", "AGENT"),
            ("look.task", "CHAIN"),
            ("openai.chat", "LLM"),
            ("weather.tool", "TOOL"),
            ("weather.tool", "TOOL"),
        ],
    }


@pytest.mark.parametrize(
    ("name", "span", "ending", "thought"),
    [
        ("openllmetry-0.40", "openai.chat", {"finish_reason": "tool_calls"}, None),
        ("openllmetry-langchain-0.62.4", "ChatOpenAI.chat", {"finish_reason": "tool_call"}, None),
        ("openinference-langchain-0.1.80", "ChatOpenAI", {}, 4),
    ],
)
def test_calls_of_a_model_with_a_tool(name, span, ending, thought):
    asked, answered = named(recorded(name))[span][:2]

    assert (asked.input, asked.output) == ([SYSTEM, PARIS], ASKED | ending)
    assert (asked.model, asked.tool_calls, figures(asked)) == ("test-chat", CALLED, (40, 9, 16, thought))
    assert asked.cost_usd == pytest.approx(436 / MILLION)
    assert [message["role"] for message in answered.input] == ["system", "user", "assistant", "tool"]
    assert GIVEN.items() <= answered.input[3].items()
    assert ANSWER.items() <= answered.output.items()
    assert (answered.tool_calls, answered.cost_usd) == ((), pytest.approx(660 / MILLION))


def test_messages_of_events():
    asked, answered, refused = named(recorded("azure-ai-inference-1.0.0b9"))["chat test-chat"]

    assert asked.input == [SYSTEM, PARIS]
    assert asked.output == ASKED | {"finish_reason": "tool_calls"}
    assert answered.input == [SYSTEM, PARIS, ASKED, GIVEN]
    assert answered.output == ANSWER | {"finish_reason": "stop"}
    assert (asked.kind, asked.provider, asked.tool_calls) == (SpanKind.LLM, "az.ai.inference", CALLED)
    assert (figures(asked), figures(answered)) == ((40, 9, None, None), (60, 3, None, None))
    assert (refused.output, figures(refused), refused.cost_usd) == (None, (None, None, None, None), None)
    assert refused.error is not None
    assert refused.error.type == "azure.core.exceptions.ClientAuthenticationError"
    assert refused.error.message.startswith("(invalid_api_key) Incorrect API key provided")


def test_requests_beneath_a_call_of_a_model():
    *_, refused = named(recorded("azure-ai-inference-1.0.0b9"))["POST"]

    assert (refused.kind, refused.input, refused.output) == (SpanKind.UNKNOWN, None, None)
    assert refused.error == SpanError(type="401")


def test_prompts_that_are_numbered():
    *_, streamed, refused = named(recorded("openllmetry-0.40"))["openai.chat"]
    [embedded] = named(recorded("openllmetry-0.40"))["openai.embeddings"]

    assert streamed.input == [user("Say hi")]
    assert streamed.output == {"role": "assistant", "content": "Hi there!", "finish_reason": "stop"}
    assert (embedded.kind, embedded.input, embedded.output) == (SpanKind.EMBEDDING, ["one text", "two"], None)
    assert (embedded.model, figures(embedded)) == ("test-embedding", (3, None, 0, None))
    assert refused.error is not None
    assert refused.error.type == "_OTHER"
    assert refused.error.message.startswith("Error code: 401")


def test_names_before_those_of_opentelemetry():
    asked, answered, streamed = named(recorded("openllmetry-0.15"))["openai.chat"]
    [embedded] = named(recorded("openllmetry-0.15"))["openai.embeddings"]

    call = {"name": "weather", "arguments": {"city": "Paris"}}
    assert asked.input == [SYSTEM, PARIS]
    assert asked.output == {"role": "assistant", "tool_calls": [call], "finish_reason": "tool_calls"}
    assert (asked.model, asked.provider, asked.tool_calls) == ("test-chat", "OpenAI", CALLED)
    assert (figures(asked), asked.cost_usd) == ((40, 9, None, None), pytest.approx(580 / MILLION))
    assert answered.output == ANSWER | {"finish_reason": "stop"}
    assert streamed.output["content"] == "Hi there!"
    assert (embedded.kind, embedded.input) == (SpanKind.EMBEDDING, ["one text", "two"])


def test_steps_of_an_application_that_its_owner_decorated():
    found = named(recorded("traceloop-sdk-0.62.4"))

    for name in ("desk.workflow", "forecaster.agent"):
        [step] = found[name]
        assert (step.input, step.output) == ("Weather in Paris?", "It is 18 degrees.")
    [look] = found["look.task"]
    assert (look.input, look.output) == ("Weather in Paris?", "weather")
    by_name, by_place = found["weather.tool"]
    assert (by_name.input, by_name.output, by_name.tool_calls) == ({"city": "Paris"}, {"degrees": 18}, CALLED)
    assert (by_place.input, by_place.tool_calls) == ("Oslo", (ToolCall(name="weather", arguments="Oslo"),))
    assert {(meaning.session, meaning.user) for several in found.values() for meaning in several} == {
        ("session-7", "user-3")
    }
    [call] = found["openai.chat"]
    assert figures(call) == (40, 9, 16, 4)


@pytest.mark.parametrize("name", ["openllmetry-langchain-0.62.4", "openinference-langchain-0.1.80"])
def test_a_retriever_finds_documents_for_a_query(name):
    *_, found = meanings(recorded(name))

    assert (found.kind, found.input) == (SpanKind.RETRIEVER, "Paris is mild.")
    [document] = found.output
    assert document["metadata"] == {"page": 1}
    assert document.get("content", document.get("page_content")) == "Paris is mild."


def test_a_tool_of_langchain():
    [of_openllmetry] = named(recorded("openllmetry-langchain-0.62.4"))["execute_tool weather"]
    [of_openinference] = named(recorded("openinference-langchain-0.1.80"))["weather"]

    assert of_openllmetry.tool_calls == CALLED
    assert of_openllmetry.input == {"city": "Paris"}
    # This instrumentation sends the value of a single argument without its name.
    assert of_openinference.tool_calls == (ToolCall(name="weather", arguments="Paris"),)


def test_an_agent_is_told_its_part():
    [made] = named(recorded("openllmetry-langchain-0.62.4"))["create_agent forecaster"]

    assert made.input == [SYSTEM]
