import re
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from evalyard_judge._config import AskingConfig
from evalyard_judge._template import Template
from evalyard_openai import EndpointConfig
from tests.support.openai_replies import Reply

README = Path(__file__).parents[1].joinpath("README.md").read_text()


async def test_the_example_runs(openai):
    (block,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, Any] = {}
    exec(block, names)
    openai.chat.answers(Reply({"explanation": "It does.", "verdict": True}, prompt_tokens=210, completion_tokens=12))
    assert await names["judge"](openai.url, "test-chat") == "True: It does. (210 + 12 tokens)"


def test_the_template_is_one():
    (block,) = re.findall(r"```\n(Does.*?)```", README, re.DOTALL)
    assert Template.parse(block).paths == ["metadata.documents", "output.text"]


def test_every_evaluator_and_every_option_is_named():
    for option in AskingConfig.model_fields.keys() - EndpointConfig.model_fields.keys():
        assert f"`{option}`" in README
    for entry_point in distribution("evalyard-judge").entry_points:
        evaluator = entry_point.load()
        (row,) = [line for line in README.splitlines() if f"`evalyard-judge/{entry_point.name}`" in line]
        assert evaluator.score_type in row
        own = evaluator.Config.model_fields.keys() - AskingConfig.model_fields.keys()
        assert [option for option in own if f"`{option}`" not in row] == []
