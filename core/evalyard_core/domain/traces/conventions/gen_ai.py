"""OpenTelemetry's semantic conventions for generative AI, and for the Model Context Protocol.

The names in force are those of the repository open-telemetry/semantic-conventions-genai, with the attributes that
instrumentations of OpenTelemetry and OpenLLMetry send; those behind them are older ones, back to version 1.27, among
them messages as attributes with numbers (`gen_ai.prompt.0.content`) and as events of a span (`gen_ai.user.message`).
"""

from typing import Final

from evalyard_core.domain.traces.spans import SpanKind

from .convention import Convention
from .sources import (
    answered_in_events,
    asked_in_events,
    contents_of,
    flat_messages_of,
    messages_of,
    one_or_all,
    value_of,
    wrapped_value_of,
)

_ASKED: Final = (
    messages_of("gen_ai.input.messages", role="user", system="gen_ai.system_instructions"),
    flat_messages_of("gen_ai.prompt.", role="user"),
    messages_of("gen_ai.prompt", role="user"),
    asked_in_events,
)
_ANSWERED: Final = tuple(
    one_or_all(source)
    for source in (
        messages_of("gen_ai.output.messages", role="assistant"),
        flat_messages_of("gen_ai.completion.", role="assistant"),
        messages_of("gen_ai.completion", role="assistant"),
        answered_in_events,
    )
)

GEN_AI: Final = Convention(
    kinds={
        "gen_ai.operation.name": {
            "chat": SpanKind.LLM,
            "text_completion": SpanKind.LLM,
            "generate_content": SpanKind.LLM,
            "llm_request": SpanKind.LLM,
            "embeddings": SpanKind.EMBEDDING,
            "retrieval": SpanKind.RETRIEVER,
            "vector_db_retrieve": SpanKind.RETRIEVER,
            "execute_tool": SpanKind.TOOL,
            "create_agent": SpanKind.AGENT,
            "invoke_agent": SpanKind.AGENT,
            "invoke_workflow": SpanKind.CHAIN,
            "execute_task": SpanKind.CHAIN,
        },
        "mcp.method.name": {"tools/call": SpanKind.TOOL},
    },
    marks={
        "gen_ai.tool.call.id": SpanKind.TOOL,
        "gen_ai.evaluation.name": SpanKind.EVALUATOR,
        "gen_ai.usage.output_tokens": SpanKind.LLM,
        "gen_ai.usage.completion_tokens": SpanKind.LLM,
        "gen_ai.request.model": SpanKind.LLM,
    },
    # OpenLLMetry's instrumentations wrap what they say of tools, under these names too.
    inputs={
        None: _ASKED,
        SpanKind.EMBEDDING: (contents_of(*_ASKED),),
        SpanKind.TOOL: (wrapped_value_of("gen_ai.tool.call.arguments"),),
        SpanKind.RETRIEVER: (value_of("gen_ai.retrieval.query.text"),),
    },
    outputs={
        None: _ANSWERED,
        SpanKind.TOOL: (wrapped_value_of("gen_ai.tool.call.result"),),
        SpanKind.RETRIEVER: (value_of("gen_ai.retrieval.documents"),),
    },
    models=("gen_ai.response.model", "gen_ai.request.model"),
    providers=("gen_ai.provider.name", "gen_ai.system"),
    prompt_tokens=("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
    completion_tokens=("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"),
    cached_tokens=("gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens"),
    reasoning_tokens=("gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens"),
    # No part of the conventions: OpenLIT and OpenRouter send the first, Pydantic Logfire the second.
    costs=(("gen_ai.usage.cost",), ("operation.cost",)),
    sessions=("gen_ai.conversation.id", "session.id"),
    users=("user.id", "enduser.id", "gen_ai.user"),
    tools=("gen_ai.tool.name",),
)
