import re
from pathlib import Path
from typing import Any

from evalyard_openai import EndpointConfig

README = Path(__file__).parents[1].joinpath("README.md").read_text()


async def test_the_example_runs(openai):
    (block,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, Any] = {}
    exec(block, names)
    openai.chat.answers("Paris")
    config = EndpointConfig(
        model="test-chat", base_url=openai.url, api_key="${secret:OPENAI}", prices={"input": 1, "output": 2}
    )
    assert await names["ask"](config) == "Paris (1 attempts, 1.8e-05 dollars)"


def test_every_option_is_in_the_table_with_its_default():
    rows = {line.split("`")[1]: line for line in README.splitlines() if line.startswith("| `")}
    assert list(rows) == list(EndpointConfig.model_fields)
    defaults = {name: field.default for name, field in EndpointConfig.model_fields.items()}
    shown = {name: rows[name].rsplit("|", 2)[1].strip(" `") for name in rows}
    assert {name: shown[name] for name in ("base_url", "api_key")} == {
        name: defaults[name] for name in ("base_url", "api_key")
    }
    assert {name: float(shown[name]) for name in ("timeout_seconds", "max_attempts", "max_concurrent")} == {
        name: defaults[name] for name in ("timeout_seconds", "max_attempts", "max_concurrent")
    }
