"""OpenLLMetry, the conventions of Traceloop's instrumentations: its semantic conventions, versions 0.4 and 0.5.

Their calls of models follow OpenTelemetry's (see gen_ai.py); `traceloop.*` says what stands around them.
"""

from collections.abc import Mapping
from typing import Any, Final

from evalyard_core.domain.traces.spans import ReceivedSpan, SpanKind

from .convention import Convention
from .sources import json_of
from .values import decoded

_OF_APPLICATION: Final = "traceloop.association.properties."


def _called_with(span: ReceivedSpan) -> Any:
    """Read what a decorated function was called with: one argument alone is itself, named ones are an object."""
    called = decoded(span.attributes.get("traceloop.entity.input"))
    if not isinstance(called, Mapping) or called.keys() != {"args", "kwargs"}:
        return None
    args, kwargs = called["args"], called["kwargs"]
    if not args:
        return kwargs
    return args[0] if isinstance(args, list) and len(args) == 1 and not kwargs else called


OPENLLMETRY: Final = Convention(
    kinds={
        "traceloop.span.kind": {
            "workflow": SpanKind.CHAIN,
            "task": SpanKind.CHAIN,
            "agent": SpanKind.AGENT,
            "tool": SpanKind.TOOL,
        },
        "llm.request.type": {
            "chat": SpanKind.LLM,
            "completion": SpanKind.LLM,
            "embedding": SpanKind.EMBEDDING,
            "rerank": SpanKind.RERANKER,
        },
    },
    marks={
        "db.vector.query.top_k": SpanKind.RETRIEVER,
        "db.chroma.query.n_results": SpanKind.RETRIEVER,
        "db.milvus.search.data_count": SpanKind.RETRIEVER,
        "pinecone.query.top_k": SpanKind.RETRIEVER,
        "qdrant.search.collection_name": SpanKind.RETRIEVER,
    },
    # LangChain's instrumentation puts what went in and came out beside its own tags.
    inputs={None: (_called_with, json_of("traceloop.entity.input", "inputs", "query", "input_str"))},
    outputs={None: (json_of("traceloop.entity.output", "outputs", "documents", "output"),)},
    prompt_tokens=("llm.usage.prompt_tokens",),
    completion_tokens=("llm.usage.completion_tokens",),
    reasoning_tokens=("llm.usage.reasoning_tokens",),
    sessions=tuple(
        _OF_APPLICATION + name for name in ("session_id", "conversation_id", "thread_id", "chat_id", "session.id")
    ),
    users=(_OF_APPLICATION + "user_id", _OF_APPLICATION + "user.id", "llm.user"),
    tools=("traceloop.entity.name",),
)
