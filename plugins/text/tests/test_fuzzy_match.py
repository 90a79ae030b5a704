import pytest

from evalyard import Skip
from evalyard_text import FuzzyMatch, FuzzyMatchConfig


def _value(output, expected, **config):
    return FuzzyMatch(FuzzyMatchConfig(**config)).evaluate(output=output, expected=expected).value


@pytest.mark.parametrize(
    ("method", "output", "expected", "value"),
    [
        # RapidFuzz's README, section "Scorers", divided by 100.
        ("ratio", "this is a test", "this is a test!", 28 / 29),
        ("partial_ratio", "this is a test", "this is a test!", 1.0),
        ("ratio", "fuzzy wuzzy was a bear", "wuzzy fuzzy was a bear", 40 / 44),
        ("token_sort_ratio", "fuzzy wuzzy was a bear", "wuzzy fuzzy was a bear", 1.0),
        ("token_set_ratio", "fuzzy was a bear", "fuzzy fuzzy was a bear", 1.0),
        # Levenshtein's textbook pair: three edits, the longer word has seven letters.
        ("levenshtein", "kitten", "sitting", 1 - 3 / 7),
        # Winkler 1990, table of string comparator values: MARTHA and MARHTA.
        ("jaro_winkler", "MARTHA", "MARHTA", 0.961111111),
    ],
)
def test_the_measures_agree_with_published_examples(method, output, expected, value):
    assert _value(output, expected, method=method) == pytest.approx(value, abs=1e-9)


def test_ends_and_case_can_be_left_out():
    assert _value(" Paris\n", "Paris") == 1.0
    assert _value(" Paris", "Paris", strip_whitespace=False) == pytest.approx(10 / 11)
    assert _value("paris", "PARIS") == 0.0
    assert _value("paris", "PARIS", ignore_case=True) == 1.0


def test_other_values_are_compared_as_json_text():
    assert _value({"b": 1, "a": 2}, '{"a": 2, "b": 1}') == 1.0
    assert _value(18, "18") == 1.0


def test_the_explanation_shows_both_sides():
    score = FuzzyMatch(FuzzyMatchConfig()).evaluate(output="a" * 200, expected="Paris")
    assert score.explanation == f'The output is "{"a" * 40} … {"a" * 40}", expected was "Paris".'


def test_no_output_is_nothing_alike():
    score = FuzzyMatch(FuzzyMatchConfig()).evaluate(output=None, expected="Paris")
    assert (score.value, score.explanation) == (0.0, "The system gave no output.")


def test_without_an_expected_output_the_record_is_skipped():
    with pytest.raises(Skip, match="no expected output"):
        _value("Paris", None)
