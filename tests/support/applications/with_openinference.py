"""The assistant with OpenInference's instrumentation of models, and its tracer for agents and tools."""

import contextlib
from collections.abc import Iterator
from functools import partial
from typing import Any

from assistant import Tell, assist, start_tracing
from openinference.instrumentation import OITracer, TraceConfig, using_attributes
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry import trace


def main() -> None:
    """Instrument, and do what the assistant does."""
    provider = start_tracing()
    OpenAIInstrumentor().instrument()
    tracer = OITracer(trace.get_tracer("assistant"), TraceConfig())

    @contextlib.contextmanager
    def step(kind: str, name: str, given: Any) -> Iterator[Tell]:
        of_user = using_attributes(session_id="session-7", user_id="user-3", tags=["weather", "demo"])
        with of_user, tracer.start_as_current_span(name, openinference_span_kind=kind) as span:
            span.set_input(given)
            if kind == "tool":
                span.set_tool(name=name, parameters={})
            yield span.set_output
            span.set_status(trace.StatusCode.OK)

    assist(provider, partial(step, "agent"), partial(step, "tool"))


if __name__ == "__main__":
    main()
