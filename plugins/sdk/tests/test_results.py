"""What an evaluator may return, and what is said of anything else."""

import math
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

import pytest

from evalyard import Score, ScoreType
from evalyard.plugins import ResultError, Results, read_results


class Tone(StrEnum):
    WARM = "warm"


class ForeignScalar:
    """A number of a library like NumPy, which is no Python number."""

    def __init__(self, value, *, size=1):
        self.value = value
        self.size = size

    def item(self):
        if self.size > 1:
            raise ValueError("only arrays of size 1 can be converted")
        return self.value

    def __repr__(self):
        return "array"


@pytest.mark.parametrize(
    ("result", "score_type", "main"),
    [
        (True, ScoreType.BOOLEAN, Score(True)),
        (0.5, ScoreType.NUMERIC, Score(0.5)),
        (3, ScoreType.NUMERIC, Score(3)),
        ("warm", ScoreType.CATEGORICAL, Score("warm")),
        (Tone.WARM, ScoreType.CATEGORICAL, Score("warm")),
        ("x" * 2_000, ScoreType.TEXT, Score("x" * 2_000)),
        (Fraction(1, 4), ScoreType.NUMERIC, Score(0.25)),
        (Decimal("0.1"), ScoreType.NUMERIC, Score(0.1)),
        (ForeignScalar(0.25), ScoreType.NUMERIC, Score(0.25)),
        (ForeignScalar(True), ScoreType.BOOLEAN, Score(True)),
        (Score(ForeignScalar(2), explanation="Two."), ScoreType.NUMERIC, Score(2, explanation="Two.")),
    ],
)
def test_one_score(result, score_type, main):
    read = read_results(result, score_type)

    assert read == Results(main, {})
    assert type(read.main.value) is type(main.value)


def test_a_score_is_taken_as_it_is():
    score = Score(0.5, explanation="Half.", cost_usd=0.1)

    assert read_results(score, ScoreType.NUMERIC).main is score


def test_the_first_of_several_is_the_main_one_and_the_others_are_of_any_type():
    given = {"f1": 0.5, "precision": Score(0.4, explanation="Two wrong."), "found": True, "tone": "warm", "count": 3}

    read = read_results(given, ScoreType.NUMERIC)

    assert read.main == Score(0.5)
    assert list(read.others.items()) == [
        ("precision", Score(0.4, explanation="Two wrong.")),
        ("found", Score(True)),
        ("tone", Score("warm")),
        ("count", Score(3)),
    ]


@pytest.mark.parametrize(
    ("result", "score_type", "message"),
    [
        (None, ScoreType.BOOLEAN, "A BOOLEAN evaluator must not return NoneType (None)."),
        (1, ScoreType.BOOLEAN, "A BOOLEAN evaluator must not return int (1)."),
        (True, ScoreType.NUMERIC, "A NUMERIC evaluator must not return bool (True)."),
        ("1", ScoreType.NUMERIC, "A NUMERIC evaluator must not return str ('1')."),
        (1, ScoreType.CATEGORICAL, "A CATEGORICAL evaluator must not return int (1)."),
        (math.nan, ScoreType.NUMERIC, "The score is nan; it must be a finite number."),
        (Score(-math.inf), ScoreType.NUMERIC, "The score is -inf; it must be a finite number."),
        ("x" * 2_001, ScoreType.TEXT, "The score has 2,001 characters; 2,000 are allowed."),
        (ForeignScalar(0, size=2), ScoreType.NUMERIC, "A NUMERIC evaluator must not return ForeignScalar (array)."),
        ([0.5], ScoreType.NUMERIC, "A NUMERIC evaluator must not return list ([0.5])."),
        ({}, ScoreType.NUMERIC, "The evaluator gave 0 named scores; it may give 1 to 21."),
        (dict.fromkeys(map(str, range(22)), 1), ScoreType.NUMERIC, "The evaluator gave 22 named scores; it may give 1"),
        ({"f1": 1, " ": 1}, ScoreType.NUMERIC, "A score is called ' '; a name has 1 to 100 characters."),
        ({"f1": 1, 2: 1}, ScoreType.NUMERIC, "A score is called 2; a name has 1 to 100 characters."),
        ({"f1": "high"}, ScoreType.NUMERIC, "A NUMERIC evaluator must not return str ('high') as 'f1'."),
        ({"f1": 1, "recall": math.nan}, ScoreType.NUMERIC, "The score 'recall' is nan; it must be a finite number."),
        ({"f1": 1, "recall": None}, ScoreType.NUMERIC, "An evaluator must not return NoneType (None) as 'recall'."),
    ],
)
def test_what_is_no_score_is_explained(result, score_type, message):
    with pytest.raises(ResultError) as caught:
        read_results(result, score_type)

    assert str(caught.value).startswith(message)
