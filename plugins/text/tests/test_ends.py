import pytest
from pydantic import ValidationError

from evalyard import Skip
from evalyard_text import EndsConfig, EndsWith, StartsWith


@pytest.mark.parametrize(
    ("kind", "config", "output", "expected", "value", "explanation"),
    [
        (StartsWith, {}, "Paris, France", "Paris", True, 'It starts with "Paris".'),
        (StartsWith, {}, "In Paris", "Paris", False, 'It does not start with "Paris".'),
        (StartsWith, {}, "In Paris", ["Paris", "In"], True, 'It starts with "In".'),
        (StartsWith, {}, "paris", ["Paris", "In"], False, 'It does not start with "Paris" or "In".'),
        (StartsWith, {"ignore_case": True}, "STRASSE 1", "straße", True, 'It starts with "straße".'),
        (StartsWith, {}, "\n Paris", "Paris", True, 'It starts with "Paris".'),
        (StartsWith, {"strip_whitespace": False}, "\n Paris", "Paris", False, 'It does not start with "Paris".'),
        (StartsWith, {"texts": ["Sure,"], "negate": True}, "Sure, I can", None, False, 'It starts with "Sure,".'),
        (StartsWith, {"texts": ["Sure,"], "negate": True}, "Yes.", None, True, 'It does not start with "Sure,".'),
        (StartsWith, {"texts": ["Sure,"], "negate": True}, None, None, False, "The system gave no output."),
        (StartsWith, {}, {"b": 1, "a": 2}, '{"a": 2', True, 'It starts with "{"a": 2".'),
        (StartsWith, {}, 1984, 19, True, 'It starts with "19".'),
        (EndsWith, {}, "Is it Paris?", "?", True, 'It ends with "?".'),
        (EndsWith, {}, "It is Paris.\n", ["?", "."], True, 'It ends with ".".'),
        (EndsWith, {"texts": ["END"]}, "The end", "end", False, 'It does not end with "END".'),
        (EndsWith, {"texts": ["END"], "ignore_case": True}, "The end", None, True, 'It ends with "END".'),
        (EndsWith, {"texts": ["x"]}, "", None, False, 'It does not end with "x".'),
        (EndsWith, {}, "a" * 1_000_000 + "!", "!", True, 'It ends with "!".'),
    ],
)
def test_an_end_is_looked_at(kind, config, output, expected, value, explanation):
    score = kind(EndsConfig(**config)).evaluate(output=output, expected=expected)
    assert score.value is value
    assert score.explanation == explanation


@pytest.mark.parametrize("kind", [StartsWith, EndsWith])
@pytest.mark.parametrize("expected", [None, "", [], [None, ""]])
def test_without_anything_to_look_for_the_record_is_skipped(kind, expected):
    with pytest.raises(Skip, match="no expected output"):
        kind(EndsConfig()).evaluate(output="Paris", expected=expected)


def test_an_empty_text_is_refused():
    with pytest.raises(ValidationError) as caught:
        EndsConfig(texts=("a", ""))
    assert caught.value.errors()[0]["loc"] == ("texts", 1)
