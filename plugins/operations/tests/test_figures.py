import math

import pytest
from pydantic import ValidationError

from evalyard import EvaluationError, Skip
from evalyard_operations import (
    Cost,
    CostConfig,
    Latency,
    LatencyConfig,
    OutputSize,
    OutputSizeConfig,
    Tokens,
    TokensConfig,
)


@pytest.mark.parametrize(
    ("config", "latency_ms", "value", "explanation"),
    [
        ({}, 412.5, 412.5, "The system took 412 ms."),
        ({}, 0, 0, "The system took 0 ms."),
        ({}, 12_345, 12_345, "The system took 12,345 ms."),
        ({"unit": "seconds"}, 412.5, 0.4125, "The system took 0.412 s."),
    ],
)
def test_latency_is_given_in_the_unit_asked_for(config, latency_ms, value, explanation):
    score = Latency(LatencyConfig(**config)).evaluate(latency_ms=latency_ms)
    assert (score.value, score.passed, score.explanation) == (value, None, explanation)


@pytest.mark.parametrize(
    ("config", "cost_usd", "value", "explanation"),
    [
        ({}, 0.0021, 0.0021, "The answer cost $0.002100."),
        ({}, 0, 0, "The answer cost $0.000000."),
        ({"per": "thousand_records"}, 0.0021, 2.1, "A thousand records like this one cost $2.1000."),
    ],
)
def test_cost_is_given_of_a_record_or_a_thousand(config, cost_usd, value, explanation):
    score = Cost(CostConfig(**config)).evaluate(cost_usd=cost_usd)
    assert (score.value, score.passed, score.explanation) == (value, None, explanation)


@pytest.mark.parametrize(
    ("count", "value", "explanation"),
    [
        ("total", 1234, "1,234 tokens in total."),
        ("prompt", 1200, "1,200 tokens in the prompt."),
        ("completion", 34, "34 tokens in the completion."),
    ],
)
def test_the_tokens_asked_for_are_given(count, value, explanation):
    score = Tokens(TokensConfig(count=count)).evaluate(total=1234, prompt=1200, completion=34)
    assert (score.value, score.passed, score.explanation) == (value, None, explanation)


@pytest.mark.parametrize(
    ("unit", "output", "value", "explanation"),
    [
        ("characters", "Łódź", 4, "4 characters."),
        ("bytes", "Łódź", 7, "7 bytes."),
        ("bytes", "\ud800", 3, "3 bytes."),
        ("words", " one\ttwo\n", 2, "2 words."),
        ("words", "one", 1, "1 word."),
        ("lines", "a\nb\n", 2, "2 lines."),
        ("characters", "", 0, "0 characters."),
        ("characters", {"b": [1], "a": None}, 21, "21 characters."),
        ("characters", "a" * 2_000_000, 2_000_000, "2,000,000 characters."),
    ],
)
def test_the_size_of_the_output_is_given(unit, output, value, explanation):
    score = OutputSize(OutputSizeConfig(unit=unit)).evaluate(output=output)
    assert (score.value, score.passed, score.explanation) == (value, None, explanation)


@pytest.mark.parametrize(
    ("score", "reason"),
    [
        (lambda: Latency(LatencyConfig()).evaluate(latency_ms=None), "The record has no latency."),
        (lambda: Cost(CostConfig()).evaluate(cost_usd=None), "The record has no cost: nothing reported one."),
        (lambda: Tokens(TokensConfig()).evaluate(prompt=5), "The record has no total tokens: nothing reported them."),
        (
            lambda: Tokens(TokensConfig(count="prompt")).evaluate(total=5, completion=5),
            "The record has no prompt tokens: nothing reported them.",
        ),
        (lambda: OutputSize(OutputSizeConfig()).evaluate(output=None), "The system gave no output."),
    ],
)
def test_what_is_not_known_is_skipped(score, reason):
    with pytest.raises(Skip) as skipped:
        score()
    assert skipped.value.reason == reason


@pytest.mark.parametrize("value", ["fast", "12", True, -1, math.nan, math.inf, [1], {"ms": 1}])
def test_what_is_no_figure_is_an_error(value):
    with pytest.raises(EvaluationError, match=r"latency_ms is .+, which is no number of 0 or more: map it to one\."):
        Latency(LatencyConfig()).evaluate(latency_ms=value)
    with pytest.raises(EvaluationError, match="cost_usd is "):
        Cost(CostConfig()).evaluate(cost_usd=value)
    with pytest.raises(EvaluationError, match="total is "):
        Tokens(TokensConfig()).evaluate(total=value)


@pytest.mark.parametrize(
    ("model", "config", "field"),
    [
        (LatencyConfig, {"unit": "minutes"}, "unit"),
        (CostConfig, {"per": "year"}, "per"),
        (TokensConfig, {"count": "cached"}, "count"),
        (OutputSizeConfig, {"unit": "tokens"}, "unit"),
        (LatencyConfig, {"maximum": 1}, "maximum"),
    ],
)
def test_a_wrong_config_names_its_field(model, config, field):
    with pytest.raises(ValidationError) as caught:
        model.model_validate(config)
    assert [error["loc"] for error in caught.value.errors()] == [(field,)]
