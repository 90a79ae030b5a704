from evalyard import ScoreType
from evalyard.plugins import describe_evaluator, discover, load_evaluator
from evalyard.testing import Outcome, select


def _described():
    found = [plugin for plugin in discover("evalyard.evaluators") if plugin.distribution == "evalyard-judge"]
    return {plugin.name: describe_evaluator(plugin, load_evaluator(plugin)) for plugin in found}


def test_the_package_offers_four_evaluators():
    described = _described()
    assert {name: plugin.score_type for name, plugin in described.items()} == {
        "judge_boolean": ScoreType.BOOLEAN,
        "judge_category": ScoreType.CATEGORICAL,
        "judge_preference": ScoreType.NUMERIC,
        "judge_score": ScoreType.NUMERIC,
    }
    judged = [("output", True), ("input", False), ("expected", False), ("context", False), ("metadata", False)]
    compared = [("output", True), ("baseline", True), ("input", False), ("context", False)]
    assert {name: [(spec.name, spec.required) for spec in plugin.variables] for name, plugin in described.items()} == {
        "judge_boolean": judged,
        "judge_category": judged,
        "judge_preference": compared,
        "judge_score": judged,
    }
    assert {spec.name: spec.default_path for spec in described["judge_preference"].variables} == {
        "output": "output",
        "baseline": "expected",
        "input": "input",
        "context": None,
    }


def test_every_option_and_every_variable_is_described():
    for description in _described().values():
        assert description.summary.endswith(".")
        assert all(option["description"] for option in description.config_schema["properties"].values())
        assert all(variable.description for variable in description.variables)


def test_every_evaluator_keeps_the_contract(monkeypatch):
    # What the suite makes up names the default secret: nothing must be asked with it.
    monkeypatch.delenv("EVALYARD_SECRET_OPENAI_API_KEY", raising=False)
    for suite in select("evalyard-judge"):
        results = suite.run_all(skip=frozenset({"speed"}))
        suite.close()
        assert [result for result in results if result.outcome is Outcome.FAILED] == []
