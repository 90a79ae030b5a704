import pytest
from pydantic import ValidationError

from evalyard import EvaluationError, Skip
from evalyard_text import NumericMatch, NumericMatchConfig


def _score(output, expected, **config):
    return NumericMatch(NumericMatchConfig(**config)).evaluate(output=output, expected=expected)


@pytest.mark.parametrize(
    ("config", "output", "expected", "value", "explanation"),
    [
        ({}, "She makes $18.", 18, True, "The output's number is 18, as expected."),
        ({}, 18.0, "A: 18", True, "The output's number is 18.0, as expected."),
        ({}, "$1,234.50", "1234.5 dollars", True, "The output's number is 1,234.50, as expected."),
        ({}, "3/4", 0.75, True, "The output's number is 3/4, as expected."),
        ({}, "A: 17", "18", False, "The output's number is 17, not the expected 18."),
        ({}, "-18", 18, False, "The output's number is -18, not the expected 18."),
        ({}, "9007199254740993", 9007199254740992, False,
         "The output's number is 9007199254740993, not the expected 9007199254740992."),
        ({}, {"price": 18}, 18, True, "The output's number is 18, as expected."),
        ({}, True, 1, False, "The output holds no number."),
        ({}, "eighteen", 18, False, "The output holds no number."),
        ({}, None, 18, False, "The system gave no output."),
        ({}, float("nan"), 18, False, "The output holds no number."),
        ({"absolute_tolerance": 0.01}, "1.01", 1, True, "The output's number is 1.01, near enough to the expected 1."),
        ({"absolute_tolerance": 0.01}, "1.011", 1, False, "The output's number is 1.011, not the expected 1."),
        ({"relative_tolerance": 0.1}, "90", 100, True, "The output's number is 90, near enough to the expected 100."),
        ({"relative_tolerance": 0.1}, "100", 90, False, "The output's number is 100, not the expected 90."),
        ({"relative_tolerance": 0.1, "absolute_tolerance": 10}, "100", 90, True,
         "The output's number is 100, near enough to the expected 90."),
        ({"relative_tolerance": 0.5}, "1", -1, False, "The output's number is 1, not the expected -1."),
        ({"after": "A:"}, "9\nA: 17\nA: $18 a day", "2 + 16\nA: 18", True, "The output's number is 18, as expected."),
        ({"after": "A:"}, "A: 18", "18", True, "The output's number is 18, as expected."),
        ({"after": "A:"}, "It is 18.", 18, False, 'The output does not hold the marker "A:".'),
        ({"after": "A:"}, "18 A: none", 18, False, 'The output holds no number after "A:".'),
        ({"after": "A:"}, 18, 18, True, "The output's number is 18, as expected."),
        ({"decimal_separator": ","}, "1.234,50 €", 1234.5, True, "The output's number is 1.234,50, as expected."),
        ({"space_groups": False}, "5 100", 100, True, "The output's number is 100, as expected."),
    ],
)  # fmt: skip
def test_numbers_are_compared(config, output, expected, value, explanation):
    score = _score(output, expected, **config)
    assert score.value is value
    assert score.explanation == explanation


def test_without_an_expected_output_the_record_is_skipped():
    with pytest.raises(Skip, match="no expected output"):
        _score("18", None)


@pytest.mark.parametrize("expected", ["eighteen", True, {}])
def test_an_expected_output_without_a_number_is_an_error(expected):
    with pytest.raises(EvaluationError, match=r"The expected output holds no number: .+\. Correct it"):
        _score("18", expected)


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"after": ""}, "after"),
        ({"absolute_tolerance": -1}, "absolute_tolerance"),
        ({"relative_tolerance": float("inf")}, "relative_tolerance"),
        ({"decimal_separator": ";"}, "decimal_separator"),
    ],
)
def test_a_wrong_config_names_its_field(config, field):
    with pytest.raises(ValidationError) as caught:
        NumericMatchConfig.model_validate(config)
    assert [error["loc"] for error in caught.value.errors()] == [(field,)]
