import json
import re
import sys
import types
from pathlib import Path

from evalyard import Dispatched, DispatchRequest, TargetResponse
from evalyard_targets import (
    HttpConfig,
    OpenAIConfig,
    PythonConfig,
    PythonTarget,
    ReplayConfig,
    WorkflowConfig,
    WorkflowTarget,
)
from tests.support.openai_replies import Reply

README = Path(__file__).parents[1].joinpath("README.md").read_text()


def _blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


async def test_the_http_example_works(server, make_answer, make_request, make_http_target, monkeypatch):
    monkeypatch.setenv("EVALYARD_SECRET_QA_TOKEN", "t0ken")
    usage = {"cost": 0.01, "prompt_tokens": 7, "completion_tokens": 1}
    server.answers(make_answer({"choices": [{"message": {"content": "Paris"}}], "usage": usage}))
    target = await make_http_target(**json.loads(_blocks("json")[0]) | {"url": server.url})

    response = await target.call(make_request({"question": "Capital of France?"}))

    assert response == TargetResponse("Paris", 0.01, 7, 1)
    assert server.asked[0].path == "/ask?user=u-1"
    assert server.asked[0].headers["authorization"] == "Bearer t0ken"
    assert server.asked[0].json["messages"] == [{"role": "user", "content": "Capital of France?"}]


def test_every_option_is_in_the_table():
    rows = [line.split("|")[1] for line in README.splitlines() if line.startswith("| `")]
    options = HttpConfig.model_fields | OpenAIConfig.model_fields | WorkflowConfig.model_fields
    assert [option for option in options if not any(f"`{option}`" in row for row in rows)] == []


async def test_the_openai_example_works(openai, make_request, make_openai):
    openai.chat.answers(Reply("Paris", prompt_tokens=20, completion_tokens=1))
    target = await make_openai(**json.loads(_blocks("json")[1]) | {"base_url": openai.url})

    response = await target.call(make_request({"question": "Capital of France?"}))

    assert (response.output, response.cost_usd) == ("Paris", (20 * 0.5 + 1 * 2) / 1e6)
    assert response.metadata.keys() == {
        "finish_reason", "model", "cached_tokens", "reasoning_tokens", "time_to_first_token_ms",
    }  # fmt: skip
    assert openai.chat.asked[0].body["messages"][1]["content"] == "Capital of France?"


async def test_the_workflow_example_works(server, make_answer, monkeypatch):
    monkeypatch.setenv("EVALYARD_SECRET_GITHUB", "t0ken")
    server.answers(make_answer({"html_url": "https://code.example/7"}))
    shown = json.loads(_blocks("json")[2]) | {"api_url": f"http://127.0.0.1:{server.port}"}
    target = WorkflowTarget(WorkflowConfig.model_validate(shown))
    await target.open()
    started = await target.dispatch(DispatchRequest("UnVuOjE=", 7, "Nightly", "UHJvamVjdDox", None, None, 1, 5.0))
    await target.close()

    assert started == Dispatched(7200, "https://code.example/7")
    assert server.asked[0].path == "/repos/acme/bot/actions/workflows/evaluate.yml/dispatches"
    assert server.asked[0].json["inputs"] == {"run_id": "UnVuOjE=", "title": "Nightly"}


def test_the_replay_example_is_valid():
    assert ReplayConfig.model_validate_json(_blocks("json")[3]).run_id


async def test_the_python_example_works(make_request, monkeypatch):
    monkeypatch.setenv("EVALYARD_PYTHON_TARGETS", "1")
    module = types.ModuleType("answers_of_the_readme")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(_blocks("python")[0], vars(module))
    PythonConfig.model_validate_json(_blocks("json")[-1])
    target = PythonTarget(PythonConfig(function="answers_of_the_readme:answer"))

    await target.open()
    response = await target.call(make_request("hello"))
    await target.close()

    assert response == TargetResponse("HELLO", cost_usd=0.001)
