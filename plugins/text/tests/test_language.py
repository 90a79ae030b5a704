import subprocess
import sys

import pytest
from pydantic import ValidationError

from evalyard import Skip
from evalyard_text import Language, LanguageConfig


def _score(output, sample=None, **config):
    return Language(LanguageConfig(**config)).evaluate(output=output, sample=sample)


def test_the_language_is_the_one_that_py3langid_says():
    """The examples of py3langid's README, section "With Python"."""
    assert _score("This text is in English.", languages=["en"]).value is True
    score = _score("This should be enough text.", languages=["en"], candidates=["de", "en", "fr"])
    assert score.explanation == "The output is en, as it should be (probability 1.00)."
    assert score.metadata == {"language": "en"}
    with pytest.raises(Skip, match=r'^The language of "ok" can\'t be told: \w+ is the most likely one, with a prob'):
        _score("ok", languages=["en"])


@pytest.mark.parametrize(
    ("config", "output", "sample", "value", "explanation"),
    [
        ({"languages": ["de", "fr"]}, "Bonjour tout le monde", None, True, "fr, as it should be (probability 0.95)."),
        ({"languages": ["de", "en"]}, "Bonjour tout le monde", None, False, "fr, not de or en (probability 0.95)."),
        ({}, "Das ist ein Test.", "Wo ist das Haus?", True, "de, as it should be (probability 0.99)."),
        ({}, "That is a test.", "Wo ist das Haus?", False, "en, not de (probability 0.87)."),
    ],
)
def test_languages_are_compared(config, output, sample, value, explanation):
    score = _score(output, sample, **config)
    assert score.value is value
    assert score.explanation == f"The output is {explanation}"


def test_candidates_help_with_short_texts_and_the_wanted_languages_are_among_them():
    assert _score("Hello", languages=["en"], candidates=["de"], minimum_confidence=0.5).value is True


def test_no_output_fails():
    score = _score(None, languages=["en"])
    assert (score.value, score.explanation) == (False, "The system gave no output.")


def test_without_a_wanted_language_the_record_is_skipped():
    with pytest.raises(Skip, match="no text in the wanted language, and the config names none"):
        _score("This text is in English.")


@pytest.mark.parametrize("output", ["", "\ud800", 12345, {"a": [None, 1e300]}, "\x00" * 100_000, float("nan")])
def test_what_has_no_language_is_skipped_and_breaks_nothing(output):
    with pytest.raises(Skip, match="can't be told"):
        _score(output, languages=["en"], minimum_confidence=0.6)


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"languages": ["english"]}, "languages"),
        ({"candidates": ["en", "xx"]}, "candidates"),
        ({"minimum_confidence": 1.1}, "minimum_confidence"),
        ({"minimum_confidence": float("nan")}, "minimum_confidence"),
    ],
)
def test_a_wrong_config_names_its_field(config, field):
    with pytest.raises(ValidationError) as caught:
        LanguageConfig.model_validate(config)
    assert [error["loc"] for error in caught.value.errors()] == [(field,)]


def test_the_model_costs_only_those_who_use_it():
    program = "import sys, evalyard_text; print('py3langid' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
