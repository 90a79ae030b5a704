"""The `openai` target against a server of our own that answers as OpenAI's API reference says."""

import asyncio
import json

import pytest

from evalyard import TargetError, TargetResponse
from tests.support.openai_replies import Raw, Reply, ToolCall

WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
STOP = {"finish_reason": "stop", "model": "test-chat", "cached_tokens": 0, "reasoning_tokens": 0}


async def test_the_input_is_asked_and_the_text_is_the_output(openai, make_openai, make_request):
    openai.chat.answers(Reply("Paris", prompt_tokens=12, completion_tokens=3))
    target = await make_openai()

    assert await target.call(make_request("Capital of France?")) == TargetResponse("Paris", None, 12, 3, None, STOP)
    (asked,) = openai.chat.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == f"Bearer {openai.key}"
    assert asked.headers["content-type"] == "application/json"
    assert asked.body == {"model": "test-chat", "messages": [{"role": "user", "content": "Capital of France?"}]}


async def test_an_input_that_is_no_text_is_asked_as_json(openai, make_openai, make_request):
    target = await make_openai()
    await target.call(make_request({"q": "Why?"}))
    assert openai.chat.asked[0].prompt == '{"q":"Why?"}'


async def test_everything_that_is_set_is_sent(openai, make_openai, make_request):
    schema = {"name": "answer", "schema": {"type": "object", "properties": {"n": {"type": "integer"}}}}
    target = await make_openai(
        messages=[
            {"role": "system", "content": {"$text": "You help {{metadata.user}}."}},
            {"role": "user", "content": [{"type": "text", "text": {"$path": "input.q"}}]},
        ],
        headers={"X-Team": "blue"},
        temperature=0,
        top_p=0.5,
        max_tokens=50,
        seed=7,
        stop=["\n"],
        tools=[WEATHER],
        tool_choice="auto",
        response_format={"type": "json_schema", "json_schema": schema},
        extra={"reasoning_effort": "low"},
        output="json",
    )

    assert (await target.call(make_request({"q": "Why?"}))).output == {"n": 0}
    (asked,) = openai.chat.asked
    assert asked.headers["x-team"] == "blue"
    assert asked.body == {
        "model": "test-chat",
        "messages": [
            {"role": "system", "content": "You help u-1."},
            {"role": "user", "content": [{"type": "text", "text": "Why?"}]},
        ],
        "temperature": 0,
        "top_p": 0.5,
        "max_tokens": 50,
        "seed": 7,
        "stop": ["\n"],
        "tools": [WEATHER],
        "tool_choice": "auto",
        "response_format": {"type": "json_schema", "json_schema": schema},
        "reasoning_effort": "low",
    }


async def test_messages_may_come_from_the_item(openai, make_openai, make_request, refusal_of):
    target = await make_openai(messages={"$path": "input"})
    await target.call(make_request([{"role": "user", "content": "Why?"}]))
    assert openai.chat.asked[0].body["messages"] == [{"role": "user", "content": "Why?"}]
    for wrong in ("Why?", [], ["Why?"], None):
        code, retryable, _, message = await refusal_of(target, make_request(wrong))
        assert (code, retryable) == ("BAD_INPUT", False)
        assert message == f"The messages would be {wrong!r}, which is no list of them."
    assert len(openai.chat.asked) == 1


CALLS = (ToolCall("weather", {"city": "Paris"}), ToolCall("time", {}, id="call_2"))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("output", "reply", "wanted"),
    [
        ("text", Reply("It is  Paris."), "It is  Paris."),
        ("text", Reply(""), ""),
        ("json", Reply('{"a": [1, null]}'), {"a": [1, None]}),
        ("tool_calls", Reply(None, CALLS), [{"name": "weather", "arguments": {"city": "Paris"}},
                                           {"name": "time", "arguments": {}}]),
        ("tool_calls", Reply("None needed."), []),
        ("message", Reply("Looking.", CALLS[1:]), {"content": "Looking.",
                                                  "tool_calls": [{"name": "time", "arguments": {}}]}),
    ],
)  # fmt: skip
async def test_the_output_is_what_the_config_says(openai, make_openai, make_request, stream, output, reply, wanted):
    openai.chat.answers(reply)
    target = await make_openai(output=output, stream=stream, tools=[WEATHER])
    response = await target.call(make_request())
    assert response.output == wanted
    assert (response.prompt_tokens, response.completion_tokens) == (12, 3)


async def test_a_stream_tells_the_time_to_the_first_token(openai, make_openai, make_request):
    target = await make_openai(stream=True)
    response = await target.call(make_request("one two three"))

    assert response.output == "one two three"
    first = response.metadata.pop("time_to_first_token_ms")
    assert 0 < first < 5_000
    assert response.metadata == STOP
    assert openai.chat.asked[0].body["stream_options"] == {"include_usage": True}


async def test_a_refusal_of_the_model_is_its_text(openai, make_openai, make_request):
    openai.chat.answers(Reply(None, refusal="I can't help with that."))
    assert (await (await make_openai()).call(make_request())).output == "I can't help with that."
    assert (await (await make_openai(output="message")).call(make_request())).output == {
        "content": "I can't help with that.", "tool_calls": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("output", "reply", "message"),
    [
        ("text", Reply(None, CALLS),
         "The model gave no text (it stopped by tool_calls): set output to tool_calls or message."),
        ("text", Reply(None, finish_reason="content_filter"), "The model gave no text (it stopped by content_filter)."),
        ("json", Reply('{"a": 1', finish_reason="length"),
         ("The model's text is not JSON (EOF while parsing an object at line 1 column 7; it stopped by length): "
         '{"a": 1')),
        ("json", Reply("NaN"),
         "The model's text is not JSON (expected value at line 1 column 1; it stopped by stop): NaN"),
    ],
)  # fmt: skip
async def test_an_answer_without_what_is_wanted_is_bad_output(
    openai, make_openai, make_request, output, reply, message, refusal_of
):
    openai.chat.answers(reply)
    assert await refusal_of(await make_openai(output=output), make_request()) == ("BAD_OUTPUT", False, None, message)


async def test_arguments_that_are_no_json_are_for_an_evaluator_to_judge(openai, make_openai, make_request):
    call = {"type": "function", "function": {"name": "weather", "arguments": '{"city": '}}
    openai.chat.answers(Raw(json.dumps({"choices": [{"message": {"tool_calls": [call]}}]}).encode()))
    target = await make_openai(output="tool_calls")
    assert (await target.call(make_request())).output == [{"name": "weather", "arguments": '{"city": '}]


PRICES = {"input_per_million": 2, "output_per_million": 10, "cached_input_per_million": 0.5}


@pytest.mark.parametrize("stream", [False, True])
async def test_the_cost_follows_from_the_prices(openai, make_openai, make_request, stream):
    openai.chat.answers(Reply("x", prompt_tokens=1000, cached_tokens=400, completion_tokens=50))
    plain = {name: PRICES[name] for name in ("input_per_million", "output_per_million")}

    costs = [(await (await make_openai(prices=given, stream=stream)).call(make_request())).cost_usd
             for given in (PRICES, plain, None)]  # fmt: skip

    assert costs[:2] == [pytest.approx((600 * 2 + 400 * 0.5 + 50 * 10) / 1e6), pytest.approx(0.0025)]
    assert costs[2] is None


async def test_prices_may_stand_in_a_file_of_the_operators(openai, make_openai, make_request, monkeypatch, tmp_path):
    table = tmp_path / "prices.json"
    monkeypatch.setenv("EVALYARD_MODEL_PRICES", str(table))
    table.write_text(json.dumps({"test-chat": PRICES}))
    openai.models.append("other")

    costs = [(await (await make_openai(**config)).call(make_request())).cost_usd
             for config in ({}, {"model": "other"}, {"prices": {**PRICES, "output_per_million": 0}})]  # fmt: skip
    assert costs == [pytest.approx(54e-6), None, pytest.approx(24e-6)]

    for text, reason in (("[]", "Input should be an object"), ("{", "Invalid JSON: "), (None, "No such file")):
        table.write_text(text) if text else table.unlink()
        with pytest.raises(TargetError, match=f"^The prices of models can't be read .{reason}") as caught:
            await make_openai()
        assert (caught.value.code, caught.value.retryable) == ("BAD_PRICES", False)


@pytest.mark.parametrize("body", [{}, {"usage": None}, {"usage": {"prompt_tokens": 3}}])
async def test_without_usage_there_is_no_cost(openai, make_openai, make_request, body):
    openai.chat.answers(Raw(json.dumps({"choices": [{"message": {"content": "x"}}], **body}).encode()))
    response = await (await make_openai(prices=PRICES)).call(make_request())
    assert (response.output, response.cost_usd, response.completion_tokens) == ("x", None, None)
    assert response.metadata == {}


async def test_events_are_read_however_they_are_written(openai, make_openai, make_request):
    events = (
        'event: x\r\ndata:{"choices": [{"delta":\r\ndata: {"content": "Né"}}]}\r\n\r\n\r\n'
        'id: 1\ndata: {"choices": [{"delta": {"content": " 7"}, "finish_reason": "stop"}]}\n\n'
    )
    openai.chat.answers(Raw(events.encode(), content_type="text/event-stream; charset=utf-8"))
    assert (await (await make_openai(stream=True)).call(make_request())).output == "Né 7"


async def test_a_server_that_does_not_stream_is_read_all_the_same(openai, make_openai, make_request):
    openai.chat.answers(Raw(b'{"choices": [{"message": {"content": "Paris"}}]}'))
    assert (await (await make_openai(stream=True)).call(make_request())).output == "Paris"


@pytest.mark.parametrize(
    ("base", "path"), [("{}/", "/v1/chat/completions"), ("{}?api-version=1", "/v1/chat/completions")]
)
async def test_the_path_is_put_behind_the_base(openai, make_openai, make_request, base, path):
    target = await make_openai(base_url=base.format(openai.url))
    await target.call(make_request())
    assert openai.chat.asked[0].path == path


async def test_many_calls_go_at_once(openai, make_openai, make_request):
    target = await make_openai(stream=True)
    responses = await asyncio.gather(*(target.call(make_request(f"{n} times")) for n in range(40)))
    assert [response.output for response in responses] == [f"{n} times" for n in range(40)]
    assert openai.most_at_once > 1
