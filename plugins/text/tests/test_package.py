from evalyard import ScoreType
from evalyard.plugins import describe_evaluator, discover, load_evaluator


def test_the_package_offers_nine_evaluators():
    found = [plugin for plugin in discover("evalyard.evaluators") if plugin.distribution == "evalyard-text"]
    described = {plugin.name: describe_evaluator(plugin, load_evaluator(plugin)) for plugin in found}

    assert {name: plugin.score_type for name, plugin in described.items()} == {
        "contains": ScoreType.BOOLEAN,
        "ends_with": ScoreType.BOOLEAN,
        "exact_match": ScoreType.BOOLEAN,
        "fuzzy_match": ScoreType.NUMERIC,
        "language": ScoreType.BOOLEAN,
        "length": ScoreType.BOOLEAN,
        "numeric_match": ScoreType.BOOLEAN,
        "regex": ScoreType.BOOLEAN,
        "starts_with": ScoreType.BOOLEAN,
    }
    assert {name: [(spec.name, spec.required) for spec in plugin.variables] for name, plugin in described.items()} == {
        "contains": [("output", True), ("expected", False)],
        "ends_with": [("output", True), ("expected", False)],
        "exact_match": [("output", True), ("expected", True)],
        "fuzzy_match": [("output", True), ("expected", True)],
        "language": [("output", True), ("sample", False)],
        "length": [("output", True)],
        "numeric_match": [("output", True), ("expected", True)],
        "regex": [("output", True)],
        "starts_with": [("output", True), ("expected", False)],
    }
    assert all(plugin.summary.endswith(".") and plugin.config_schema["properties"] for plugin in described.values())


def test_every_option_and_every_variable_is_described():
    for plugin in discover("evalyard.evaluators"):
        if plugin.distribution == "evalyard-text":
            description = describe_evaluator(plugin, load_evaluator(plugin))
            assert all(option["description"] for option in description.config_schema["properties"].values())
            assert all(variable.description for variable in description.variables)
