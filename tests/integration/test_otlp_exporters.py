"""The stock OpenTelemetry SDK and exporter, with nothing but an endpoint and a header set."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from opentelemetry import trace as otel
from opentelemetry.exporter.otlp.common.http import Compression
from opentelemetry.exporter.otlp.json.http.trace_exporter import OTLPSpanExporter as JSONSpanExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Tracer, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Link, SpanContext, Status, StatusCode

from evalyard_core.domain.lists import PageRequest, SpanList
from evalyard_core.domain.traces.spans import OtelKind, Span, SpanStatus, trace_key
from evalyard_core.storage import Store
from tests.fixtures.api import Server
from tests.integration.conftest import Key


@contextmanager
def instrumented(
    server: Server, key: Key, kind: type[SpanExporter] = OTLPSpanExporter, **options: Any
) -> Iterator[Tracer]:
    """Yield the tracer of an application that sends its spans when it ends."""
    exporter = kind(endpoint=f"{server.url}/v1/traces", headers=key.headers, **options)
    provider = TracerProvider(resource=Resource({"service.name": "shop", "ports": [80, 443]}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    try:
        yield provider.get_tracer("shop.checkout", "1.2")
    finally:
        provider.shutdown()


def _work(tracer: Tracer) -> str:
    """Do something that fails inside, and return its trace's id."""
    elsewhere = SpanContext(trace_id=7, span_id=9, is_remote=True)
    with tracer.start_as_current_span("answer", attributes={"n": 1, "ok": True, "share": 0.5}) as root:
        root.add_event("asked", {"by": ["ann", "bob"]})
        with tracer.start_as_current_span(
            "call", kind=otel.SpanKind.CLIENT, links=[Link(elsewhere, {"why": "x"})]
        ) as child:
            child.set_status(Status(StatusCode.ERROR, "no answer"))
        root.set_status(StatusCode.OK)
    return f"{root.get_span_context().trace_id:032x}"


async def _spans(store: Store, project_id: str, trace_id: str) -> list[Span]:
    wanted = SpanList(project_id=project_id, trace=trace_key(project_id, trace_id))
    [page] = await store.spans.pages([PageRequest(of=wanted, first=100)])
    return list(page.items)


@pytest.mark.parametrize("exporter", [OTLPSpanExporter, JSONSpanExporter], ids=["protobuf", "json"])
@pytest.mark.parametrize("compression", list(Compression))
async def test_an_application_sends_its_spans(
    guarded_server: Server,
    shared_store: Store,
    project_id: str,
    project_key: Key,
    exporter: type[SpanExporter],
    compression: Compression,
) -> None:
    def run() -> str:
        with instrumented(guarded_server, project_key, exporter, compression=compression) as tracer:
            return _work(tracer)

    trace_id = await asyncio.to_thread(run)
    root, call = await _spans(shared_store, project_id, trace_id)
    sent = root.received
    assert (sent.name, sent.status, sent.parent_span_id) == ("answer", SpanStatus.OK, None)
    assert sent.attributes == {"n": 1, "ok": True, "share": 0.5}
    assert [(event.name, event.attributes) for event in sent.events] == [("asked", {"by": ["ann", "bob"]})]
    assert sent.resource["service.name"] == "shop"
    assert sent.resource["ports"] == [80, 443]
    assert (sent.scope.name, sent.scope.version) == ("shop.checkout", "1.2")
    inner = call.received
    assert (inner.parent_span_id, inner.otel_kind) == (sent.span_id, OtelKind.CLIENT)
    assert (inner.status, inner.status_message) == (SpanStatus.ERROR, "no answer")
    assert [(link.trace_id, link.span_id, link.attributes) for link in inner.links] == [
        (f"{7:032x}", f"{9:016x}", {"why": "x"})
    ]
    assert sent.start_ns <= inner.start_ns <= inner.end_ns <= sent.end_ns
    trace = await shared_store.traces.get(trace_key(project_id, trace_id))
    assert trace is not None
    assert (trace.name, trace.status, trace.span_count, trace.error_count) == ("answer", SpanStatus.OK, 2, 1)
    assert (trace.start_ns, trace.end_ns) == (sent.start_ns, sent.end_ns)


async def test_long_batches_come_whole(
    guarded_server: Server, shared_store: Store, project_id: str, project_key: Key
) -> None:
    def run() -> str:
        with (
            instrumented(guarded_server, project_key) as tracer,
            tracer.start_as_current_span("root") as root,
        ):
            for number in range(1_500):
                with tracer.start_as_current_span("step", attributes={"number": number}):
                    pass
        return f"{root.get_span_context().trace_id:032x}"

    trace_id = await asyncio.to_thread(run)
    trace = await shared_store.traces.get(trace_key(project_id, trace_id))
    assert trace is not None
    assert (trace.name, trace.span_count) == ("root", 1_501)
