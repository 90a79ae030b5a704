"""Equality and similarity of JSON documents."""

from typing import Annotated, Any, Final

from evalyard import Evaluator, Score, ScoreType, Variable
from evalyard.values import NO_OUTPUT
from evalyard_structured._difference import Comparison, Difference, DifferenceConfig
from evalyard_structured._documents import NotJsonError

_MOST_TOLD: Final = 3

Output = Annotated[Any, Variable("What the system answered: a value or a JSON text.")]
Expected = Annotated[Any, Variable("What it should have answered: a value or a JSON text.")]


class JsonDifference(Evaluator[DifferenceConfig]):
    """Check that the output is the expected JSON document.

    Numbers are equal by value and within the tolerances, as in PEP 485 with the relative one taken of the expected
    value; the order of keys never counts. Lists in any order are compared as multisets; with a tolerance, each member
    is held against the nearest one that is left, so that in dense lists a difference may be told where another pairing
    has none. DeepDiff compares.
    """

    score_type = ScoreType.BOOLEAN

    def __init__(self, config: DifferenceConfig) -> None:
        super().__init__(config)
        self._comparison = Comparison(config)

    def evaluate(self, *, output: Output, expected: Expected) -> Score:
        """Look for differences."""
        wanted = self._comparison.read_expected(expected)
        if output is None:
            return Score(False, explanation=NO_OUTPUT)
        try:
            given = self._comparison.read(output)
        except NotJsonError as error:
            return Score(False, explanation=f"The output is no JSON: {error}.")
        difference = self._comparison.differ(wanted, given)
        return Score(not difference.told, explanation=_explain(difference))


class JsonSimilarity(Evaluator[DifferenceConfig]):
    """Measure how similar the output is to the expected JSON document, from 0 to 1.

    It is 1 less DeepDiff's deep distance: the number of operations that turn one into the other, by the number of
    parts that both have. DeepDiff's authors may change that formula; compare its figures with each other only.
    """

    score_type = ScoreType.NUMERIC

    def __init__(self, config: DifferenceConfig) -> None:
        super().__init__(config)
        self._comparison = Comparison(config)

    def evaluate(self, *, output: Output, expected: Expected) -> Score:
        """Measure the distance."""
        wanted = self._comparison.read_expected(expected)
        if output is None:
            return Score(0.0, explanation=NO_OUTPUT)
        try:
            given = self._comparison.read(output)
        except NotJsonError as error:
            return Score(0.0, explanation=f"The output is no JSON: {error}.")
        difference = self._comparison.differ(wanted, given, measure=True)
        return Score(max(0.0, 1 - difference.distance), explanation=_explain(difference))


def _explain(difference: Difference) -> str:
    if not difference.told:
        return "The output is as expected."
    others = len(difference.told) - _MOST_TOLD
    rest = f"; and {others:,} more" if others > 0 else ""
    return f"{'; '.join(difference.told[:_MOST_TOLD])}{rest}."
