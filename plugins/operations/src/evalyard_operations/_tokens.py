"""How many tokens an answer took."""

from typing import Annotated, Any, Literal

from pydantic import Field

from evalyard import Config, Evaluator, Score, ScoreType, Variable
from evalyard_operations._figures import read_figure


class TokensConfig(Config):
    """Which tokens are counted."""

    count: Literal["total", "prompt", "completion"] = Field(
        "total", description="Whether those of the prompt, of the completion, or of both together are counted."
    )


class Tokens(Evaluator[TokensConfig]):
    """Give the number of tokens that the answer took.

    They are those that the model's provider counted; text is not tokenized here. The total is known where both parts
    are.
    """

    score_type = ScoreType.NUMERIC

    def evaluate(
        self,
        *,
        total: Annotated[Any, Variable("The tokens of both together.", path="record.total_tokens")] = None,
        prompt: Annotated[Any, Variable("The tokens of the prompt.", path="record.prompt_tokens")] = None,
        completion: Annotated[Any, Variable("The tokens of the completion.", path="record.completion_tokens")] = None,
    ) -> Score:
        """Return the count asked for."""
        counts = {"total": total, "prompt": prompt, "completion": completion}
        which = self.config.count
        number = read_figure(
            counts[which], name=which, missing=f"The record has no {which} tokens: nothing reported them."
        )
        of = "in total" if which == "total" else f"in the {which}"
        return Score(number, explanation=f"{number:,.0f} tokens {of}.")
