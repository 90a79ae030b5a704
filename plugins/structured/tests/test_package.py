from evalyard import ScoreType
from evalyard.plugins import describe_evaluator, discover, load_evaluator

DESCRIBED = {
    found.name: describe_evaluator(found, load_evaluator(found))
    for found in discover("evalyard.evaluators")
    if found.distribution == "evalyard-structured"
}


def test_the_package_offers_four_evaluators():
    assert {name: plugin.score_type for name, plugin in DESCRIBED.items()} == {
        "json_difference": ScoreType.BOOLEAN,
        "json_schema": ScoreType.BOOLEAN,
        "json_similarity": ScoreType.NUMERIC,
        "sql_equivalence": ScoreType.BOOLEAN,
    }
    both = [("output", True), ("expected", True)]
    assert {name: [(spec.name, spec.required) for spec in plugin.variables] for name, plugin in DESCRIBED.items()} == {
        "json_difference": both,
        "json_schema": both[:1],
        "json_similarity": both,
        "sql_equivalence": both,
    }


def test_everything_is_described():
    for plugin in DESCRIBED.values():
        assert plugin.summary.endswith(".")
        assert all(option["description"] for option in plugin.config_schema["properties"].values())
        assert all(variable.description for variable in plugin.variables)


def test_the_form_lists_the_dialects():
    dialects = DESCRIBED["sql_equivalence"].config_schema["properties"]["dialect"]["enum"]
    assert {"", "postgres", "sqlite", "bigquery"} <= set(dialects)
