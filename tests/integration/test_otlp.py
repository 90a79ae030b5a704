"""The protocol itself: encodings, limits, refusals, partial success."""

import asyncio
import gzip
import json
import zlib
from typing import Any

import httpx
import orjson
import pytest
from google.protobuf.json_format import Parse
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from evalyard_core.domain.access import Role
from evalyard_core.domain.lists import PageRequest, SpanList
from evalyard_core.domain.traces.spans import OtelKind, ReceivedSpan, SpanEvent, SpanStatus, trace_key
from evalyard_core.services.access import AccessService
from evalyard_core.services.projects import ProjectService
from evalyard_core.storage import Store
from tests.fixtures.api import Server
from tests.fixtures.otlp import JSON, PROTOBUF, as_json, as_protobuf
from tests.fixtures.spans import BEGIN_NS, a_received, span_id
from tests.integration.conftest import OPERATOR, Key

_counter = iter(range(1_000_000, 2_000_000))


def new_trace() -> int:
    """Return the number of a trace that no other test of this process has."""
    return next(_counter)


async def post(server: Server, body: bytes, headers: dict[str, str]) -> httpx.Response:
    """Send a request as it is."""
    async with server.client() as client:
        return await client.post("/v1/traces", content=body, headers=headers)


def said(response: httpx.Response, kind: type[Message]) -> Any:
    """Return the message of an answer, in whichever encoding it came."""
    if response.headers["content-type"] == JSON["Content-Type"]:
        return Parse(response.content, kind())
    assert response.headers["content-type"] == PROTOBUF["Content-Type"]
    return kind.FromString(response.content)


async def stored(store: Store, project_id: str, number: int) -> list[ReceivedSpan]:
    """Return the spans that are there of a trace."""
    wanted = SpanList(project_id=project_id, trace=trace_key(project_id, a_received(0, number).trace_id))
    [page] = await store.spans.pages([PageRequest(of=wanted, first=100)])
    return [span.received for span in page.items]


ENCODINGS = ["protobuf", "json"]


def encoded(
    encoding: str, *spans: ReceivedSpan, resource: dict[str, str] | None = None
) -> tuple[bytes, dict[str, str]]:
    """Return a body and its headers."""
    if encoding == "json":
        return orjson.dumps(as_json(*spans, resource=resource)), JSON
    return as_protobuf(*spans, resource=resource), PROTOBUF


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("compression", ["identity", "gzip", "deflate"])
async def test_encodings_and_compressions_say_the_same(
    guarded_server: Server,
    shared_store: Store,
    project_id: str,
    project_key: Key,
    encoding: str,
    compression: str,
) -> None:
    trace = new_trace()
    spans = [a_received(n, trace, parent=None if n == 0 else 0, attributes={"question": "Wie?"}) for n in range(3)]
    body, headers = encoded(encoding, *spans)
    compress = {"identity": bytes, "gzip": gzip.compress, "deflate": zlib.compress}[compression]
    response = await post(
        guarded_server, compress(body), {**project_key.headers, **headers, "Content-Encoding": compression}
    )
    assert response.status_code == 200
    assert said(response, ExportTraceServiceResponse) == ExportTraceServiceResponse()
    assert await stored(shared_store, project_id, trace) == spans


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_a_retry_changes_nothing(
    guarded_server: Server, shared_store: Store, project_id: str, project_key: Key, encoding: str
) -> None:
    trace = new_trace()
    body, headers = encoded(encoding, *(a_received(n, trace) for n in range(3)))
    for _ in range(2):
        assert (await post(guarded_server, body, {**project_key.headers, **headers})).status_code == 200
    assert len(await stored(shared_store, project_id, trace)) == 3
    whole = await shared_store.traces.get(trace_key(project_id, a_received(0, trace).trace_id))
    assert whole is not None
    assert whole.span_count == 3


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_bad_spans_are_rejected_and_the_others_stored(
    guarded_server: Server, shared_store: Store, project_id: str, project_key: Key, encoding: str
) -> None:
    trace = new_trace()
    bad = [
        a_received(1, trace, trace_id="0" * 32),
        a_received(2, trace, trace_id="ab"),
        a_received(3, trace, span_id="0" * 16),
        a_received(4, trace, parent_span_id="abcd"),
        a_received(5, trace, start_ns=0),
        a_received(6, trace, end_ns=2**64 - 1),
    ]
    body, headers = encoded(encoding, a_received(0, trace), *bad)
    response = await post(guarded_server, body, {**project_key.headers, **headers})
    assert response.status_code == 200
    partial = said(response, ExportTraceServiceResponse).partial_success
    assert partial.rejected_spans == 6
    assert partial.error_message == (
        "A trace id has 16 bytes, not all of them zero; a span id has 8 bytes, not all of them zero; "
        "the id of a parent has 8 bytes, or none; a span begins after 1970, and ends before 2262."
    )
    assert await stored(shared_store, project_id, trace) == [a_received(0, trace)]


async def test_json_as_the_specification_maps_it(
    guarded_server: Server, shared_store: Store, project_id: str, project_key: Key
) -> None:
    """Upper-case ids, integers as texts and as numbers, all kinds of values, and fields that nobody knows."""
    trace = new_trace()
    request = as_json(a_received(0, trace))
    [span] = request["resourceSpans"][0]["scopeSpans"][0]["spans"]
    span |= {
        "traceId": span["traceId"].upper(),
        "spanId": "ABCDEF0123456789",
        "kind": 3,
        "startTimeUnixNano": BEGIN_NS,
        "status": {"code": 2, "message": "no", "newField": 1},
        "droppedAttributesCount": 0,
        "aFieldOfTheFuture": {"deep": [1]},
        "attributes": [
            {"key": "int", "value": {"intValue": "9007199254740993"}},
            {"key": "small", "value": {"intValue": 7}},
            {"key": "double", "value": {"doubleValue": 0.25}},
            {"key": "nan", "value": {"doubleValue": "NaN"}},
            {"key": "bool", "value": {"boolValue": False}},
            {"key": "bytes", "value": {"bytesValue": "AAEC"}},
            {"key": "none", "value": {}},
            {"key": "list", "value": {"arrayValue": {"values": [{"stringValue": "a"}, {"arrayValue": {}}]}}},
            {"key": "map", "value": {"kvlistValue": {"values": [{"key": "k", "value": {"intValue": "1"}}]}}},
        ],
        "events": [{"name": "e", "timeUnixNano": str(BEGIN_NS), "attributes": []}],
    }
    response = await post(guarded_server, orjson.dumps(request), {**project_key.headers, **JSON})
    assert (response.status_code, response.json()) == (200, {})
    [found] = await stored(shared_store, project_id, trace)
    assert (found.span_id, found.otel_kind, found.status) == ("abcdef0123456789", OtelKind.CLIENT, SpanStatus.ERROR)
    assert found.events == (SpanEvent(name="e", at_ns=BEGIN_NS),)
    assert found.attributes == {
        "int": 9007199254740993,
        "small": 7,
        "double": 0.25,
        "nan": "nan",
        "bool": False,
        "bytes": "AAEC",
        "none": None,
        "list": ["a", []],
        "map": {"k": 1},
    }


async def test_protobuf_has_all_kinds_of_values_too(
    guarded_server: Server, shared_store: Store, project_id: str, project_key: Key
) -> None:
    trace = new_trace()
    request = ExportTraceServiceRequest.FromString(as_protobuf(a_received(0, trace, end_ns=0)))
    [span] = request.resource_spans[0].scope_spans[0].spans
    span.attributes.add(key="nan").value.double_value = float("nan")
    span.attributes.add(key="empty").value.string_value = ""
    span.attributes.add(key="bytes").value.bytes_value = b"\x00\x01\x02"
    span.attributes.add(key="none")
    span.attributes.add(key="list").value.array_value.values.add().int_value = -1
    span.attributes.add(key="map").value.kvlist_value.values.add(key="k").value.bool_value = True
    response = await post(guarded_server, request.SerializeToString(), {**project_key.headers, **PROTOBUF})
    assert response.status_code == 200
    [found] = await stored(shared_store, project_id, trace)
    assert found.end_ns == found.start_ns
    assert found.attributes == {
        "nan": "nan",
        "empty": "",
        "bytes": "AAEC",
        "none": None,
        "list": [-1],
        "map": {"k": True},
    }


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("case", ["nobody", "viewer", "nonsense", "not gzip", "half a gzip", "brotli", "bomb"])
async def test_what_is_refused(
    guarded_server: Server, shared_store: Store, project_id: str, project_key: Key, encoding: str, case: str
) -> None:
    trace = new_trace()
    body, headers = encoded(encoding, a_received(0, trace))
    _, viewer = await AccessService(shared_store).create_key(
        actor=OPERATOR, project_id=project_id, name="viewer", role=Role.VIEWER
    )
    bomb = gzip.compress(bytes(51_000_000))
    status, code, sent, more = {
        "nobody": (401, 16, body, {"Authorization": "Bearer x"}),
        "viewer": (403, 7, body, {"Authorization": f"Bearer {viewer}"}),
        "nonsense": (400, 3, b"\xff{", {}),
        "not gzip": (400, 3, body, {"Content-Encoding": "gzip"}),
        "half a gzip": (400, 3, gzip.compress(body)[:-9], {"Content-Encoding": "gzip"}),
        "brotli": (415, 3, body, {"Content-Encoding": "br"}),
        "bomb": (413, 3, bomb, {"Content-Encoding": "gzip"}),
    }[case]
    response = await post(guarded_server, sent, {**project_key.headers, **headers, **more})
    assert response.status_code == status
    refusal = said(response, Status)
    assert refusal.code == code
    assert refusal.message.endswith((".", ")."))
    assert "retry-after" not in response.headers
    assert await stored(shared_store, project_id, trace) == []


async def test_a_body_that_says_it_is_too_long_is_not_read(guarded_server: Server, project_key: Key) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", guarded_server.port)
    lines = {**project_key.headers, **PROTOBUF, "Host": "localhost", "Content-Length": "50000001"}
    writer.write(
        ("POST /v1/traces HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in lines.items()) + "\r\n").encode()
    )
    assert b" 413 " in await asyncio.wait_for(reader.readline(), 20)
    writer.close()
    await writer.wait_closed()


async def test_other_media_types_are_refused_in_json(guarded_server: Server, project_key: Key) -> None:
    for content_type in ("text/plain", ""):
        response = await post(guarded_server, b"x", {**project_key.headers, "Content-Type": content_type})
        assert response.status_code == 415
        assert "application/x-protobuf" in said(response, Status).message


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'{"resourceSpans": 1}',
        b'{"resourceSpans": [1]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": 1}]}]}]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": [{"key": "a", "value": 1}]}]}]}]}',
        b'{"resourceSpans": [{"resource": {"attributes": [{"key": "a", "value": {"doubleValue": []}}]}}]}',
        b'{"resourceSpans": [{"resource": {"attributes": [{"key": "a", "value": {"boolValue": 1}}]}}]}',
    ],
)
async def test_json_that_is_no_request_is_refused(guarded_server: Server, project_key: Key, body: bytes) -> None:
    response = await post(guarded_server, body, {**project_key.headers, **JSON})
    assert response.status_code == 400
    assert said(response, Status).message.endswith(".")


async def test_an_instance_key_names_the_project_in_the_resource(
    guarded_server: Server, shared_store: Store, project_id: str, instance_key: Key
) -> None:
    other = await ProjectService(shared_store).create(actor=OPERATOR, name=f"other {new_trace()}")
    trace = new_trace()
    request = as_json(a_received(0, trace), resource={"evalyard.project": project_id})
    for spans, resource in (
        (a_received(1, trace), {"evalyard.project": other.name}),
        (a_received(2, trace), {"evalyard.project": "none of them"}),
        (a_received(3, trace), {}),
    ):
        request["resourceSpans"] += as_json(spans, resource=resource)["resourceSpans"]
    response = await post(guarded_server, orjson.dumps(request), {**instance_key.headers, **JSON})
    assert response.status_code == 200
    partial = said(response, ExportTraceServiceResponse).partial_success
    assert partial.rejected_spans == 2
    assert "no project 'none of them'" in partial.error_message
    assert "OTEL_RESOURCE_ATTRIBUTES=evalyard.project=NAME" in partial.error_message
    assert [span.span_id for span in await stored(shared_store, project_id, trace)] == [span_id(0)]
    assert [span.span_id for span in await stored(shared_store, other.id, trace)] == [span_id(1)]


async def test_the_key_of_a_project_has_the_last_word(
    guarded_server: Server, shared_store: Store, project_id: str, project_key: Key
) -> None:
    trace = new_trace()
    body = json.dumps(as_json(a_received(0, trace), resource={"evalyard.project": "another"})).encode()
    assert (await post(guarded_server, body, {**project_key.headers, **JSON})).status_code == 200
    assert len(await stored(shared_store, project_id, trace)) == 1


async def test_an_empty_request_is_fine(guarded_server: Server, project_key: Key) -> None:
    for body, headers in ((b"", PROTOBUF), (b"{}", JSON)):
        assert (await post(guarded_server, body, {**project_key.headers, **headers})).status_code == 200
