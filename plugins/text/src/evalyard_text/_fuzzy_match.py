"""Similarity of texts."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import Field
from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler, Levenshtein

from evalyard import Config, Evaluator, Score, ScoreType, Skip, Variable
from evalyard.values import NO_OUTPUT, NO_REFERENCE, as_text, show

Method = Literal["ratio", "partial_ratio", "token_sort_ratio", "token_set_ratio", "levenshtein", "jaro_winkler"]

# The formulas are RapidFuzz's, whose documentation names their sources: `ratio` is the normalised Indel similarity,
# 1 - (insertions + deletions) / (length + length); `levenshtein` is 1 - edits / (length of the longer text);
# `jaro_winkler` is Winkler's of 1990 with the prefix weight 0.1.
_SIMILARITIES: Final[Mapping[Method, tuple[Callable[[str, str], float], float]]] = MappingProxyType(
    {
        "ratio": (fuzz.ratio, 100.0),
        "partial_ratio": (fuzz.partial_ratio, 100.0),
        "token_sort_ratio": (fuzz.token_sort_ratio, 100.0),
        "token_set_ratio": (fuzz.token_set_ratio, 100.0),
        "levenshtein": (Levenshtein.normalized_similarity, 1.0),
        "jaro_winkler": (JaroWinkler.normalized_similarity, 1.0),
    }
)


class FuzzyMatchConfig(Config):
    """How to compare."""

    method: Method = Field(
        "ratio",
        description=(
            "How similarity is measured: ratio counts insertions and deletions; partial_ratio takes the best matching "
            "part of the longer text; token_sort_ratio and token_set_ratio ignore the order of words; levenshtein "
            "counts replacements too; jaro_winkler favours a common beginning."
        ),
    )
    ignore_case: bool = Field(False, description="Whether upper and lower case are the same.")
    strip_whitespace: bool = Field(True, description="Whether white space at both ends is left out.")


class FuzzyMatch(Evaluator[FuzzyMatchConfig]):
    """Measure how similar the output is to the expected output, from 0 to 1."""

    score_type = ScoreType.NUMERIC

    def __init__(self, config: FuzzyMatchConfig) -> None:
        super().__init__(config)
        self._similarity, self._scale = _SIMILARITIES[config.method]

    def evaluate(
        self,
        *,
        output: Annotated[Any, Variable("What the system answered.")],
        expected: Annotated[Any, Variable("What it should have answered.")],
    ) -> Score:
        """Compare the two as texts."""
        if expected is None:
            raise Skip(NO_REFERENCE)
        if output is None:
            return Score(0.0, explanation=NO_OUTPUT)
        similarity = self._similarity(self._normalise(output), self._normalise(expected)) / self._scale
        return Score(similarity, explanation=f"The output is {show(output)}, expected was {show(expected)}.")

    def _normalise(self, value: Any) -> str:
        text = as_text(value)
        if self.config.strip_whitespace:
            text = text.strip()
        return text.casefold() if self.config.ignore_case else text
