"""The language that an output is written in."""

import copy
import functools
import threading
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, Field

from evalyard import Config, Evaluator, Score, ScoreType, Skip, Variable
from evalyard.values import NO_OUTPUT, as_text, show

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_loading: Final = threading.Lock()


@functools.cache
def _identifier() -> "LanguageIdentifier":
    """Load the model once a process: it takes half a second and 100 MB, which only those who use it pay for."""
    from py3langid import langid  # noqa: PLC0415 - see above

    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)


def _shared_identifier() -> "LanguageIdentifier":
    with _loading:
        return _identifier()


def _check_codes(codes: tuple[str, ...]) -> tuple[str, ...]:
    known = set(_shared_identifier().labels)
    unknown = [code for code in codes if code not in known]
    if unknown:
        raise ValueError(f"{', '.join(map(repr, unknown))} is not known; known are {', '.join(sorted(known))}")
    return codes


Codes = Annotated[tuple[str, ...], AfterValidator(_check_codes)]


class LanguageConfig(Config):
    """Which languages are meant, by the ISO 639 codes that py3langid knows."""

    languages: Codes = Field(
        (), description="Codes such as `en`, one of which is enough. When empty, the language of `sample` is meant."
    )
    candidates: Codes = Field(
        (), description="The only languages to choose from, which helps with short texts. When empty, all 139 are."
    )
    minimum_confidence: float = Field(
        0.2,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="A text whose most likely language is less probable than this is skipped.",
    )


class Language(Evaluator[LanguageConfig]):
    """Check that the output is written in the right language.

    The language is the most likely one of py3langid, a fork of langid.py: naive Bayes over byte n-grams (Lui and
    Baldwin 2011, Cross-domain Feature Selection for Language Identification); its probabilities are those of
    `norm_probs`. Texts of a few words are often too short to tell.
    """

    score_type = ScoreType.BOOLEAN

    def __init__(self, config: LanguageConfig) -> None:
        super().__init__(config)
        self._identifier = copy.copy(_shared_identifier())
        if config.candidates:
            self._identifier.set_languages({*config.candidates, *config.languages})

    def evaluate(
        self,
        *,
        output: Annotated[Any, Variable("What the system answered.")],
        sample: Annotated[
            Any,
            Variable(
                "A text in the wanted language, used when the config names none; for instance input.question.",
                path="expected",
            ),
        ] = None,
    ) -> Score:
        """Compare the languages."""
        wanted = self.config.languages or (self._wanted(sample),)
        if output is None:
            return Score(False, explanation=NO_OUTPUT)
        language, confidence = self._classify(output)
        passed = language in wanted
        judged = "as it should be" if passed else f"not {' or '.join(wanted)}"
        explanation = f"The output is {language}, {judged} (probability {confidence:.2f})."
        return Score(passed, explanation=explanation, metadata={"language": language})

    def _wanted(self, sample: Any) -> str:
        if sample is None:
            raise Skip("The record has no text in the wanted language, and the config names none.")
        return self._classify(sample)[0]

    def _classify(self, value: Any) -> tuple[str, float]:
        language, confidence = self._identifier.classify(as_text(value))
        if confidence < self.config.minimum_confidence:
            raise Skip(
                f"The language of {show(value)} can't be told: {language} is the most likely one, with a probability "
                f"of {confidence:.2f} only. Lower minimum_confidence, or name candidates."
            )
        return language, confidence
