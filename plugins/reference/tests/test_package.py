from evalyard import ScoreType
from evalyard.plugins import describe_evaluator, discover, load_evaluator, scores_runs

FOUND = [found for found in discover("evalyard.evaluators") if found.distribution == "evalyard-reference"]
LOADED = {found.name: load_evaluator(found) for found in FOUND}
DESCRIBED = {found.name: describe_evaluator(found, LOADED[found.name]) for found in FOUND}


def test_the_package_offers_metrics_of_records_and_of_runs():
    of_records = {"bleu", "cer", "chrf", "rouge", "ter", "wer"}
    of_runs = {"corpus_bleu", "corpus_cer", "corpus_chrf", "corpus_rouge", "corpus_ter", "corpus_wer"}
    assert DESCRIBED.keys() == of_records | of_runs
    assert {name for name, evaluator in LOADED.items() if scores_runs(evaluator)} == of_runs
    assert {plugin.score_type for plugin in DESCRIBED.values()} == {ScoreType.NUMERIC}
    for plugin in DESCRIBED.values():
        assert [(spec.name, spec.required) for spec in plugin.variables] == [("output", True), ("expected", True)]


def test_everything_is_described():
    for plugin in DESCRIBED.values():
        assert plugin.summary.endswith(".")
        assert all(option["description"] for option in plugin.config_schema["properties"].values())
        assert all(variable.description for variable in plugin.variables)
