import re
from importlib.metadata import distribution
from pathlib import Path

from evalyard import ScoreType
from evalyard.plugins import describe_evaluator, discover, load_evaluator
from evalyard.testing import Outcome, select

README = Path(__file__).parents[1].joinpath("README.md").read_text()


def _described():
    found = [plugin for plugin in discover("evalyard.evaluators") if plugin.distribution == "evalyard-trajectory"]
    return {plugin.name: describe_evaluator(plugin, load_evaluator(plugin)) for plugin in found}


def test_the_package_offers_four_evaluators():
    described = _described()
    assert {name: plugin.score_type for name, plugin in described.items()} == {
        "forbidden_tools": ScoreType.BOOLEAN,
        "max_steps": ScoreType.BOOLEAN,
        "tool_calls": ScoreType.BOOLEAN,
        "tool_precision_recall": ScoreType.NUMERIC,
    }
    assert {name: [(spec.name, spec.default_path) for spec in one.variables] for name, one in described.items()} == {
        "forbidden_tools": [("trace", "trace")],
        "max_steps": [("trace", "trace")],
        "tool_calls": [("trace", "trace"), ("expected", "expected")],
        "tool_precision_recall": [("trace", "trace"), ("expected", "expected")],
    }


def test_every_option_and_every_variable_is_described():
    for description in _described().values():
        assert description.summary.endswith(".")
        assert all(option["description"] for option in description.config_schema["properties"].values())
        assert all(variable.description and variable.required for variable in description.variables)


def test_the_example_of_the_readme_runs():
    (block,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(block, {})


def test_the_readme_names_every_evaluator_and_every_option():
    for entry_point in distribution("evalyard-trajectory").entry_points:
        evaluator = entry_point.load()
        (row,) = [line for line in README.splitlines() if f"`evalyard-trajectory/{entry_point.name}`" in line]
        assert evaluator.score_type in row
        assert [option for option in evaluator.Config.model_fields if f"`{option}`" not in row] == []


def test_every_evaluator_keeps_the_contract():
    for suite in select("evalyard-trajectory"):
        results = suite.run_all(skip=frozenset({"speed"}))
        suite.close()
        assert [result for result in results if result.outcome is Outcome.FAILED] == []
