import re
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import autoevals
import pytest
from pydantic import ValidationError

from evalyard import ScoreType
from evalyard.plugins import describe_evaluator, discover, load_evaluator
from evalyard.testing import Outcome, select
from evalyard_autoevals import ClosedQA, Humor, Translation
from evalyard_openai import EndpointConfig
from tests.support.openai_replies import Reply, ToolCall

README = Path(__file__).parents[1].joinpath("README.md").read_text()


def _described():
    found = [plugin for plugin in discover("evalyard.evaluators") if plugin.distribution == "evalyard-autoevals"]
    return {plugin.name: describe_evaluator(plugin, load_evaluator(plugin)) for plugin in found}


def test_the_package_offers_nineteen_evaluators():
    described = _described()
    assert len(described) == 19
    assert {plugin.score_type for plugin in described.values()} == {ScoreType.NUMERIC}
    given = {name: " ".join(spec.name for spec in plugin.variables) for name, plugin in described.items()}
    compared = dict.fromkeys(
        ("ExactMatch", "JSONDiff", "Levenshtein", "ListContains", "NumericDiff"), "output expected"
    )
    asked = dict.fromkeys(("Factuality", "Sql", "Summary", "Translation"), "output expected input")
    retrieved = dict.fromkeys(("ContextPrecision", "ContextRecall"), "input context expected")
    assert given == {
        **compared,
        **asked,
        **retrieved,
        "Battle": "output expected instructions",
        "ClosedQA": "output input criteria",
        "ContextRelevancy": "input context",
        "Faithfulness": "output input context",
        "Humor": "output",
        "Possible": "output input",
        "Security": "output",
        "ValidJSON": "output",
    }


def test_every_option_and_every_variable_is_described():
    for description in _described().values():
        assert description.summary.endswith(".")
        properties = description.config_schema.get("properties", {})
        assert all(option["description"] for option in properties.values())
        assert all(variable.description for variable in description.variables)


def test_every_evaluator_has_the_name_of_its_scorer_and_says_so():
    for entry_point in distribution("evalyard-autoevals").entry_points:
        evaluator = entry_point.load()
        assert issubclass(getattr(autoevals, evaluator.__name__), autoevals.Scorer)
        assert evaluator.summary.startswith(f"Autoevals' {evaluator.__name__}: ")


async def test_the_example_of_the_readme_runs(openai):
    (block,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, Any] = {}
    exec(block, names)
    openai.chat.answers(Reply(tool_calls=[ToolCall("select_choice", {"reasons": "It is part.", "choice": "A"})]))
    assert await names["check"](openai.url, "test-chat") == "0.4 (A: It is part.)"


def test_the_readme_names_every_evaluator_and_every_option():
    for entry_point in distribution("evalyard-autoevals").entry_points:
        evaluator = entry_point.load()
        (row,) = [line for line in README.splitlines() if f"`evalyard-autoevals/{entry_point.name}`" in line]
        assert evaluator.score_type in row
        assert entry_point.name == evaluator.__name__
        own = evaluator.Config.model_fields.keys() - EndpointConfig.model_fields.keys() - {"temperature"}
        assert [option for option in own if f"`{option}`" not in row] == []


@pytest.mark.parametrize(
    ("kind", "config", "field"),
    [
        (Humor, {}, "model"),
        (Humor, {"model": "m", "temperature": 3}, "temperature"),
        (Humor, {"model": "m", "api_key": "sk-clear"}, "api_key"),
        (ClosedQA, {"model": "m", "criteria": ""}, "criteria"),
        (Translation, {"model": "m"}, "language"),
    ],
)
def test_a_wrong_config_names_its_field(kind, config, field):
    with pytest.raises(ValidationError) as caught:
        kind.Config.model_validate(config)
    assert [error["loc"] for error in caught.value.errors()] == [(field,)]


def test_every_evaluator_keeps_the_contract(monkeypatch):
    # What the suite makes up names the default secret: nothing must be asked with it.
    monkeypatch.delenv("EVALYARD_SECRET_OPENAI_API_KEY", raising=False)
    for suite in select("evalyard-autoevals"):
        results = suite.run_all(skip=frozenset({"speed"}))
        suite.close()
        assert [result for result in results if result.outcome is Outcome.FAILED] == []
