from evalyard import ScoreType
from evalyard.plugins import describe_evaluator, discover, load_evaluator

DESCRIBED = {
    found.name: describe_evaluator(found, load_evaluator(found))
    for found in discover("evalyard.evaluators")
    if found.distribution == "evalyard-operations"
}


def test_the_package_offers_four_evaluators_that_read_the_records_figures():
    assert {plugin.score_type for plugin in DESCRIBED.values()} == {ScoreType.NUMERIC}
    assert {
        name: {spec.name: (spec.default_path, spec.required) for spec in plugin.variables}
        for name, plugin in DESCRIBED.items()
    } == {
        "cost": {"cost_usd": ("record.cost_usd", True)},
        "latency": {"latency_ms": ("record.latency_ms", True)},
        "output_size": {"output": ("output", True)},
        "tokens": {
            "total": ("record.total_tokens", False),
            "prompt": ("record.prompt_tokens", False),
            "completion": ("record.completion_tokens", False),
        },
    }


def test_everything_is_described():
    for plugin in DESCRIBED.values():
        assert plugin.summary.endswith(".")
        assert all(option["description"] for option in plugin.config_schema["properties"].values())
        assert all(variable.description for variable in plugin.variables)
