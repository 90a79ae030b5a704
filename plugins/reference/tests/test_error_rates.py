"""Word and character error rates agree with the textbook, the papers and jiwer's own examples."""

import pytest
from pydantic import ValidationError

from evalyard import EvaluationError, Skip
from evalyard_reference import Cer, CerConfig, CorpusCer, CorpusWer, Wer, WerConfig


def _wer(output, expected, **config):
    return Wer(WerConfig(**config)).evaluate(output=output, expected=expected)


def _cer(output, expected, **config):
    return Cer(CerConfig(**config)).evaluate(output=output, expected=expected)


def test_wer_is_that_of_the_textbook():
    """Jurafsky and Martin, Speech and Language Processing, section "Word Error Rate": 6 + 3 + 1 errors in 13 words."""
    score = _wer(
        "i got it to the fullest i love to portable form of stores last night",
        "i um the phone is i left the portable phone upstairs last night",
    )
    assert score.value == 10 / 13
    assert score.passed is None
    assert score.metadata == {"hits": 6, "substitutions": 6, "insertions": 3, "deletions": 1}


@pytest.mark.parametrize(
    ("expected", "output", "wer", "mer", "wil"),
    [
        # Morris, Maier and Green 2004, From WER and RIL to MER and WIL; also in jiwer's tests.
        ("X", "X", 0, 0, 0),
        ("X", "X X Y Y", 3, 3 / 4, 3 / 4),
        ("X Y X", "X Z", 2 / 3, 2 / 3, 5 / 6),
        ("X", "Y", 1, 1, 1),
        ("X", "Y Z", 2, 1, 1),
        # jiwer's tests/test_measures.py.
        ("This is a test", "", 1, 1, 1),
        ("This is a test", "This test", 0.5, 0.5, 0.5),
        (
            "i am a short ground truth",
            "i am a considerably longer and very much incorrect hypothesis",
            7 / 6,
            0.7,
            0.85,
        ),
    ],
)
def test_the_measures_agree_with_published_examples(expected, output, wer, mer, wil):
    for measure, value in {"wer": wer, "mer": mer, "wil": wil, "wip": 1 - wil}.items():
        assert _wer(output, expected, measure=measure).value == pytest.approx(value, abs=1e-15)


def test_cer_counts_characters():
    """Levenshtein's textbook pair has three edits, and the reference seven letters; a space is a character too."""
    score = _cer("kitten", "sitting")
    assert score.value == 3 / 7
    assert score.explanation == "4 right, 2 replaced, 0 added, 1 missing."
    assert _cer("ab", "a b").value == 1 / 3
    assert _cer(" a\n b ", "a b").value == 0


def test_of_a_run_the_errors_of_all_records_are_counted():
    cases = [
        {"output": "hello duck", "expected": "hello world"},
        {"output": "a b c d", "expected": "a b c d"},
        {"output": None, "expected": "x y"},
        {"output": "z", "expected": None},
    ]
    score = CorpusWer(WerConfig()).evaluate_run(cases)
    assert score.value == 3 / 8
    assert score.explanation == "3 records: 5 right, 1 replaced, 0 added, 2 missing."
    assert CorpusCer(CerConfig()).evaluate_run(cases[1:2]).value == 0
    with pytest.raises(Skip, match="No record of the run has an expected output"):
        CorpusWer(WerConfig()).evaluate_run(cases[3:])


def test_differences_can_be_left_out():
    assert _wer("Hello,\nworld", "hello world").value == 1 / 2
    assert _wer("Hello,\nworld", "hello world", lowercase=True, remove_punctuation=True).value == 0
    assert _cer("Hello", "hello").value == 1 / 5
    assert _cer("Hello", "hello", lowercase=True).value == 0


@pytest.mark.parametrize("score", [_wer, _cer])
def test_no_output_is_all_wrong(score):
    given = score(None, "Paris")
    assert given.value == 1
    assert given.explanation.startswith("The system gave no output. 0 right, 0 replaced")


@pytest.mark.parametrize("score", [_wer, _cer])
@pytest.mark.parametrize("expected", [None, "", " \n", [], [None, ""]])
def test_without_a_reference_the_record_is_skipped(score, expected):
    with pytest.raises(Skip, match="no expected output"):
        score("Paris", expected)


@pytest.mark.parametrize("score", [_wer, _cer])
def test_one_reference_is_taken_and_no_more(score):
    assert score("Paris", ["Paris"]).value == 0
    with pytest.raises(
        EvaluationError, match=r"There are 2 references, .+ map one of them, for instance expected\[0\]"
    ):
        score("Paris", ["Paris", "London"])


def test_a_reference_of_punctuation_only_is_an_error_when_that_is_removed():
    with pytest.raises(EvaluationError, match="Nothing is left of the expected output but punctuation"):
        _wer("Paris", "?!", remove_punctuation=True)


@pytest.mark.parametrize("score", [_wer, _cer])
@pytest.mark.parametrize("output", ["", 18, True, float("nan"), "\ud800 \x00", {"a": [None, {"b": 1}]}, "💥 " * 50_000])
def test_hostile_values_are_read_as_text(score, output):
    assert score(output, {"a": 1}).value >= 0


def test_texts_that_can_not_be_aligned_in_time_are_refused():
    with pytest.raises(EvaluationError, match="The texts have 100,000 and 100,000 characters, too many to be aligned"):
        _cer("a" * 100_000, "b" * 100_000)


@pytest.mark.parametrize(
    ("model", "config", "field"),
    [
        (WerConfig, {"measure": "cer"}, "measure"),
        (WerConfig, {"lowercase": "perhaps"}, "lowercase"),
        (CerConfig, {"measure": "cer"}, "measure"),
    ],
)
def test_a_wrong_config_names_its_field(model, config, field):
    with pytest.raises(ValidationError) as caught:
        model.model_validate(config)
    assert [error["loc"] for error in caught.value.errors()] == [(field,)]
