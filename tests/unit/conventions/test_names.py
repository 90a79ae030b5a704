"""Names of attributes one by one: those that no instrumentation of the tests sends."""

from typing import Any

import pytest

from evalyard_core.domain.traces.conventions import understand
from evalyard_core.domain.traces.spans import Meaning, SpanError, SpanEvent, SpanKind, SpanStatus, ToolCall
from tests.fixtures.spans import a_received
from tests.support.meanings import ANSWER, ASKED, CALL, PRICES, SYSTEM, figures, user


def meaning_of(attributes: dict[str, Any] | None = None, **span: Any) -> Meaning:
    return understand(a_received(attributes=attributes or {}, **span), PRICES)


def event(name: str, **attributes: Any) -> SpanEvent:
    return SpanEvent(
        name=name, at_ns=0, attributes={key.replace("__", "."): value for key, value in attributes.items()}
    )


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({}, "UNKNOWN"),
        ({"openinference.span.kind": "GUARDRAIL"}, "GUARDRAIL"),
        ({"openinference.span.kind": "evaluator"}, "EVALUATOR"),
        ({"openinference.span.kind": "DECISION", "decision.model_name": "jev"}, "LLM"),
        ({"openinference.span.kind": "UNKNOWN", "gen_ai.request.model": "m"}, "LLM"),
        ({"openinference.span.kind": 7, "gen_ai.operation.name": "chat"}, "LLM"),
        ({"openinference.span.kind": "brandnew", "traceloop.span.kind": "agent"}, "AGENT"),
        ({"gen_ai.operation.name": "invoke_agent", "traceloop.span.kind": "workflow"}, "AGENT"),
        ({"gen_ai.operation.name": "invoke_workflow"}, "CHAIN"),
        ({"gen_ai.operation.name": "brandnew", "gen_ai.request.model": "m"}, "LLM"),
        ({"gen_ai.system": "openai", "gen_ai.request.model": "m"}, "LLM"),
        ({"gen_ai.agent.name": "forecaster"}, "UNKNOWN"),
        ({"mcp.method.name": "tools/call"}, "TOOL"),
        ({"mcp.method.name": "tools/list"}, "UNKNOWN"),
        ({"llm.request.type": "rerank"}, "RERANKER"),
        ({"traceloop.span.kind": "unknown"}, "UNKNOWN"),
        ({"db.system": "chroma", "db.chroma.query.n_results": 3}, "RETRIEVER"),
        ({"db.system": "postgresql", "db.statement": "SELECT 1"}, "UNKNOWN"),
    ],
)
def test_kinds(attributes, kind):
    assert meaning_of(attributes).kind is SpanKind(kind)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"gen_ai.usage.prompt_tokens": 4, "gen_ai.usage.completion_tokens": 2}, (4, 2, None, None)),
        ({"gen_ai.usage.input_tokens": 4.0, "gen_ai.usage.output_tokens": 2.0}, (4, 2, None, None)),
        ({"gen_ai.usage.input_tokens": True, "gen_ai.usage.output_tokens": -2}, (None, None, None, None)),
        ({"gen_ai.usage.input_tokens": "4", "llm.token_count.prompt": 5}, (5, None, None, None)),
        ({"gen_ai.usage.reasoning.output_tokens": 3, "gen_ai.usage.cache_read.input_tokens": 1}, (None, None, 1, 3)),
        ({"llm.usage.prompt_tokens": 9, "llm.usage.completion_tokens": 1}, (9, 1, None, None)),
        ({"llm.token_count.prompt_details.cache_input": 6}, (None, None, 6, None)),
        ({"decision.token_count.input": 6, "decision.token_count.output": 1}, (6, 1, None, None)),
    ],
)
def test_tokens(attributes, expected):
    assert figures(meaning_of(attributes)) == expected


@pytest.mark.parametrize(
    ("attributes", "cost"),
    [
        ({"llm.cost.total": 0.25, "llm.cost.prompt": 0.2}, 0.25),
        ({"llm.cost.prompt": 0.25, "llm.cost.completion": 0.5}, 0.75),
        ({"gen_ai.usage.cost": 1, "gen_ai.request.model": "test-chat", "gen_ai.usage.input_tokens": 5}, 1.0),
        ({"operation.cost": 0.5}, 0.5),
        ({"operation.cost": float("nan")}, None),
        ({"operation.cost": -1.0}, None),
        ({"operation.cost": "much"}, None),
        ({"gen_ai.request.model": "test-chat", "gen_ai.usage.input_tokens": 500_000}, 5.0),
        ({"gen_ai.request.model": "test-chat-2026-01-31", "gen_ai.usage.output_tokens": 100_000}, 2.0),
        (
            {
                "gen_ai.request.model": "test-chat",
                "gen_ai.response.model": "of another name",
                "gen_ai.usage.input_tokens": 100_000,
            },
            1.0,
        ),
        ({"gen_ai.request.model": "unheard-of", "gen_ai.usage.input_tokens": 500_000}, None),
        ({"gen_ai.request.model": "test-chat"}, None),
    ],
)
def test_cost(attributes, cost):
    assert meaning_of(attributes).cost_usd == cost


def test_an_agent_says_what_its_calls_used_together():
    used = {"gen_ai.request.model": "test-chat", "gen_ai.usage.input_tokens": 100_000, "llm.cost.total": 1.5}

    agent = meaning_of(used | {"gen_ai.operation.name": "invoke_agent"})

    assert (agent.kind, agent.model) == (SpanKind.AGENT, "test-chat")
    assert (figures(agent), agent.cost_usd) == ((100_000, None, None, None), 1.5)


@pytest.mark.parametrize(
    ("attributes", "session", "user_id"),
    [
        ({"session.id": "s", "user.id": 7}, "s", "7"),
        ({"gen_ai.conversation.id": "s", "enduser.id": "u"}, "s", "u"),
        ({"traceloop.association.properties.thread_id": "s", "llm.user": "u"}, "s", "u"),
        ({"session.id": " ", "user.id": False}, None, None),
    ],
)
def test_sessions_and_users(attributes, session, user_id):
    meaning = meaning_of(attributes)

    assert (meaning.session, meaning.user) == (session, user_id)


@pytest.mark.parametrize(
    ("tags", "expected"), [(["a", "", 3, None], ("a", "3")), ('["a", "b"]', ("a", "b")), ("a", ("a",)), ({"a": 1}, ())]
)
def test_tags(tags, expected):
    assert meaning_of({"tag.tags": tags}).tags == expected


def test_prompts_and_completions_in_one_event_each():
    openai_call = {"id": "call_1", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}
    meaning = meaning_of(
        {"gen_ai.request.model": "m"},
        events=(
            event("gen_ai.content.prompt", gen_ai__prompt='[{"role": "user", "content": "Hi!"}]'),
            event("gen_ai.content.completion", gen_ai__completion=[{"role": "assistant", "tool_calls": [openai_call]}]),
        ),
    )

    assert (meaning.input, meaning.output) == ([user("Hi!")], ASKED)
    assert meaning.tool_calls == (ToolCall(name="weather", arguments=CALL["arguments"]),)


def test_events_whose_attributes_are_the_message():
    meaning = meaning_of(
        {"gen_ai.request.model": "m"},
        events=(
            event("gen_ai.system.message", content="Be short."),
            event("gen_ai.user.message", content='{"looks": "like JSON"}'),
            event("gen_ai.choice", index=0, finish_reason="stop", message='{"content": "It is 18 degrees."}'),
            event("gen_ai.choice", index=1, finish_reason="stop", message={"content": "18"}),
        ),
    )

    assert meaning.input == [SYSTEM, user('{"looks": "like JSON"}')]
    assert meaning.output == [
        ANSWER | {"finish_reason": "stop"},
        {"role": "assistant", "content": "18", "finish_reason": "stop"},
    ]


def test_parts_of_messages():
    parts = [{"type": "reasoning", "content": "Hm."}, {"type": "text", "content": "It is 18 degrees."}]
    answers = [{"type": "tool_call_response", "id": name, "response": name} for name in ("a", "b")]
    meaning = meaning_of(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": [{"role": "tool", "parts": answers}],
            "gen_ai.output.messages": [{"role": "assistant", "parts": [*parts, {"type": "tool_call", **CALL}]}],
        }
    )

    assert meaning.input == [{"role": "tool", "content": name, "tool_call_id": name} for name in ("a", "b")]
    assert meaning.output == {"role": "assistant", "content": parts, "tool_calls": [CALL]}


def test_contents_and_calls_that_openinference_flattens():
    prefix = "llm.output_messages.0.message."
    meaning = meaning_of(
        {
            "openinference.span.kind": "LLM",
            prefix + "role": "assistant",
            prefix + "contents.1.message_content.type": "image",
            prefix + "contents.1.message_content.image.image.url": "https://example.com/a.png",
            prefix + "contents.0.message_content.type": "text",
            prefix + "contents.0.message_content.text": "See:",
            prefix + "function_call_name": "weather",
            prefix + "function_call_arguments_json": '{"city": "Paris"}',
            "llm.prompts.0.prompt.text": "Say it.",
        }
    )

    image = {"type": "image", "image": {"image": {"url": "https://example.com/a.png"}}}
    assert meaning.input == ["Say it."]
    assert meaning.output["content"] == [{"type": "text", "text": "See:"}, image]
    assert meaning.tool_calls == (ToolCall(name="weather", arguments={"city": "Paris"}),)


def test_messages_keep_their_order_beyond_ten():
    flat = {f"gen_ai.prompt.{number}.content": str(number) for number in reversed(range(12))}

    meaning = meaning_of({"gen_ai.request.model": "m", **flat, "gen_ai.prompt.prompt_filter_results": "[]"})

    assert [message["content"] for message in meaning.input] == [str(number) for number in range(12)]


def test_rerankers_and_retrievers():
    documents = {f"reranker.input_documents.{at}.document.content": text for at, text in enumerate(("one", "two"))}
    reranked = meaning_of(
        {
            "openinference.span.kind": "RERANKER",
            "reranker.query": "Which?",
            "reranker.model_name": "sorter",
            "reranker.output_documents.0.document.content": "two",
            "reranker.output_documents.0.document.score": 0.5,
            **documents,
        }
    )
    found = meaning_of(
        {
            "gen_ai.operation.name": "retrieval",
            "gen_ai.retrieval.query.text": "Which?",
            "gen_ai.retrieval.documents": '[{"id": "d1", "score": 0.5}]',
        }
    )

    assert reranked.input == {"query": "Which?", "documents": [{"content": "one"}, {"content": "two"}]}
    assert (reranked.output, reranked.model) == ([{"content": "two", "score": 0.5}], "sorter")
    assert (found.input, found.output) == ("Which?", [{"id": "d1", "score": 0.5}])


def test_values_of_openinference_are_json_where_they_say_so():
    json = {"input.value": "[1]", "input.mime_type": "application/json", "output.value": "[1]"}

    meaning = meaning_of({"openinference.span.kind": "CHAIN", **json})

    assert (meaning.input, meaning.output) == ([1], "[1]")


def test_plain_spans():
    database = meaning_of({"db.system": "postgresql", "db.statement": "SELECT 1", "db.query.text": "SELECT 2"})
    request = meaning_of({"http.request.method": "GET", "url.full": "https://example.com", "http.status_code": 200})

    assert (database.kind, database.input, database.output) == (SpanKind.UNKNOWN, "SELECT 2", None)
    assert request == Meaning()


@pytest.mark.parametrize(
    ("span", "error"),
    [
        ({}, None),
        ({"status": SpanStatus.ERROR, "status_message": "No."}, SpanError(type="_OTHER", message="No.")),
        ({"status": SpanStatus.ERROR, "attributes": {"error.type": "timeout"}}, SpanError(type="timeout")),
        ({"attributes": {"error.type": "timeout"}}, SpanError(type="timeout")),
        ({"status": SpanStatus.OK, "attributes": {"error.type": "timeout"}}, None),
        (
            {"events": (event("exception", exception__type="A"), event("exception", exception__type="B"))},
            SpanError(type="B"),
        ),
        (
            {
                "status": SpanStatus.ERROR,
                "status_message": "B: no.",
                "events": (event("exception", exception__message="no."), event("other")),
            },
            SpanError(type="_OTHER", message="no."),
        ),
        ({"status": SpanStatus.OK, "events": (event("exception", exception__type="A"),)}, None),
    ],
)
def test_errors(span, error):
    assert meaning_of(**span).error == error
