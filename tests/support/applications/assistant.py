"""An assistant that answers a question with a tool: what the applications beside this file have in common.

Each is instrumented in its own way and run as a program; everything else is told by the environment, as with any
application: OPENAI_BASE_URL, OPENAI_API_KEY and OTEL_*.
"""

import contextlib
import os
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

import openai
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

QUESTION = "What is the weather in Paris?"
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]

#: Tells a span what came out of what it is around.
Tell = Callable[[str], None]
#: A span around what is done in its block, made with a name and what goes in.
Step = Callable[[str, Any], contextlib.AbstractContextManager[Tell]]


def start_tracing() -> TracerProvider:
    """Send spans with the exporter that OTEL_TRACES_EXPORTER names, as the SDK finds it."""
    name = os.environ.get("OTEL_TRACES_EXPORTER", "otlp_proto_http")
    [exporter] = entry_points(group="opentelemetry_traces_exporter", name=name)
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(exporter.load()()))
    trace.set_tracer_provider(provider)
    return provider


def assist(provider: TracerProvider, agent: Step, tool: Step) -> None:
    """Do one conversation, a streamed answer, embeddings and a conversation with a key that is wrong."""
    client = openai.OpenAI(max_retries=0)
    converse(client, agent, tool)
    _stream(client)
    client.embeddings.create(model="test-embedding", input=["one text", "two"])
    with contextlib.suppress(openai.AuthenticationError):
        converse(openai.OpenAI(api_key="wrong", max_retries=0), agent, tool)
    provider.shutdown()


def converse(client: openai.OpenAI, agent: Step, tool: Step) -> None:
    """Answer a question: the model asks for the weather, gets it and answers."""
    messages: list[Any] = [{"role": "system", "content": "Be short."}, {"role": "user", "content": QUESTION}]
    with agent("forecaster", QUESTION) as answer:
        asked = client.chat.completions.create(model="test-chat", messages=messages, tools=TOOLS).choices[0].message
        with tool("weather", {"city": "Paris"}) as give:
            give("18 degrees")
        messages += [asked.model_dump(exclude_none=True)]
        messages += [{"role": "tool", "tool_call_id": asked.tool_calls[0].id, "content": "18 degrees"}]
        said = client.chat.completions.create(model="test-chat", messages=messages, tools=TOOLS).choices[0].message
        answer(said.content)


def _stream(client: openai.OpenAI) -> None:
    messages: list[Any] = [{"role": "user", "content": "Hi!"}]
    options = {"stream": True, "stream_options": {"include_usage": True}}
    for _ in client.chat.completions.create(model="test-chat", messages=messages, **options):
        continue
