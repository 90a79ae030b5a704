"""The assistant with nothing but OpenTelemetry's SDK: spans of a web service and of a database."""

import contextlib
from collections.abc import Iterator
from typing import Any

from assistant import Tell, assist, start_tracing
from opentelemetry import trace


@contextlib.contextmanager
def ask(name: str, _: Any) -> Iterator[Tell]:
    """Serve a request, of a session and a user."""
    attributes = {"http.request.method": "POST", "url.path": "/ask", "session.id": "session-7", "user.id": "user-3"}
    tracer = trace.get_tracer("assistant")
    with tracer.start_as_current_span(f"POST {name}", kind=trace.SpanKind.SERVER, attributes=attributes) as span:
        yield lambda _: span.set_attribute("http.response.status_code", 200)


@contextlib.contextmanager
def look_up(name: str, _: Any) -> Iterator[Tell]:
    """Ask a database."""
    attributes = {"db.system.name": "postgresql", "db.query.text": f"SELECT degrees FROM {name}"}
    with trace.get_tracer("assistant").start_as_current_span(name, attributes=attributes):
        yield lambda _: None


if __name__ == "__main__":
    assist(start_tracing(), ask, look_up)
