import pytest

from evalyard import Skip
from evalyard_text import ExactMatch, ExactMatchConfig


def _score(output, expected, **config):
    return ExactMatch(ExactMatchConfig(**config)).evaluate(output=output, expected=expected)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("Paris", "Paris"),
        ("", ""),
        (1, 1.0),
        (False, False),
        ([1, "a", None], [1, "a", None]),
        ({"a": [True], "b": {}}, {"b": {}, "a": [True]}),
    ],
)
def test_equal_values_pass(output, expected):
    score = _score(output, expected)
    assert score.value is True
    assert score.explanation == "The output equals the expected output."


@pytest.mark.parametrize(
    ("output", "expected", "explanation"),
    [
        ("4", "18", 'The output is "4", expected was "18".'),
        ("18", 18, 'The output is the text "18", expected was the number 18.'),
        (1, True, "The output is the number 1, expected was the boolean true."),
        (0, False, "The output is the number 0, expected was the boolean false."),
        ({"a": 1}, {"a": True}, 'The output is {"a": 1}, expected was {"a": true}.'),
        ({"a": 1}, {"a": 1, "b": None}, 'The output is {"a": 1}, expected was {"a": 1, "b": null}.'),
        ([1, 2], [2, 1], "The output is [1, 2], expected was [2, 1]."),
        ([1], [1, 1], "The output is [1], expected was [1, 1]."),
        (" Paris", "paris", 'The output is " Paris", expected was "paris".'),
        (
            "The capital of France is Paris, of course.",
            "The capital of France is Lyon, of course.",
            (
                'The texts differ from character 26 on: the output has "…apital of France is Paris, of course.", '
                'expected was "…apital of France is Lyon, of course.".'
            ),
        ),
        (
            "x" * 50,
            "x" * 60,
            f'The texts differ from character 51 on: the output has "…{"x" * 20}", expected was "…{"x" * 30}".',
        ),
        (None, "Paris", "The system gave no output."),
    ],
)
def test_a_difference_is_explained(output, expected, explanation):
    score = _score(output, expected)
    assert score.value is False
    assert score.explanation == explanation


def test_case_and_white_space_can_be_left_out_also_within_values():
    assert _score("STRASSE", "straße", ignore_case=True).value is True
    assert _score(" Paris\n", "Paris", strip_whitespace=True).value is True
    assert _score(" PARIS", "Paris ", strip_whitespace=True, ignore_case=True).value is True
    assert _score({"a": [" X", 1]}, {"a": ["x", 1]}, strip_whitespace=True, ignore_case=True).value is True
    assert _score({"A": 1}, {"a": 1}, ignore_case=True).value is False
    assert _score("Pa ris", "Paris", strip_whitespace=True).value is False


def test_without_an_expected_output_the_record_is_skipped():
    with pytest.raises(Skip, match="no expected output"):
        _score("Paris", None)
