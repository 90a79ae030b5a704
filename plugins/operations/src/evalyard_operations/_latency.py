"""How long the system took."""

from typing import Annotated, Any, Literal

from pydantic import Field

from evalyard import Config, Evaluator, Score, ScoreType, Variable
from evalyard_operations._figures import read_figure


class LatencyConfig(Config):
    """How the latency is given."""

    unit: Literal["milliseconds", "seconds"] = Field(
        "milliseconds", description="The unit of the score, and so of its threshold."
    )


class Latency(Evaluator[LatencyConfig]):
    """Give the time that the system took to answer.

    It is the time of the last attempt, as the worker measured it or as it was submitted with the record.
    """

    score_type = ScoreType.NUMERIC

    def evaluate(
        self,
        *,
        latency_ms: Annotated[Any, Variable("The time taken, in milliseconds.", path="record.latency_ms")],
    ) -> Score:
        """Return the time in the unit asked for."""
        milliseconds = read_figure(latency_ms, name="latency_ms", missing="The record has no latency.")
        if self.config.unit == "seconds":
            return Score(milliseconds / 1000, explanation=f"The system took {milliseconds / 1000:,.3f} s.")
        return Score(milliseconds, explanation=f"The system took {milliseconds:,.0f} ms.")
