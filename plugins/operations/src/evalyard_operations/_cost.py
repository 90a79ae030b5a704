"""What an answer cost."""

from typing import Annotated, Any, Literal

from pydantic import Field

from evalyard import Config, Evaluator, Score, ScoreType, Variable
from evalyard_operations._figures import read_figure


class CostConfig(Config):
    """How the cost is given."""

    per: Literal["record", "thousand_records"] = Field(
        "record", description="Whether the score is the record's cost in US dollars, or that of a thousand like it."
    )


class Cost(Evaluator[CostConfig]):
    """Give what the answer cost, in US dollars.

    It is the cost that the system's target reported or that was submitted with the record, without that of scoring.
    """

    score_type = ScoreType.NUMERIC

    def evaluate(
        self,
        *,
        cost_usd: Annotated[Any, Variable("The cost, in US dollars.", path="record.cost_usd")],
    ) -> Score:
        """Return the cost."""
        cost = read_figure(cost_usd, name="cost_usd", missing="The record has no cost: nothing reported one.")
        if self.config.per == "thousand_records":
            return Score(cost * 1000, explanation=f"A thousand records like this one cost ${cost * 1000:,.4f}.")
        return Score(cost, explanation=f"The answer cost ${cost:,.6f}.")
