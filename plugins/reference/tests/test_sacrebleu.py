"""BLEU, chrF and TER agree with sacreBLEU's own examples, to the digits that those give."""

import pytest
from pydantic import ValidationError

from evalyard import EvaluationError, Skip
from evalyard_reference import (
    Bleu,
    BleuConfig,
    Chrf,
    ChrfConfig,
    CorpusBleu,
    CorpusBleuConfig,
    CorpusChrf,
    CorpusTer,
    Ter,
    TerConfig,
)


def _bleu(output, expected, **config):
    return Bleu(BleuConfig(**config)).evaluate(output=output, expected=expected)


def _chrf(output, expected, **config):
    return Chrf(ChrfConfig(**config)).evaluate(output=output, expected=expected)


def _ter(output, expected, **config):
    return Ter(TerConfig(**config)).evaluate(output=output, expected=expected)


# Section "Using SacreBLEU from Python" of sacreBLEU's README.
README_CASES = [
    {"output": "The dog bit the man.", "expected": ["The dog bit the man.", "The dog had bit the man."]},
    {"output": "It wasn't surprising.", "expected": ["It was not unexpected.", "No one was surprised."]},
    {"output": "The man had just bitten him.", "expected": ["The man bit him first.", "The man had bitten the dog."]},
]


def test_bleu_of_a_run_is_that_of_sacrebleus_readme():
    score = CorpusBleu(CorpusBleuConfig()).evaluate_run(README_CASES)
    assert score.explanation == (
        "3 records: BLEU = 48.53 82.4/50.0/45.5/37.5 (BP = 0.943 ratio = 0.944 hyp_len = 17 ref_len = 18)."
    )
    assert score.metadata["signature"].startswith("nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:2.")
    assert score.passed is None


@pytest.mark.parametrize(
    ("config", "value"),
    [
        # sacreBLEU's test/test_bleu.py, test_corpus_bleu_cases.
        ({}, 48.530827),
        ({"tokenize": "none"}, 49.1919566),
        ({"tokenize": "13a"}, 48.530827),
        ({"tokenize": "intl"}, 43.91623493),
        ({"smooth_method": "none"}, 48.530827),
    ],
)
def test_the_options_of_bleu_do_what_sacrebleus_do(config, value):
    assert CorpusBleu(CorpusBleuConfig(**config)).evaluate_run(README_CASES).value == pytest.approx(value, abs=1e-8)


def test_chrf_of_a_run_is_that_of_sacrebleus_readme():
    score = CorpusChrf(ChrfConfig()).evaluate_run(README_CASES)
    assert score.explanation == "3 records: chrF2 = 59.73."
    assert score.metadata["signature"].startswith("nrefs:2|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.")


def test_records_may_have_different_numbers_of_references():
    """Section "Variable Number of References" of sacreBLEU's README."""
    first = {"output": "The dog bit the man.", "expected": "The dog had bit the man."}
    score = CorpusBleu(CorpusBleuConfig()).evaluate_run([first, *README_CASES[1:]])
    assert "BLEU = 29.44 82.4/42.9/27.3/12.5 (BP = 0.889 ratio = 0.895 hyp_len = 17 ref_len = 19)." in score.explanation
    assert score.metadata["signature"].startswith("nrefs:var|case:mixed|eff:no|tok:13a|smooth:exp|version:2.")


@pytest.mark.parametrize(
    ("output", "expected", "config", "value"),
    [
        # Papineni et al. 2002, example 2: the modified unigram precision is 2/7.
        (
            "the the the the the the the",
            ["The cat is on the mat.", "There is a cat on the mat."],
            {"lowercase": True, "max_ngram_order": 1, "smooth_method": "none", "tokenize": "none"},
            2 / 7,
        ),
        # sacreBLEU's test/test_bleu.py, test_case_effective_order, there with raw_corpus_bleu.
        ("test", "a test", {"tokenize": "none", "smooth_method": "floor", "smooth_value": 0.01}, 0.3678794411714425),
        ("a test", "a test", {"tokenize": "none", "smooth_method": "floor", "smooth_value": 0.01}, 1.0),
        (
            "a little test",
            "a test",
            {"tokenize": "none", "smooth_method": "floor", "smooth_value": 0.01},
            0.03218297948685433,
        ),
    ],
)
def test_bleu_of_a_record_agrees_with_published_examples(output, expected, config, value):
    assert _bleu(output, expected, **config).value == pytest.approx(100 * value, abs=1e-8)


@pytest.mark.parametrize(
    ("output", "expected", "config", "value"),
    [
        # sacreBLEU's test/test_chrf.py: test_sentence_level_chrf, test_cases, test_cases_effective_order and
        # test_cases_keep_whitespace.
        (
            "Co nás nejvíc trápí, protože lékaři si vybírají, kdo bude žít a kdo zemře.",
            "Nejvíce smutní jsme z toho, že musíme rozhodovat o tom, kdo bude žít a kdo zemře.",
            {"eps_smoothing": True},
            39.14078509,
        ),
        ("aa", "ab", {"beta": 3, "eps_smoothing": True}, 8.3333),
        ("a b c", "abc", {"beta": 3, "eps_smoothing": True}, 50.0),
        ("aa", "ab", {"beta": 3}, 25.0),
        ("a b c", "abc", {"beta": 3}, 100.0),
        (
            "Die Beziehung zwischen Obama und Netanjahu ist nicht gerade freundlich.",
            "Das Verhältnis zwischen Obama und Netanyahu ist nicht gerade freundschaftlich.",
            {"beta": 3, "whitespace": True},
            67.3481606,
        ),
    ],
)
def test_chrf_of_a_record_agrees_with_published_examples(output, expected, config, value):
    assert _chrf(output, expected, **config).value == pytest.approx(value, abs=1e-4)


@pytest.mark.parametrize(
    ("output", "expected", "value"),
    [
        # Snover et al. 2006, section 3: a shift, two substitutions and an insertion over 13 words.
        (
            "THIS WEEK THE SAUDIS denied information published in the new york times",
            "SAUDI ARABIA denied THIS WEEK information published in the AMERICAN new york times",
            4 / 13,
        ),
        # sacreBLEU's test/test_ter.py.
        ("aaaa bbbb cccc dddd", "aaaa bbbb cccc dddd", 0),
        ("dddd eeee ffff", "aaaa bbbb cccc", 1),
        ("", "a", 1),
        ("d e f g h a b c", "a b c d e f g h", 1 / 8),
    ],
)
def test_ter_of_a_record_agrees_with_published_examples(output, expected, value):
    assert _ter(output, expected).value == pytest.approx(100 * value, abs=1e-9)


def test_ter_of_a_run_counts_the_edits_of_all_records():
    cases = [
        {"output": "d e f g h a b c", "expected": "a b c d e f g h"},
        {"output": "aaaa bbbb", "expected": "aaaa cccc"},
    ]
    assert CorpusTer(TerConfig()).evaluate_run(cases).value == 100 * 2 / 10


def test_case_is_as_the_options_say():
    assert _bleu("THE CAT SAT DOWN", "the cat sat down").value == 0
    assert _bleu("THE CAT SAT DOWN", "the cat sat down", lowercase=True).value == pytest.approx(100)
    assert _ter("THE CAT", "the cat").value == 0
    assert _ter("THE CAT", "the cat", case_sensitive=True).value == 100


@pytest.mark.parametrize(("score", "worst"), [(_bleu, 0), (_chrf, 0), (_ter, 100)])
def test_no_output_has_the_worst_score(score, worst):
    given = score(None, "Paris")
    assert given.value == worst
    assert given.explanation.startswith("The system gave no output. ")


@pytest.mark.parametrize("score", [_bleu, _chrf, _ter])
@pytest.mark.parametrize("expected", [None, "", " \n", [], [None, "", " "]])
def test_without_a_reference_the_record_is_skipped(score, expected):
    with pytest.raises(Skip, match="no expected output"):
        score("Paris", expected)


@pytest.mark.parametrize("kind", [CorpusBleu, CorpusChrf, CorpusTer])
def test_a_run_without_references_is_skipped_and_a_record_without_one_left_out(kind):
    metric = kind(kind.Config())
    with pytest.raises(Skip, match="No record of the run has an expected output"):
        metric.evaluate_run([{"output": "x", "expected": ""}])
    with pytest.raises(Skip):
        metric.evaluate_run([])
    cases = [{"output": "a b c d", "expected": "a b c e"}, {"output": "x", "expected": []}]
    assert metric.evaluate_run(cases) == metric.evaluate_run(cases[:1])


@pytest.mark.parametrize("score", [_bleu, _chrf, _ter])
@pytest.mark.parametrize("output", ["", 18, True, float("nan"), "\ud800 \x00", {"a": [None, {"b": 1}]}, "💥" * 50_000])
def test_hostile_values_are_read_as_text(score, output):
    assert 0 <= score(output, ["Paris", 3, {"a": 1}]).value <= 100_000


def test_texts_that_ter_would_take_minutes_for_are_refused():
    with pytest.raises(EvaluationError, match=r"A text has 201 words, and TER is measured up to 200: .+ raise maximum"):
        _ter("a " * 201, "a")
    with pytest.raises(EvaluationError, match="201 words"):
        CorpusTer(TerConfig()).evaluate_run([{"output": "a", "expected": "a " * 201}])
    assert _ter("a " * 201, "a " * 201, maximum_words=201).value == 0


def test_texts_are_not_kept():
    metric = Bleu(BleuConfig())
    metric.evaluate(output="a text that nobody needs any more", expected="another one")
    assert type(metric._metric.tokenizer).__call__.cache_info().currsize == 0


@pytest.mark.parametrize(
    ("model", "config", "field"),
    [
        (BleuConfig, {"tokenize": "ja-mecab"}, "tokenize"),
        (BleuConfig, {"smooth_method": "other"}, "smooth_method"),
        (BleuConfig, {"smooth_value": 0}, "smooth_value"),
        (BleuConfig, {"max_ngram_order": 0}, "max_ngram_order"),
        (ChrfConfig, {"char_order": 0}, "char_order"),
        (ChrfConfig, {"word_order": -1}, "word_order"),
        (ChrfConfig, {"beta": 0}, "beta"),
        (TerConfig, {"maximum_words": 0}, "maximum_words"),
        (TerConfig, {"punct": True}, "punct"),
    ],
)
def test_a_wrong_config_names_its_field(model, config, field):
    with pytest.raises(ValidationError) as caught:
        model.model_validate(config)
    assert [error["loc"] for error in caught.value.errors()] == [(field,)]
