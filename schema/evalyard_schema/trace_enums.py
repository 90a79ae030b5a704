"""The enums of traces and spans, like those of `enums`."""

from evalyard_core.domain.filters import TraceOrderField
from evalyard_core.domain.traces.spans import SpanKind, SpanStatus

from .described import declare

__all__ = ["SpanKind", "SpanStatus", "TraceOrderField"]

declare(TraceOrderField, "What traces are sorted by.")
declare(
    SpanKind,
    "What kind of work a span is.",
    AGENT="An agent, which decides what is done next.",
    CHAIN="Steps that belong together.",
    LLM="A model is asked.",
    TOOL="A tool is run.",
    RETRIEVER="Documents are looked for.",
    EMBEDDING="A text is turned into a vector.",
    RERANKER="Documents are put in order.",
    GUARDRAIL="Something is checked before it goes on.",
    EVALUATOR="An output is judged.",
    UNKNOWN="None of the conventions that are understood says.",
)
declare(SpanStatus, "How a span ended, as its application says.", UNSET="Nothing is said; it did not fail.")
