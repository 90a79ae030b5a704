"""The trace that a call belongs to."""

import pytest

from evalyard import CallSpan

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def test_the_system_is_told_of_the_trace(server, make_http_target, make_request):
    target = await make_http_target()
    await target.call(make_request(traceparent=TRACEPARENT))
    await target.call(make_request())
    assert [asked.headers.get("traceparent") for asked in server.asked] == [TRACEPARENT, None]
    attributes = {"http.request.method": "POST", "server.address": "127.0.0.1", "url.path": "/ask"}
    assert target.call_span() == CallSpan("POST", attributes)


async def test_a_header_that_is_set_stays(server, make_http_target, make_request):
    target = await make_http_target(headers={"Traceparent": "mine"})
    await target.call(make_request(traceparent=TRACEPARENT))
    assert server.asked[0].headers["traceparent"] == "mine"


async def test_tracing_can_be_switched_off(server, make_http_target, make_openai, make_request):
    target = await make_http_target(trace=False)
    await target.call(make_request(traceparent=TRACEPARENT))
    assert "traceparent" not in server.asked[0].headers
    assert target.call_span() is None
    assert (await make_openai(trace=False)).call_span() is None


@pytest.mark.parametrize("streams", [False, True])
async def test_a_model_server_is_told_of_the_trace(openai, make_openai, make_request, streams):
    target = await make_openai(stream=streams)
    await target.call(make_request("Capital of France?", traceparent=TRACEPARENT))
    assert openai.chat.asked[0].headers["traceparent"] == TRACEPARENT
    span = target.call_span()
    assert span is not None
    assert (span.name, span.asks_model) == ("chat test-chat", True)
    assert span.attributes["gen_ai.request.model"] == "test-chat"
