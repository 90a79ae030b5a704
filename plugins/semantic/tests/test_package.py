import re
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from evalyard import ScoreType
from evalyard.plugins import describe_evaluator, discover, load_evaluator
from evalyard.testing import Outcome, select
from evalyard_openai import EndpointConfig

README = Path(__file__).parents[1].joinpath("README.md").read_text()


def _described():
    found = [plugin for plugin in discover("evalyard.evaluators") if plugin.distribution == "evalyard-semantic"]
    return {plugin.name: describe_evaluator(plugin, load_evaluator(plugin)) for plugin in found}


def test_the_package_offers_two_evaluators():
    described = _described()
    assert {name: plugin.score_type for name, plugin in described.items()} == {
        "embedding_similarity": ScoreType.NUMERIC,
        "local_similarity": ScoreType.NUMERIC,
    }
    for plugin in described.values():
        assert [(spec.name, spec.required, bool(spec.description)) for spec in plugin.variables] == [
            ("output", True, True),
            ("expected", True, True),
        ]
        assert plugin.summary.endswith(".")
        assert all(option["description"] for option in plugin.config_schema["properties"].values())


async def test_the_example_of_the_readme_runs(openai):
    (block,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, Any] = {}
    exec(block, names)
    openai.embeddings.answers([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    assert await names["compare"](openai.url, "test-embedding") == [0.71, 0.0]


def test_the_readme_names_every_evaluator_and_every_option():
    for entry_point in distribution("evalyard-semantic").entry_points:
        evaluator = entry_point.load()
        (row,) = [line for line in README.splitlines() if f"`evalyard-semantic/{entry_point.name}`" in line]
        assert evaluator.score_type in row
        own = set(evaluator.Config.model_fields)
        if issubclass(evaluator.Config, EndpointConfig):
            own -= set(EndpointConfig.model_fields)
        assert [option for option in own if f"`{option}`" not in row] == []


def test_every_evaluator_keeps_the_contract(monkeypatch):
    # What the suite makes up names the default secret: nothing must be asked with it.
    monkeypatch.delenv("EVALYARD_SECRET_OPENAI_API_KEY", raising=False)
    for suite in select("evalyard-semantic"):
        results = suite.run_all(skip=frozenset({"speed"}))
        suite.close()
        assert [result for result in results if result.outcome is Outcome.FAILED] == []
