"""The assistant with Traceloop's instrumentation of models, between spans that its owner makes."""

from assistant import assist, start_tracing
from opentelemetry.instrumentation.openai import OpenAIInstrumentor
from with_sdk import ask, look_up


def main() -> None:
    """Instrument, and do what the assistant does."""
    provider = start_tracing()
    OpenAIInstrumentor().instrument()
    assist(provider, ask, look_up)


if __name__ == "__main__":
    main()
