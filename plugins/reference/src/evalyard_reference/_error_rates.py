"""Word and character error rates."""

from collections.abc import Iterable
from typing import Final, Generic, Literal

import jiwer
from pydantic import Field
from typing_extensions import TypeVar

from evalyard import Config, EvaluationError, Evaluator, Score, ScoreType
from evalyard.values import NO_OUTPUT
from evalyard_reference._texts import (
    LoneCase,
    Output,
    Reference,
    read_hypothesis,
    read_pairs,
    read_reference,
)

#: Alignment takes time that grows with the product of the lengths: a second or two at this one.
_MOST_CELLS: Final = 4_000_000_000

_COUNTED: Final = {"hits": "right", "substitutions": "replaced", "insertions": "added", "deletions": "missing"}


class ErrorRateConfig(Config):
    """What differences do not count."""

    lowercase: bool = Field(False, description="Whether upper and lower case are the same.")
    remove_punctuation: bool = Field(False, description="Whether punctuation is left out.")

    def steps(self) -> list[jiwer.AbstractTransform]:
        """Return what is done to both texts before they are cut up."""
        steps: list[jiwer.AbstractTransform] = [jiwer.RemoveWhiteSpace(replace_by_space=True)]
        if self.lowercase:
            steps.append(jiwer.ToLowerCase())
        if self.remove_punctuation:
            steps.append(jiwer.RemovePunctuation())  # type: ignore[no-untyped-call]
        return [*steps, jiwer.RemoveMultipleSpaces(), jiwer.Strip()]

    def cut(self) -> jiwer.AbstractTransform:
        """Return what cuts a text into what is counted."""
        raise NotImplementedError

    def value(self, words: jiwer.WordOutput) -> float:
        """Return the measure that is asked for."""
        return words.wer


class WerConfig(ErrorRateConfig):
    """What is measured, and what differences do not count."""

    measure: Literal["wer", "mer", "wil", "wip"] = Field(
        "wer",
        description=(
            "wer: errors by words of the reference; mer, match error rate: errors by words of the alignment; wil and "
            "wip: word information lost and preserved (Morris et al. 2004)."
        ),
    )

    def cut(self) -> jiwer.AbstractTransform:
        """Cut into words."""
        return jiwer.ReduceToListOfListOfWords()

    def value(self, words: jiwer.WordOutput) -> float:
        """Return the measure that is asked for."""
        return float(getattr(words, self.measure))


class CerConfig(ErrorRateConfig):
    """What differences do not count."""

    def cut(self) -> jiwer.AbstractTransform:
        """Cut into characters."""
        return jiwer.ReduceToListOfListOfChars()


ConfigT = TypeVar("ConfigT", bound=ErrorRateConfig)


class _ErrorRate(Evaluator[ConfigT], Generic[ConfigT]):
    score_type = ScoreType.NUMERIC

    def __init__(self, config: ConfigT) -> None:
        super().__init__(config)
        self._transform = jiwer.Compose([*config.steps(), config.cut()])

    def _compare(self, references: list[str], hypotheses: list[str], *, prefix: str = "") -> Score:
        for pair in zip(references, hypotheses, strict=True):
            _check_size(*pair)
        found = jiwer.process_words(references, hypotheses, self._transform, self._transform)
        total = found.hits + found.substitutions + found.deletions
        if not total:
            raise EvaluationError("Nothing is left of the expected output but punctuation: keep it, or correct it.")
        counts = {name: getattr(found, name) for name in _COUNTED}
        told = ", ".join(f"{counts[name]:,} {word}" for name, word in _COUNTED.items())
        return Score(self.config.value(found), explanation=f"{prefix}{told}.", metadata=counts)


class RecordErrorRate(_ErrorRate[ConfigT], Generic[ConfigT]):
    """An error rate of one record."""

    def evaluate(self, *, output: Output, expected: Reference) -> Score:
        """Align the output with its reference."""
        prefix = f"{NO_OUTPUT} " if output is None else ""
        return self._compare([read_reference(expected)], [read_hypothesis(output)], prefix=prefix)


class RunErrorRate(_ErrorRate[ConfigT], Generic[ConfigT]):
    """An error rate of a whole run."""

    def evaluate_run(self, cases: Iterable[LoneCase]) -> Score:
        """Align each output with its reference, and count the errors of all of them."""
        given = ((case["output"], case["expected"]) for case in cases)
        pairs = [(hypothesis, read_reference(list(references))) for hypothesis, references in read_pairs(given)]
        hypotheses, references = map(list, zip(*pairs, strict=True))
        return self._compare(references, hypotheses, prefix=f"{len(pairs):,} records: ")


class Wer(RecordErrorRate[WerConfig]):
    """Count the words that are wrong, missing or too many, by the words of the reference (word error rate).

    (substitutions + deletions + insertions) / words of the reference, after a Levenshtein alignment: 0 is best, and
    more than 1 is possible. jiwer computes it; words are what stands between white space.
    """


class Cer(RecordErrorRate[CerConfig]):
    """Count the characters that are wrong, missing or too many, by those of the reference (character error rate).

    The formula is that of the word error rate, over characters; a space is one, and other white space counts as one.
    """


class CorpusWer(RunErrorRate[WerConfig]):
    """Count the words of a run's outputs that are wrong, by the words of all references (word error rate)."""


class CorpusCer(RunErrorRate[CerConfig]):
    """Count the characters of a run's outputs that are wrong, by those of all references (character error rate)."""


def _check_size(reference: str, hypothesis: str) -> None:
    if len(reference) * len(hypothesis) > _MOST_CELLS:
        raise EvaluationError(
            f"The texts have {len(reference):,} and {len(hypothesis):,} characters, too many to be aligned: compare "
            "parts of them."
        )
