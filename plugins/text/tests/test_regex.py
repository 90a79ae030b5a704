import pytest
from pydantic import ValidationError

from evalyard_text import Regex, RegexConfig


@pytest.mark.parametrize(
    ("config", "output", "value", "explanation"),
    [
        ({"pattern": r"\d+ eggs"}, "She sells 18 eggs.", True, 'The pattern matches "18 eggs".'),
        ({"pattern": r"\d+ eggs"}, "none", False, "There is no match."),
        ({"pattern": r"\d+", "mode": "full"}, "18", True, 'The pattern matches "18".'),
        ({"pattern": r"\d+", "mode": "full"}, "18 eggs", False, "There is no match."),
        ({"pattern": "sorry", "negate": True}, "Paris", True, "There is no match."),
        ({"pattern": "sorry", "negate": True}, "I am sorry", False, 'The pattern matches "sorry".'),
        ({"pattern": "sorry", "negate": True}, None, False, "The system gave no output."),
        ({"pattern": "paris"}, "Paris", False, "There is no match."),
        ({"pattern": "paris", "ignore_case": True}, "Paris", True, 'The pattern matches "Paris".'),
        ({"pattern": "^b"}, "a\nb", False, "There is no match."),
        ({"pattern": "^b", "multiline": True}, "a\nb", True, 'The pattern matches "b".'),
        ({"pattern": "a.b"}, "a\nb", False, "There is no match."),
        ({"pattern": "a.b", "dot_all": True}, "a\nb", True, 'The pattern matches "a\nb".'),
        ({"pattern": r"\p{Lu}\w+"}, "in Łódź", True, 'The pattern matches "Łódź".'),
        ({"pattern": '"b": 2'}, {"b": 2, "a": 1}, True, 'The pattern matches ""b": 2".'),
    ],
)
def test_the_pattern_decides(config, output, value, explanation):
    score = Regex(RegexConfig(**config)).evaluate(output=output)
    assert score.value is value
    assert score.explanation == explanation


def test_a_pattern_that_takes_too_long_is_stopped():
    evaluator = Regex(RegexConfig(pattern=r"(a|aa|b)*+c|(?:a+)+$", timeout_seconds=0.05))
    with pytest.raises(TimeoutError, match=r"took longer than 0\.05 s on this output: simplify it"):
        evaluator.evaluate(output="a" * 5_000 + "!")


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"pattern": "("}, "pattern"),
        ({"pattern": ""}, "pattern"),
        ({}, "pattern"),
        ({"pattern": "a", "mode": "match"}, "mode"),
        ({"pattern": "a", "timeout_seconds": 0}, "timeout_seconds"),
        ({"pattern": "a", "flags": "i"}, "flags"),
    ],
)
def test_a_wrong_config_names_its_field(config, field):
    with pytest.raises(ValidationError) as caught:
        RegexConfig.model_validate(config)
    assert [error["loc"] for error in caught.value.errors()] == [(field,)]


def test_a_bad_pattern_is_explained():
    with pytest.raises(ValidationError, match="this is no regular expression: missing \\) at position 1"):
        RegexConfig(pattern="(")
