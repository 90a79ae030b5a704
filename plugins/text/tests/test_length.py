import pytest
from pydantic import ValidationError

from evalyard_text import Length, LengthConfig


@pytest.mark.parametrize(
    ("config", "output", "value", "explanation"),
    [
        ({"maximum": 5}, "Paris", True, "It has 5 characters, as it should."),
        ({"maximum": 4}, "Paris", False, "It has 5 characters; it may have 4 at most."),
        ({"minimum": 6}, "Paris", False, "It has 5 characters; it has to have 6 at least."),
        ({"minimum": 5, "maximum": 5}, "Paris", True, "It has 5 characters, as it should."),
        ({"maximum": 1}, "é", True, "It has 1 character, as it should."),
        ({"maximum": 1}, "e\u0301", False, "It has 2 characters; it may have 1 at most."),
        ({"maximum": 0}, "", True, "It has 0 characters, as it should."),
        ({"unit": "words", "maximum": 3}, " one\ttwo \n three ", True, "It has 3 words, as it should."),
        ({"unit": "words", "minimum": 1}, "", False, "It has 0 words; it has to have 1 at least."),
        ({"unit": "words", "minimum": 1}, "one", True, "It has 1 word, as it should."),
        ({"unit": "lines", "maximum": 2}, "a\nb\n", True, "It has 2 lines, as it should."),
        ({"unit": "lines", "maximum": 2}, "a\n\nb", False, "It has 3 lines; it may have 2 at most."),
        ({"maximum": 1000}, "a" * 1_000_000, False, "It has 1,000,000 characters; it may have 1,000 at most."),
        ({"maximum": 8}, {"a": [1]}, False, "It has 10 characters; it may have 8 at most."),
        ({"maximum": 8}, None, False, "The system gave no output."),
        ({"minimum": 0}, None, False, "The system gave no output."),
    ],
)
def test_the_length_is_held_against_the_limits(config, output, value, explanation):
    score = Length(LengthConfig(**config)).evaluate(output=output)
    assert score.value is value
    assert score.explanation == explanation


@pytest.mark.parametrize(
    ("config", "place", "said"),
    [
        ({}, (), "give a minimum, a maximum or both"),
        ({"minimum": 3, "maximum": 2}, (), "the minimum, 3, is greater than the maximum, 2"),
        ({"minimum": -1}, ("minimum",), "greater than or equal to 0"),
        ({"maximum": 2.5}, ("maximum",), "valid integer"),
        ({"unit": "tokens", "maximum": 2}, ("unit",), "'characters', 'words' or 'lines'"),
    ],
)
def test_limits_that_make_no_sense_are_refused(config, place, said):
    with pytest.raises(ValidationError, match=said) as caught:
        LengthConfig.model_validate(config)
    assert [error["loc"] for error in caught.value.errors()] == [place]
