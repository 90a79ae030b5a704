"""ROUGE agrees with the examples of its paper and of rouge-score."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from evalyard import EvaluationError, Skip
from evalyard_reference import CorpusRouge, Rouge, RougeConfig


def _score(output, expected, **config):
    return Rouge(RougeConfig(**config)).evaluate(output=output, expected=expected)


@pytest.mark.parametrize(
    ("variant", "output", "expected", "precision", "recall", "fmeasure"),
    [
        # Lin 2004, section 3.1: S2 and S3 against S1. ROUGE-2 can't tell them apart, ROUGE-L can.
        ("rouge2", "police kill the gunman", "police killed the gunman", 1 / 3, 1 / 3, 1 / 3),
        ("rouge2", "the gunman kill police", "police killed the gunman", 1 / 3, 1 / 3, 1 / 3),
        ("rougeL", "police kill the gunman", "police killed the gunman", 3 / 4, 3 / 4, 3 / 4),
        ("rougeL", "the gunman kill police", "police killed the gunman", 2 / 4, 2 / 4, 2 / 4),
        # rouge-score's rouge_scorer_test.py: testRouge1, testRouge1Multi, testRougeAllMulti, testRougeEmpty,
        # testRouge2, testRougeLConsecutive, testRougeLNonConsecutive.
        ("rouge1", "testing", "testing one two", 1, 1 / 3, 1 / 2),
        ("rouge1", "testing", ["testing one two"], 1, 1 / 3, 1 / 2),
        ("rouge1", "text first", ["first text", "first something"], 1, 1, 1),
        ("rouge2", "text first", ["first text", "first something"], 0, 0, 0),
        ("rougeL", "text first", ["first text", "first something"], 1 / 2, 1 / 2, 1 / 2),
        ("rouge1", "", "testing one two", 0, 0, 0),
        ("rouge2", "testing one", "testing one two", 1, 1 / 2, 2 / 3),
        ("rougeL", "testing one", "testing one two", 1, 2 / 3, 4 / 5),
        ("rougeL", "testing two", "testing one two", 1, 2 / 3, 4 / 5),
        # Lin 2004, section 3.2: the union of the subsequences of two sentences has four of five words.
        ("rougeLsum", "w1 w2 w6 w7 w8\nw1 w3 w8 w9 w5", "w1 w2 w3 w4 w5", 4 / 10, 4 / 5, 8 / 15),
    ],
)
def test_rouge_agrees_with_published_examples(variant, output, expected, precision, recall, fmeasure):
    wanted = {"precision": precision, "recall": recall, "fmeasure": fmeasure}
    for value, number in wanted.items():
        score = _score(output, expected, variant=variant, value=value)
        assert score.value == pytest.approx(number, abs=1e-12)
        assert score.metadata == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("variant", ["rouge1", "rougeL"])
def test_rouge_of_a_run_agrees_with_the_example_of_rouge_score(variant):
    """The sample usage of scoring.BootstrapAggregator, whose `mid` estimates the mean; its digits are cut off."""
    cases = [
        {"output": "one two", "expected": "one two three"},
        {"output": "seven eight", "expected": ["one two five six"]},
        {"output": "left out", "expected": None},
    ]
    score = CorpusRouge(RougeConfig(variant=variant)).evaluate_run(cases)
    recall = CorpusRouge(RougeConfig(variant=variant, value="recall")).evaluate_run(cases)

    wanted = {"precision": 1 / 2, "recall": 1 / 3, "fmeasure": 2 / 5}
    assert score.metadata == pytest.approx(wanted, abs=1e-12)
    assert (score.value, recall.value) == pytest.approx((2 / 5, 1 / 3), abs=1e-12)
    assert score.explanation == "2 records: Precision 0.500, recall 0.333, F-measure 0.400."


def test_a_run_without_a_reference_is_skipped():
    with pytest.raises(Skip, match="No record of the run has an expected output"):
        CorpusRouge(RougeConfig()).evaluate_run([{"output": "a", "expected": None}])


def test_the_best_reference_counts_by_its_f_measure():
    score = _score("a b c", ["a b c d e f", "x", "a b"], variant="rouge1")
    assert (score.value, score.explanation) == (0.8, "Precision 0.667, recall 1.000, F-measure 0.800.")


def test_words_can_be_cut_down_to_their_stems():
    assert _score("he settled claims", "settling a claim", variant="rouge1").value == 0
    assert _score("he settled claims", "settling a claim", variant="rouge1", use_stemmer=True).value == 2 / 3


def test_no_output_repeats_nothing():
    score = _score(None, "Paris")
    assert score.value == 0
    assert score.explanation == "The system gave no output. Precision 0.000, recall 0.000, F-measure 0.000."


@pytest.mark.parametrize("expected", [None, "", " \n", [], [None, ""]])
def test_without_a_reference_the_record_is_skipped(expected):
    with pytest.raises(Skip, match="no expected output"):
        _score("Paris", expected)


@pytest.mark.parametrize("expected", ["Москва", ["Paris", "北京"], "?!"])
def test_a_reference_that_rouge_can_not_read_is_an_error(expected):
    with pytest.raises(EvaluationError, match=r"ROUGE reads the letters a to z and digits only, and .+ has none"):
        _score("Paris", expected)


@pytest.mark.parametrize(
    "output", ["Москва", 18, True, float("nan"), "\ud800 \x00", {"a": [None, {"b": 1}]}, "💥" * 9_999]
)
def test_hostile_values_are_read_as_text(output):
    assert 0 <= _score(output, ["Paris", 3, {"a": 1}]).value <= 1


def test_texts_that_would_take_all_memory_are_refused():
    long = "a " * 3_001
    with pytest.raises(
        EvaluationError, match=r"A text has 3,001 words, and rougeL is measured up to 3,000: use rouge2"
    ):
        _score(long, "a")
    with pytest.raises(EvaluationError, match="rougeLsum"):
        _score("a", long, variant="rougeLsum")
    assert _score(long, long, variant="rouge2").value == 1


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"variant": "rouge0"}, "variant"),
        ({"value": "accuracy"}, "value"),
        ({"maximum_words": 0}, "maximum_words"),
        ({"maximum_words": 10_001}, "maximum_words"),
        ({"stemmer": True}, "stemmer"),
    ],
)
def test_a_wrong_config_names_its_field(config, field):
    with pytest.raises(ValidationError) as caught:
        RougeConfig.model_validate(config)
    assert [error["loc"] for error in caught.value.errors()] == [(field,)]


def test_nltk_costs_only_those_who_use_rouge():
    program = "import sys, evalyard_reference; print('nltk' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
