"""OpenInference, the conventions of Arize's instrumentations: its semantic conventions, version 0.1.42."""

from typing import Final

from evalyard_core.domain.traces.spans import SpanKind

from .convention import Convention
from .sources import flat_list_of, flat_messages_of, object_of, one_or_all, typed_value_of, value_of

OPENINFERENCE: Final = Convention(
    kinds={
        "openinference.span.kind": {
            "agent": SpanKind.AGENT,
            "chain": SpanKind.CHAIN,
            "llm": SpanKind.LLM,
            "tool": SpanKind.TOOL,
            "retriever": SpanKind.RETRIEVER,
            "embedding": SpanKind.EMBEDDING,
            "reranker": SpanKind.RERANKER,
            "guardrail": SpanKind.GUARDRAIL,
            "evaluator": SpanKind.EVALUATOR,
            # A template that is filled in, and a model that answers typed questions instead of writing text.
            "prompt": SpanKind.CHAIN,
            "decision": SpanKind.LLM,
        },
    },
    inputs={
        None: (typed_value_of("input.value", "input.mime_type"),),
        SpanKind.LLM: (
            flat_messages_of("llm.input_messages.", role="user"),
            flat_list_of("llm.prompts.", "prompt", "text"),
        ),
        SpanKind.EMBEDDING: (flat_list_of("embedding.embeddings.", "embedding", "text"),),
        SpanKind.RERANKER: (
            object_of(
                query=value_of("reranker.query"), documents=flat_list_of("reranker.input_documents.", "document")
            ),
        ),
        SpanKind.TOOL: (typed_value_of("input.value", "input.mime_type"), value_of("tool.parameters")),
    },
    outputs={
        None: (typed_value_of("output.value", "output.mime_type"),),
        SpanKind.LLM: (
            one_or_all(flat_messages_of("llm.output_messages.", role="assistant")),
            one_or_all(flat_list_of("llm.choices.", "completion", "text")),
        ),
        SpanKind.RETRIEVER: (flat_list_of("retrieval.documents.", "document"),),
        SpanKind.RERANKER: (flat_list_of("reranker.output_documents.", "document"),),
    },
    models=(
        *("llm.response.model_name", "llm.model_name", "llm.request.model_name"),
        *("embedding.model_name", "reranker.model_name"),
        *("decision.response.model_name", "decision.model_name", "decision.request.model_name"),
    ),
    providers=("llm.provider", "llm.system", "decision.provider", "decision.system"),
    prompt_tokens=("llm.token_count.prompt", "decision.token_count.input"),
    completion_tokens=("llm.token_count.completion", "decision.token_count.output"),
    cached_tokens=("llm.token_count.prompt_details.cache_read", "llm.token_count.prompt_details.cache_input"),
    reasoning_tokens=("llm.token_count.completion_details.reasoning",),
    costs=(("llm.cost.total",), ("llm.cost.prompt", "llm.cost.completion")),
    sessions=("session.id",),
    users=("user.id",),
    tags=("tag.tags",),
    tools=("tool.name",),
)
