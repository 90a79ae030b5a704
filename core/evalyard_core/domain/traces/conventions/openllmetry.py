"""OpenLLMetry, the conventions of Traceloop's instrumentations: its semantic conventions, versions 0.1 to 0.5.

Their calls of models follow OpenTelemetry's (see gen_ai.py), and had names of their own (`llm.*`) before; `traceloop.*`
says what stands around them.
"""

from typing import Final

from evalyard_core.domain.traces.spans import SpanKind

from .convention import Convention
from .sources import contents_of, flat_messages_of, one_or_all, wrapped_value_of
from .values import decoded

_OF_APPLICATION: Final = "traceloop.association.properties."


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
    inputs={
        None: (wrapped_value_of("traceloop.entity.input", decoded),),
        SpanKind.LLM: (flat_messages_of("llm.prompts.", role="user"),),
        SpanKind.EMBEDDING: (contents_of(flat_messages_of("llm.prompts.", role="user")),),
    },
    outputs={
        None: (wrapped_value_of("traceloop.entity.output", decoded),),
        SpanKind.LLM: (one_or_all(flat_messages_of("llm.completions.", role="assistant")),),
    },
    models=("llm.response.model", "llm.request.model"),
    providers=("llm.vendor",),
    prompt_tokens=("llm.usage.prompt_tokens",),
    completion_tokens=("llm.usage.completion_tokens",),
    reasoning_tokens=("llm.usage.reasoning_tokens",),
    sessions=tuple(
        _OF_APPLICATION + name for name in ("session_id", "conversation_id", "thread_id", "chat_id", "session.id")
    ),
    users=(_OF_APPLICATION + "user_id", _OF_APPLICATION + "user.id", "llm.user"),
    tools=("traceloop.entity.name",),
)
