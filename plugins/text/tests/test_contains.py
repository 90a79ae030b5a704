import pytest
from pydantic import ValidationError

from evalyard import Skip
from evalyard_text import Contains, ContainsConfig


@pytest.mark.parametrize(
    ("config", "output", "expected", "value", "explanation"),
    [
        ({}, "Paris, France", "Paris", True, 'It contains "Paris".'),
        ({}, "Paris, France", ["Paris", "France"], True, 'It contains "Paris", "France".'),
        ({}, "Paris", ["Paris", "France", "EU"], False, 'It lacks "France", "EU".'),
        ({}, "The answer is 18.", 18, True, 'It contains "18".'),
        ({}, {"city": "Paris"}, '"city": "Paris"', True, 'It contains ""city": "Paris"".'),
        ({}, None, "Paris", False, "The system gave no output."),
        ({"texts": ["a"]}, "banana", None, True, 'It contains "a".'),
        ({"texts": ["a"]}, "banana", "zebra", True, 'It contains "a".'),
        ({"texts": ["PARIS"]}, "Paris", None, False, 'It lacks "PARIS".'),
        ({"texts": ["PARIS"], "ignore_case": True}, "Paris", None, True, 'It contains "PARIS".'),
        ({"texts": ["x", "a"], "match": "any"}, "banana", None, True, 'It contains "a".'),
        ({"texts": ["x", "y"], "match": "any"}, "banana", None, False, 'It lacks "x", "y".'),
        ({"texts": ["sorry", "AI"], "match": "none"}, "Paris", None, True, 'It contains no "sorry", "AI".'),
        ({"texts": ["sorry", "AI"], "match": "none"}, "I am sorry", None, False, 'It contains "sorry".'),
    ],
)
def test_texts_are_looked_for(config, output, expected, value, explanation):
    score = Contains(ContainsConfig(**config)).evaluate(output=output, expected=expected)
    assert score.value is value
    assert score.explanation == explanation


@pytest.mark.parametrize("expected", [None, "", [], [None, ""]])
def test_without_anything_to_look_for_the_record_is_skipped(expected):
    with pytest.raises(Skip, match="no expected output"):
        Contains(ContainsConfig()).evaluate(output="Paris", expected=expected)


def test_expected_may_be_left_out():
    assert Contains(ContainsConfig(texts=("a",))).evaluate(output="banana").value is True


def test_an_empty_text_is_refused():
    with pytest.raises(ValidationError) as caught:
        ContainsConfig(texts=("a", ""))
    assert caught.value.errors()[0]["loc"] == ("texts", 1)
