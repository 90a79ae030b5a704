import asyncio
import gzip
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from evalyard import TargetError, TargetResponse


async def test_the_input_is_posted_and_the_answer_is_the_output(server, make_http_target, make_request):
    target = await make_http_target()

    response = await target.call(make_request({"question": "Où?", "n": 1}))

    assert response == TargetResponse({"answer": "Paris"})
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", "/ask")
    assert asked.headers["content-type"] == "application/json"
    assert asked.json == {"question": "Où?", "n": 1}


async def test_body_and_query_are_filled_from_the_request(server, make_http_target, make_request):
    target = await make_http_target(
        url=f"{server.url}?version=1",
        method="PUT",
        headers={"Content-Type": "application/vnd.ask+json", "X-Team": "blue"},
        query={"user": {"$path": "metadata.user"}, "tag": {"$path": "input.tags"}, "none": None, "on": True, "n": 1.5},
        body={
            "q": {"$path": "input.q"},
            "ids": [{"$path": "item_id"}, {"$path": "run_id"}, {"$path": "record_id"}],
            "trial": {"$path": "trial"},
            "attempt": {"$path": "attempt"},
        },
    )

    await target.call(make_request({"q": "Why?", "tags": ["a&b", "c"]}))

    (asked,) = server.asked
    assert asked.method == "PUT"
    assert asked.path == "/ask?version=1&user=u-1&tag=a%26b&tag=c&on=true&n=1.5"
    assert asked.json == {"q": "Why?", "ids": ["item-1", "run-1", "record-1"], "trial": 2, "attempt": 3}
    assert (asked.headers["content-type"], asked.headers["x-team"]) == ("application/vnd.ask+json", "blue")


async def test_a_get_request_has_no_body(server, make_http_target, make_request):
    target = await make_http_target(method="GET", query={"q": {"$path": "input"}})
    await target.call(make_request("Why?"))
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.body) == ("GET", "/ask?q=Why%3F", b"")
    assert "content-type" not in asked.headers


async def test_output_cost_and_tokens_are_picked(server, make_answer, make_http_target, make_request):
    usage = {"cost": 0.0125, "in": 12, "out": 0}
    server.answers(
        make_answer({"choices": [{"text": "Paris"}], "usage": usage}), make_answer({"choices": [{"text": ""}]})
    )
    target = await make_http_target(
        output="choices[0].text", cost_usd="usage.cost", prompt_tokens="usage.in", completion_tokens="usage.out"
    )

    assert await target.call(make_request()) == TargetResponse("Paris", 0.0125, 12, 0)
    assert await target.call(make_request()) == TargetResponse("")


async def test_an_answer_that_is_not_declared_as_json_is_text(server, make_answer, make_http_target, make_request):
    server.answers(
        make_answer("Né 7".encode(), content_type="text/plain"), make_answer(b"", 204), make_answer(b'{"a": 7}')
    )
    target = await make_http_target()
    picking = await make_http_target(output="a")

    assert [(await target.call(make_request())).output for _ in range(3)] == ["Né 7", None, '{"a": 7}']
    assert (await picking.call(make_request())).output == 7


async def test_a_compressed_answer_is_read(server, make_answer, make_http_target, make_request):
    body = gzip.compress(b'{"a": 1}')
    server.answers(make_answer(body, content_type="application/problem+json", content_encoding="gzip"))
    target = await make_http_target()
    assert (await target.call(make_request())).output == {"a": 1}


@pytest.mark.parametrize(
    ("config", "body", "message"),
    [
        ({"output": "a"}, b"<html>Oops</html>",
         "The system's answer is not JSON (expected value at line 1 column 1): <html>Oops</html>"),
        ({"cost_usd": "a"}, b"",
         "The system's answer is not JSON (EOF while parsing a value at line 1 column 0)."),
        ({"output": "a"}, b'{"a": NaN}',
         "The system's answer is not JSON (expected value at line 1 column 7): {\"a\": NaN}"),
        ({"output": "answer"}, {"error": "overloaded"},
         "The path 'answer' (output) finds nothing in the system's answer: {\"error\": \"overloaded\"}"),
        ({"output": "length(a)"}, {"a": 1},
         ("The path 'length(a)' can't be applied to the system's answer: In function length(), "
         "invalid type for value: 1, expected one of: ['string', 'array', 'object'], received: \"number\"")),
        ({"cost_usd": "a"}, {"a": "12"}, "The path 'a' (cost_usd) finds '12', which is no number from 0 on."),
        ({"cost_usd": "a"}, {"a": -1}, "The path 'a' (cost_usd) finds -1, which is no number from 0 on."),
        ({"prompt_tokens": "a"}, {"a": 1.5},
         "The path 'a' (prompt_tokens) finds 1.5, which is no whole number from 0 on."),
        ({"completion_tokens": "a"}, {"a": True},
         "The path 'a' (completion_tokens) finds True, which is no whole number from 0 on."),
    ],
)  # fmt: skip
async def test_an_answer_that_is_not_as_configured_is_bad_output(
    server, make_answer, make_http_target, make_request, config, body, message, refusal_of
):
    server.answers(make_answer(body))
    target = await make_http_target(**config)
    assert await refusal_of(target, make_request()) == ("BAD_OUTPUT", False, None, message)


async def test_broken_json_is_bad_output_where_json_is_declared(
    server, make_answer, make_http_target, make_request, refusal_of
):
    server.answers(make_answer(b"{", content_type="application/json; charset=utf-8"))
    target = await make_http_target()
    code, retryable, _, _ = await refusal_of(target, make_request())
    assert (code, retryable) == ("BAD_OUTPUT", False)


async def test_a_broken_compression_is_bad_output(server, make_answer, make_http_target, make_request, refusal_of):
    server.answers(make_answer(b"no gzip", content_encoding="gzip"))
    target = await make_http_target()
    code, retryable, _, message = await refusal_of(target, make_request())
    assert (code, retryable) == ("BAD_OUTPUT", False)
    assert message.startswith("The system's answer can't be decompressed: ")


@pytest.mark.parametrize(
    ("status", "retryable"),
    [(300, False), (302, False), (304, False), (400, False), (401, False), (404, False), (408, False), (422, False),
     (429, True), (500, True), (502, True), (503, True), (504, True), (599, True)],
)  # fmt: skip
async def test_the_status_decides_whether_to_call_again(
    server, make_answer, make_http_target, make_request, status, retryable, refusal_of
):
    server.answers(make_answer(b"" if status == 304 else b"not  now\n", status, retry_after="7"))
    target = await make_http_target()

    code, may_retry, after, message = await refusal_of(target, make_request())

    assert (code, may_retry, after) == (f"HTTP_{status}", retryable, 7.0 if retryable else None)
    assert message.startswith(f"The system answered with status {status}")
    assert len(server.asked) == 1


async def test_a_redirect_is_not_followed(server, make_answer, make_http_target, make_request, refusal_of):
    server.answers(make_answer(b"", 307, location=server.url))
    target = await make_http_target()
    *_, message = await refusal_of(target, make_request())
    assert message == "The system answered with status 307 (redirects are not followed: use the final address)."
    assert len(server.asked) == 1


async def test_retry_after_may_be_a_date(server, make_answer, make_http_target, make_request, refusal_of):
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    server.answers(make_answer({"error": "slow down"}, 429, retry_after=soon))
    target = await make_http_target()

    code, retryable, after, message = await refusal_of(target, make_request())

    assert (code, retryable) == ("HTTP_429", True)
    assert 90 < after <= 100
    assert message == 'The system answered with status 429: {"error": "slow down"}'


async def test_a_system_that_does_not_answer_times_out(server, make_http_target, make_request, refusal_of):
    async def never(_asked):
        await asyncio.Event().wait()

    server.reply = never
    target = await make_http_target()
    assert await refusal_of(target, make_request(timeout_seconds=0.05)) == (
        "TIMEOUT", True, None, "The system did not answer within 0.05 s.",
    )  # fmt: skip


async def test_a_time_out_spoils_no_later_call(server, make_answer, make_http_target, make_request, refusal_of):
    async def answer_the_second(_asked):
        if len(server.asked) == 1:
            await asyncio.Event().wait()
        return make_answer("late")

    server.reply = answer_the_second
    target = await make_http_target()
    assert (await refusal_of(target, make_request(timeout_seconds=0.3)))[0] == "TIMEOUT"
    assert (await target.call(make_request())).output == "late"
    assert [asked.connection for asked in server.asked] == [1, 2]


async def test_an_answer_that_trickles_times_out_as_a_whole(server, make_http_target, make_request, refusal_of):
    async def stall(_asked):
        return b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"

    server.reply = stall
    target = await make_http_target()
    code, *_ = await refusal_of(target, make_request(timeout_seconds=0.05))
    assert code == "TIMEOUT"


async def test_a_connection_that_is_hung_up_may_be_tried_again(server, make_http_target, make_request, refusal_of):
    server.answers(None)
    target = await make_http_target()
    assert await refusal_of(target, make_request()) == (
        "CONNECTION", True, None,
        "The connection to 127.0.0.1 failed: Server disconnected without sending a response.",
    )  # fmt: skip


async def test_a_refused_connection_may_be_tried_again(make_http_target, make_request, unused_port, refusal_of):
    target = await make_http_target(url=f"http://127.0.0.1:{unused_port}/")
    code, retryable, _, message = await refusal_of(target, make_request())
    assert (code, retryable) == ("CONNECTION", True)
    assert message == "The connection to 127.0.0.1 failed: All connection attempts failed"


@pytest.fixture
async def unused_port():
    listening = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    listening.close()
    await listening.wait_closed()
    return port


async def test_what_is_not_http_may_be_tried_again(server, make_http_target, make_request, refusal_of):
    server.answers(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    target = await make_http_target()
    code, retryable, _, message = await refusal_of(target, make_request())
    assert (code, retryable) == ("CONNECTION", True)
    assert "illegal status line" in message


async def test_an_answer_that_is_too_long_is_not_read_to_its_end(
    server, make_answer, make_http_target, make_request, refusal_of
):
    server.answers(make_answer(b"x" * 10_000_000), make_answer(b"x" * 1000), make_answer(b"x" * 5000, 500))
    target = await make_http_target(max_response_bytes=1000)

    code, retryable, _, message = await refusal_of(target, make_request())
    assert (code, retryable) == ("RESPONSE_TOO_LARGE", False)
    assert message == "The system's answer is longer than 1000 bytes (max_response_bytes)."
    assert (await target.call(make_request())).output == "x" * 1000
    code, retryable, _, message = await refusal_of(target, make_request())
    assert (code, retryable, len(message)) == ("HTTP_500", True, 402)


async def test_a_path_that_can_not_be_applied_to_the_item_is_bad_input(
    server, make_http_target, make_request, refusal_of
):
    target = await make_http_target(body={"$path": "join(', ', input)"})
    other = await make_http_target(query={"q": {"$path": "input"}})

    code, retryable, _, message = await refusal_of(target, make_request("text"))
    assert (code, retryable) == ("BAD_INPUT", False)
    assert message.startswith("A path can't be applied to this item: In function join(), invalid type for value: text")
    assert (await refusal_of(other, make_request({"a": 1})))[::3] == (
        "BAD_INPUT", "The query parameter q would be {'a': 1}, which is no single value.",
    )  # fmt: skip
    assert server.asked == []


async def test_a_secret_is_sent_and_never_said(
    server, make_answer, make_http_target, make_request, monkeypatch, refusal_of
):
    monkeypatch.setenv("EVALYARD_SECRET_TOKEN", 's3"cret\n')
    target = await make_http_target(
        headers={"Authorization": "Bearer ${secret:TOKEN}"}, output="answer", cost_usd="cost"
    )
    echo = {"error": 'Unknown key s3"cret'}

    server.answers(make_answer({"answer": "Paris"}))
    assert (await target.call(make_request())).output == "Paris"
    assert server.asked[0].headers["authorization"] == 'Bearer s3"cret'
    for refused in (
        make_answer(echo, 401),
        make_answer(echo),
        make_answer({"answer": 1, "cost": echo["error"]}),
        make_answer(b'Unknown key s3"cret'),
        b'HTTP/1.1 s3"cret\r\n\r\n',
    ):
        server.answers(refused)
        *_, message = await refusal_of(target, make_request())
        assert "***" in message
        assert "cret" not in message


async def test_a_missing_secret_is_named_before_any_call(server, make_http_target):
    with pytest.raises(TargetError) as caught:
        await make_http_target(headers={"Authorization": "Bearer ${secret:NOWHERE}"})
    assert caught.value.code == "SECRET_MISSING"
    assert "EVALYARD_SECRET_NOWHERE" in str(caught.value)
    assert server.asked == []


async def test_a_secret_that_no_header_can_carry_is_named(make_http_target, monkeypatch):
    monkeypatch.setenv("EVALYARD_SECRET_TOKEN", "s3cret\r\nX-Other: 1")
    with pytest.raises(TargetError) as caught:
        await make_http_target(headers={"Authorization": "Bearer ${secret:TOKEN}"})
    assert caught.value.code == "SECRET_INVALID"
    assert str(caught.value) == (
        "The header Authorization can't carry what EVALYARD_SECRET_TOKEN holds: "
        "it may be printable ASCII characters only."
    )


async def test_cookies_do_not_pass_from_record_to_record(server, make_answer, make_http_target, make_request):
    server.answers(make_answer({}, set_cookie="session=1; Path=/"))
    target = await make_http_target()
    await target.call(make_request())
    await target.call(make_request())
    assert ["cookie" in asked.headers for asked in server.asked] == [False, False]


async def test_calls_in_turn_share_a_connection(server, make_http_target, make_request):
    target = await make_http_target()
    for _ in range(3):
        await target.call(make_request())
    assert [asked.connection for asked in server.asked] == [1, 1, 1]


async def test_as_many_calls_go_at_once_as_the_engine_makes(server, make_answer, make_http_target, make_request):
    everyone = asyncio.Event()

    async def wait_for_all(_asked):
        if len(server.asked) == 300:
            everyone.set()
        await everyone.wait()
        return make_answer({})

    server.reply = wait_for_all
    target = await make_http_target()
    answers = await asyncio.gather(*(target.call(make_request(timeout_seconds=30)) for _ in range(300)))
    assert [response.output for response in answers] == [{}] * 300
    assert server.connections == 300
