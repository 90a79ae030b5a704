"""The server that stands for a paid service answers as the service does."""

import base64
import json
import struct
from typing import Any

import httpx
import pytest

from tests.fixtures.openai import openai, openai_process
from tests.support.openai_replies import Fault, Raw, Reply, Silence, ToolCall
from tests.support.openai_server import OpenAIServer

__all__ = ["openai", "openai_process"]

QUESTION = {"model": "test-chat", "messages": [{"role": "user", "content": "What is it?"}]}


async def ask(server: OpenAIServer, path: str, body: Any, **options: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {server.key}"}
    async with httpx.AsyncClient(trust_env=False, headers=headers, **options) as client:
        return await client.post(f"{server.url}/{path}", json=body)


async def test_a_completion_repeats_the_question_and_tells_its_usage(openai):
    body = (await ask(openai, "chat/completions", QUESTION)).json()
    assert body["choices"][0]["message"] == {"role": "assistant", "content": "What is it?", "refusal": None}
    assert body["choices"][0]["finish_reason"] == "stop"
    assert body["usage"]["total_tokens"] == body["usage"]["prompt_tokens"] + body["usage"]["completion_tokens"]
    assert [asked.body for asked in openai.chat.asked] == [QUESTION]


async def test_a_schema_gets_an_instance_of_it(openai):
    properties = {"why": {"type": "string"}, "ok": {"type": "boolean"}, "n": {"type": "number", "minimum": 1}}
    schema = {"type": "object", "properties": properties}
    wanted = {"type": "json_schema", "json_schema": {"name": "verdict", "strict": True, "schema": schema}}
    body = (await ask(openai, "chat/completions", QUESTION | {"response_format": wanted})).json()
    assert json.loads(body["choices"][0]["message"]["content"]) == {"why": "text", "ok": True, "n": 1}


async def test_answers_come_in_turn_and_the_last_one_stays(openai):
    openai.chat.answers(Fault.rate_limit("7"), Reply(tool_calls=[ToolCall("look", {"at": "it"})]), {"a": 1})
    answers = [await ask(openai, "chat/completions", QUESTION) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [429, 200, 200, 200]
    assert answers[0].headers["retry-after"] == "7"
    assert answers[0].json()["error"]["code"] == "rate_limit_exceeded"
    assert answers[1].json()["choices"][0]["finish_reason"] == "tool_calls"
    assert answers[1].json()["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == '{"at": "it"}'
    assert answers[3].json()["choices"][0]["message"]["content"] == '{"a": 1}'


async def test_a_stream_ends_with_its_usage(openai):
    openai.chat.answers(Reply("It is this.", cached_tokens=8))
    answer = await ask(
        openai, "chat/completions", QUESTION | {"stream": True, "stream_options": {"include_usage": True}}
    )
    assert answer.headers["content-type"].startswith("text/event-stream")
    *lines, last = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    assert last == "[DONE]"
    *chunks, usage = [json.loads(line) for line in lines]
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == "It is this."
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert usage["choices"] == []
    assert usage["usage"]["prompt_tokens_details"]["cached_tokens"] == 8


async def test_a_stream_can_break(openai):
    openai.chat.answers(Reply("It is this.", cut_after=2))
    with pytest.raises(httpx.RemoteProtocolError):
        await ask(openai, "chat/completions", QUESTION | {"stream": True})


async def test_embeddings_are_numbers_or_base64(openai):
    question = {"model": "test-embedding", "input": ["one", "two words"]}
    plain = (await ask(openai, "embeddings", question)).json()
    encoded = (await ask(openai, "embeddings", question | {"encoding_format": "base64"})).json()
    assert plain["usage"] == {"prompt_tokens": 3, "total_tokens": 3}
    assert len({tuple(row["embedding"]) for row in plain["data"]}) == 2
    for row, same in zip(plain["data"], encoded["data"], strict=True):
        assert list(struct.unpack("<8f", base64.b64decode(same["embedding"]))) == row["embedding"]


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("chat/completions", {"model": "test-chat"}, 400, "missing_required"),
        ("embeddings", {"model": "test-embedding", "input": []}, 400, "missing_required"),
        ("chat/completions", QUESTION | {"model": "other"}, 404, "model_not_found"),
    ],
)
async def test_a_bad_request_is_refused(openai, path, body, status, code):
    answer = await ask(openai, path, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_a_wrong_key_is_refused(openai):
    headers = {"Authorization": f"Bearer {openai.key}"}
    openai.key = "sk-other"
    async with httpx.AsyncClient(trust_env=False, headers=headers) as client:
        answers = [await client.get(f"{openai.url}/models"), await client.post(f"{openai.url}/embeddings")]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert [answer.json()["error"]["code"] for answer in answers] == ["invalid_api_key"] * 2
    assert openai.embeddings.asked == []


async def test_a_body_may_be_malformed_and_an_answer_may_never_come(openai):
    openai.chat.answers(Raw(b"{"), Silence())
    assert (await ask(openai, "chat/completions", QUESTION)).content == b"{"
    with pytest.raises(httpx.ReadTimeout):
        await ask(openai, "chat/completions", QUESTION, timeout=0.1)
