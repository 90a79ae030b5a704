"""How many of the calls were the expected ones."""

from typing import Literal

from pydantic import Field

from evalyard import Config, Evaluator, Score, ScoreType
from evalyard_trajectory._matching import Arguments, match_any_order
from evalyard_trajectory._variables import ARGUMENTS, Expected, Trace, read_calls, read_expected, show


class ToolPrecisionRecallConfig(Config):
    """Which figure, and how alike the calls have to be."""

    measure: Literal["f1", "precision", "recall"] = Field(
        "f1",
        description=(
            "precision: the share of the calls that were expected; recall: the share of the expected calls that were "
            "made; f1: their harmonic mean. All three are in the score's metadata."
        ),
    )
    arguments: Arguments = Field("equal", description=ARGUMENTS)


class ToolPrecisionRecall(Evaluator[ToolPrecisionRecallConfig]):
    """Measure what share of the tool calls were expected, and of the expected ones were made.

    With m calls that can be paired with an expected one each: precision m / made, recall m / expected, F1
    2m / (made + expected). Where nothing was made and nothing expected, all are 1; where only one of the two is empty,
    F1 is 0, and the share of nothing is 1 for recall and 0 for precision.
    """

    score_type = ScoreType.NUMERIC

    def evaluate(self, *, trace: Trace, expected: Expected) -> Score:
        """Pair the calls and count."""
        made, wanted = read_calls(trace).tool_calls, read_expected(expected)
        found = match_any_order(made, wanted, self.config.arguments)
        measures = _measure(found.matched, len(made), len(wanted))
        parts = [f"{found.matched} of {len(wanted)} expected calls were made"]
        if found.missing:
            parts.append(f"missing: {show(found.missing)}")
        if found.extra:
            parts.append(f"not expected: {show(found.extra)}")
        return Score(measures[self.config.measure], explanation="; ".join(parts) + ".", metadata=measures)


def _measure(matched: int, made: int, wanted: int) -> dict[str, float]:
    precision = matched / made if made else float(not wanted)
    recall = matched / wanted if wanted else 1.0
    f1 = 2 * matched / (made + wanted) if made + wanted else 1.0
    return {"precision": precision, "recall": recall, "f1": f1}
