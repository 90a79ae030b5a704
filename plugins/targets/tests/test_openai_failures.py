"""What the `openai` target makes of failures, and of answers that are none."""

import pytest

from evalyard import TargetError
from tests.support.openai_replies import Fault, Raw, Reply, Silence


@pytest.mark.parametrize(
    ("fault", "refusal"),
    [
        (Fault.rate_limit("7"), ("HTTP_429", True, 7.0)),
        (Fault(429, "You exceeded your current quota.", "insufficient_quota", "insufficient_quota"),
         ("HTTP_429", False, None)),
        (Fault(500), ("HTTP_500", True, None)),
        (Fault(503, headers={"retry-after": "2"}), ("HTTP_503", True, 2.0)),
        (Fault(400, "This model's maximum context length is 8192 tokens."), ("HTTP_400", False, None)),
        (Raw(b"<html>Bad gateway</html>", 502, "text/html"), ("HTTP_502", True, None)),
        (Raw(b'["odd"]', 429), ("HTTP_429", True, None)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("stream", [False, True])
async def test_failures_are_told_apart(openai, make_openai, make_request, stream, fault, refusal, refusal_of):
    openai.chat.answers(fault)
    code, retryable, after, message = await refusal_of(await make_openai(stream=stream), make_request())
    assert (code, retryable, after) == refusal
    assert message.startswith(f"The system answered with status {fault.status}: ")
    assert len(openai.chat.asked) == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"text"', b'{"choices": 1}', b'{"choices": []}', b'{"choices": [null]}',
     b'{"choices": [{"message": {"content": {"a": 1}}}]}', b'{"choices": [{"message": {"tool_calls": [1]}}]}',
     b'{"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": -1}}',
     b'{"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": 1e999}}', b"\xff\xfe", b"[" * 5000],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
async def test_a_hostile_answer_is_bad_output(openai, make_openai, make_request, kind, body, refusal_of):
    sent = body if kind == "application/json" else b"data: " + body + b"\n\n"
    openai.chat.answers(Raw(sent, content_type=kind))
    code, _, _, message = await refusal_of(await make_openai(), make_request())
    assert code == "BAD_OUTPUT" or (kind != "application/json" and code == "STREAM_ERROR")
    assert len(message) <= 402


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        b"data: [DONE]\n\n",
        b'data: {"choices": [{"delta": {"content": "Par"}}]}\n\n',
        b'data: {"choices": [{"delta": {"content": "Par"}}]}\n\ndata: {"choices": [{"finish_reason": "stop"}]}',
        b': keep alive\n\ndata: {"error": {"message": "overloaded"}}\n\n',
    ],
)
async def test_a_stream_that_breaks_off_may_be_tried_again(openai, make_openai, make_request, stream, refusal_of):
    openai.chat.answers(Raw(stream, content_type="text/event-stream"))
    code, retryable, _, message = await refusal_of(await make_openai(stream=True), make_request())
    assert (code, retryable) == ("STREAM_ERROR", True)
    assert "broke off" in message


async def test_a_connection_that_breaks_may_be_tried_again(openai, make_openai, make_request, refusal_of):
    openai.chat.answers(Reply("one two three", cut_after=2))
    code, retryable, _, _ = await refusal_of(await make_openai(stream=True), make_request())
    assert (code, retryable) == ("CONNECTION", True)


async def test_an_answer_that_is_too_long_is_not_read_to_its_end(openai, make_openai, make_request, refusal_of):
    target = await make_openai(stream=True, max_response_bytes=1000)
    code, retryable, _, _ = await refusal_of(target, make_request("word " * 1000))
    assert (code, retryable) == ("RESPONSE_TOO_LARGE", False)


async def test_silence_times_out(openai, make_openai, make_request, refusal_of):
    openai.chat.answers(Silence())
    target = await make_openai()
    assert (await refusal_of(target, make_request(timeout_seconds=0.05)))[:2] == ("TIMEOUT", True)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_key_is_never_said(openai, make_openai, make_request, monkeypatch, stream, refusal_of):
    monkeypatch.setenv("EVALYARD_SECRET_OPENAI", "sk-wrong-key\n")
    target = await make_openai(stream=stream)
    echoes = (
        (Raw(b'{"choices": "sk-wrong-key"}'), "BAD_OUTPUT"),
        (Raw(b'data: {"error": "sk-wrong-key"}\n\n', content_type="text/event-stream"), "STREAM_ERROR"),
        (None, "HTTP_401"),
    )
    for echo, code in echoes:
        openai.key = "sk-wrong-key" if echo else "sk-right"
        openai.chat.answers(echo)
        refused, _, _, message = await refusal_of(target, make_request())
        assert refused == code
        assert "***" in message
        assert "wrong" not in message


async def test_a_missing_key_is_named(make_openai):
    with pytest.raises(TargetError, match="EVALYARD_SECRET_NOWHERE is not set"):
        await make_openai(api_key="${secret:NOWHERE}")
