"""Requests with the spans of made-up agents, ten a trace, by OpenTelemetry's GenAI conventions."""

import json
import random

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans

BATCH = 512
SPANS_A_TRACE = 10
PROJECT = "bench"
_BEGIN_NS = 1_767_225_600_000_000_000
_WORDS = [
    "the",
    "answer",
    "is",
    "that",
    "a",
    "model",
    "of",
    "this",
    "kind",
    "needs",
    "more",
    "cases",
    "before",
    "anybody",
    "says",
    "which",
    "of",
    "them",
    "it",
    "fails",
]


def requests(count: int, seed: int) -> list[bytes]:
    """Return so many requests of `BATCH` spans each; other seeds give other traces."""
    source = random.Random(seed)
    bodies = []
    number = 0
    for _ in range(count):
        request = ExportTraceServiceRequest()
        part = request.resource_spans.add()
        part.resource.attributes.add(key="evalyard.project").value.string_value = PROJECT
        group = part.scope_spans.add()
        group.scope.name = "opentelemetry.instrumentation.openai"
        for _ in range(BATCH):
            _add_span(group, source, seed, number)
            number += 1
        bodies.append(request.SerializeToString())
    return bodies


def _add_span(group: ScopeSpans, source: random.Random, seed: int, number: int) -> None:
    trace, place = divmod(number, SPANS_A_TRACE)
    start = _BEGIN_NS + number * 1_000_000
    span = group.spans.add(
        trace_id=(seed << 64 | trace + 1).to_bytes(16, "big"),
        span_id=(seed << 40 | number + 1).to_bytes(8, "big"),
        parent_span_id=b"" if place == 0 else (seed << 40 | number - place + 1).to_bytes(8, "big"),
        start_time_unix_nano=start,
        end_time_unix_nano=start + 900_000_000,
    )
    given = _root() if place == 0 else _tool(source) if place % 3 == 0 else _chat(source)
    span.name = f"{given['gen_ai.operation.name']} step"
    for key, value in given.items():
        held = span.attributes.add(key=key).value
        if isinstance(value, int):
            held.int_value = value
        else:
            held.string_value = value


def _root() -> dict[str, str | int]:
    return {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "support", "session.id": "s-1"}


def _tool(source: random.Random) -> dict[str, str | int]:
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "search",
        "gen_ai.tool.call.id": "call_1",
        "gen_ai.tool.call.arguments": json.dumps({"query": _text(source, 10)}),
        "gen_ai.tool.call.result": json.dumps([_text(source, 30) for _ in range(3)]),
    }


def _chat(source: random.Random) -> dict[str, str | int]:
    asked = [{"role": role, "parts": [{"type": "text", "content": _text(source, 50)}]} for role in ("system", "user")]
    said = [{"role": "assistant", "parts": [{"type": "text", "content": _text(source, 60)}], "finish_reason": "stop"}]
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
        "gen_ai.response.id": "chatcmpl-1",
        "gen_ai.usage.input_tokens": source.randint(100, 900),
        "gen_ai.usage.output_tokens": source.randint(10, 200),
        "gen_ai.input.messages": json.dumps(asked),
        "gen_ai.output.messages": json.dumps(said),
        "server.address": "api.openai.com",
    }


def _text(source: random.Random, words: int) -> str:
    return " ".join(source.choices(_WORDS, k=words))
