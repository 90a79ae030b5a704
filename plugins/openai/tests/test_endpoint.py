import asyncio
import time

import pytest

from evalyard_openai import EndpointError, Usage
from tests.support.openai_replies import Fault, Raw, Reply, Silence

QUESTION = [{"role": "user", "content": "What is it?"}]


async def test_a_completion_carries_its_usage_and_its_model(openai, make_endpoint):
    openai.chat.answers(Reply("Paris", prompt_tokens=20, completion_tokens=4, cached_tokens=8))
    answer = await make_endpoint(parameters={"seed": 7}).complete(QUESTION, temperature=0)
    assert answer.body["choices"][0]["message"]["content"] == "Paris"
    assert (answer.usage, answer.attempts, answer.model) == (Usage(20, 4, 8), 1, "test-chat")
    (asked,) = openai.chat.asked
    assert asked.body == {"model": "test-chat", "messages": QUESTION, "temperature": 0, "seed": 7}
    assert asked.headers["authorization"] == f"Bearer {openai.key}"


async def test_rate_limits_and_faults_are_sat_out(openai, make_endpoint):
    openai.chat.answers(Fault.rate_limit("0.01"), Fault(500), Fault(503), Raw(b"<html>"), "Paris")
    answer = await make_endpoint(max_attempts=5).complete(QUESTION)
    assert answer.attempts == 5
    assert len(openai.chat.asked) == 5


async def test_a_rate_limit_holds_all_requests_back_for_as_long_as_it_says(openai, make_endpoint):
    endpoint = make_endpoint(max_concurrent=1)
    times: list[float] = []

    def limited_at_first(_asked):
        times.append(time.monotonic())
        return Fault.rate_limit("0.2") if len(times) == 1 else "Paris"

    openai.chat.answers(limited_at_first)
    await asyncio.gather(endpoint.complete(QUESTION), endpoint.complete(QUESTION))
    assert len(times) == 3
    assert min(times[1], times[2]) - times[0] >= 0.19


@pytest.mark.parametrize(
    ("answers", "code", "message", "asked"),
    [
        ([Fault(400, "Bad   parameter.\n")], "HTTP_400", "answered with status 400: Bad parameter.", 1),
        ([Fault(404, "No such model.")], "HTTP_404", "No such model. Check base_url and model.", 1),
        ([Fault(429, "Pay first.", code="insufficient_quota")], "HTTP_429", "status 429: Pay first.", 1),
        ([Fault.rate_limit("3600")], "HTTP_429", "Rate limit reached for requests.", 1),
        ([Fault.rate_limit("0")], "HTTP_429", "Rate limit reached for requests. (asked 3 times)", 3),
        ([Fault(500, "Oops.")], "HTTP_500", "status 500: Oops. (asked 3 times)", 3),
        ([Raw(b"")], "BAD_ANSWER", "no JSON object: nothing (asked 3 times)", 3),
        ([Raw(b"[1]")], "BAD_ANSWER", "no JSON object: [1] (asked 3 times)", 3),
        ([Raw(b"[" * 100_000)], "BAD_ANSWER", "no JSON object: [[[", 3),
        ([Raw(b"<h1>Bad gateway</h1>", 502, "text/html")], "HTTP_502", "status 502: <h1>Bad gateway</h1>", 3),
        ([Raw(b"", 302)], "HTTP_302", "status 302: no reason given", 1),
    ],
)
async def test_a_failure_is_said_in_a_sentence(openai, make_endpoint, answers, code, message, asked):
    openai.chat.answers(*answers)
    with pytest.raises(EndpointError) as caught:
        await make_endpoint(max_attempts=3).complete(QUESTION)
    assert caught.value.code == code
    assert message in str(caught.value)
    assert len(str(caught.value)) < 500
    assert len(openai.chat.asked) == asked


async def test_an_answer_that_does_not_come_is_given_up(openai, make_endpoint):
    openai.chat.answers(Silence())
    with pytest.raises(EndpointError, match=r"did not answer within 0\.05 s \(timeout_seconds\)\. \(asked 2 times\)"):
        await make_endpoint(timeout_seconds=0.05, max_attempts=2).complete(QUESTION)
    assert len(openai.chat.asked) == 2


async def test_a_server_that_is_not_there_is_named(make_endpoint):
    with pytest.raises(EndpointError, match=r"The connection to 127\.0\.0\.1:1 failed: .+ \(asked 2 times\)") as caught:
        await make_endpoint(base_url="http://127.0.0.1:1/v1", max_attempts=2).complete(QUESTION)
    assert caught.value.code == "CONNECTION"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "[::1]", "[::ffff:10.0.0.1]"])
async def test_what_only_the_worker_reaches_is_not_asked(openai, make_endpoint, monkeypatch, host):
    monkeypatch.delenv("EVALYARD_TARGET_ALLOWED_NETWORKS")
    with pytest.raises(EndpointError, match="has no public address, and this worker connects to no other") as caught:
        await make_endpoint(base_url=f"http://{host}:{openai.port}/v1").complete(QUESTION)
    assert (caught.value.code, caught.value.retryable) == ("ADDRESS_REFUSED", False)
    assert openai.chat.asked == []


async def test_the_key_is_in_no_message(openai, make_endpoint, monkeypatch):
    monkeypatch.setenv("EVALYARD_SECRET_OPENAI", 'sk-wr"ong')
    with pytest.raises(EndpointError, match=r"Incorrect API key provided: \*\*\*\. Check the secret") as caught:
        await make_endpoint().complete(QUESTION)
    assert (caught.value.code, caught.value.retryable) == ("HTTP_401", False)


@pytest.mark.parametrize(
    "body", [b'{"error": "no sk-test-7f3a"}', b"sk-test-7f3a " * 1000, b'{"error": {"message": 7}}']
)
async def test_whatever_an_endpoint_says_the_key_is_taken_out(openai, make_endpoint, body):
    openai.chat.answers(Raw(body, 400))
    with pytest.raises(EndpointError) as caught:
        await make_endpoint().complete(QUESTION)
    assert "sk-test" not in str(caught.value)
    assert len(str(caught.value)) < 500


async def test_a_secret_that_is_missing_or_unusable_is_named(openai, make_endpoint, monkeypatch):
    monkeypatch.setenv("EVALYARD_SECRET_BAD", "sk\n1")
    with pytest.raises(EndpointError, match="EVALYARD_SECRET_NONE is not set"):
        await make_endpoint(api_key="${secret:NONE}").complete(QUESTION)
    with pytest.raises(EndpointError, match="no header can carry"):
        await make_endpoint(api_key="${secret:BAD}").complete(QUESTION)
    assert openai.chat.asked == []


async def test_a_line_end_after_a_key_and_no_key_at_all_will_do(openai, make_endpoint, monkeypatch):
    monkeypatch.setenv("EVALYARD_SECRET_OPENAI", f"{openai.key}\n")
    assert (await make_endpoint().complete(QUESTION)).attempts == 1
    with pytest.raises(EndpointError, match="401"):
        await make_endpoint(api_key="").complete(QUESTION)


async def test_no_more_requests_are_under_way_than_allowed_and_connections_are_kept(openai, make_endpoint):
    endpoint = make_endpoint(max_concurrent=4)
    waiting = asyncio.Semaphore(0)

    async def four_at_once(asked):
        # Each waits for the three that come with it: with fewer at once this would never end.
        nonlocal waiting
        if openai._at_once == 4:
            for _ in range(4):
                waiting.release()
        await waiting.acquire()
        return "Paris"

    openai.chat.answers(four_at_once)
    await asyncio.gather(*(endpoint.complete(QUESTION) for _ in range(12)))
    assert openai.most_at_once == 4
    assert len(openai.connections) == 4


async def test_a_closed_endpoint_opens_again(openai, make_endpoint):
    endpoint = make_endpoint()
    await endpoint.complete(QUESTION)
    await endpoint.close()
    await endpoint.close()
    await endpoint.complete(QUESTION)
    assert len(openai.connections) == 2


async def test_any_text_can_be_sent(openai, make_endpoint):
    hostile = "\ud800 \x00 \U0001f600 ﷽ " + "x" * 1_000_000
    await make_endpoint().complete([{"role": "user", "content": hostile}])
    assert openai.chat.asked[0].prompt == hostile.replace("\ud800", "?")
