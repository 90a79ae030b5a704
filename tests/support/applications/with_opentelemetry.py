"""The assistant with OpenTelemetry's own instrumentation of models, and its library for agents and tools."""

import contextlib
from collections.abc import Iterator
from typing import Any

from assistant import Tell, assist, start_tracing
from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor
from opentelemetry.util.genai.handler import TelemetryHandler
from opentelemetry.util.genai.types import InputMessage, OutputMessage, TextPart


def main() -> None:
    """Instrument, and do what the assistant does."""
    provider = start_tracing()
    OpenAIInstrumentor().instrument()
    handler = TelemetryHandler()

    @contextlib.contextmanager
    def agent(name: str, given: Any) -> Iterator[Tell]:
        with handler.invoke_local_agent(agent_name=name, conversation_id="session-7") as span:
            span.input_messages = [InputMessage(role="user", parts=[TextPart(content=given)])]
            yield lambda made: span.output_messages.append(OutputMessage("assistant", [TextPart(content=made)]))
            # An agent's tokens sum up what its calls of models used.
            span.input_tokens, span.output_tokens = 100, 12

    @contextlib.contextmanager
    def tool(name: str, given: Any) -> Iterator[Tell]:
        with handler.tool(name, tool_type="function") as span:
            span.arguments = given
            yield lambda made: setattr(span, "tool_result", made)

    assist(provider, agent, tool)


if __name__ == "__main__":
    main()
