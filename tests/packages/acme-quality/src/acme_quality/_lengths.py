"""How long answers are."""

from collections.abc import AsyncIterable
from statistics import pstdev
from typing import Annotated, TypedDict

from pydantic import Field

from evalyard import Config, Evaluator, Score, ScoreType, Variable, evaluator


class Limit(Config):
    """How long an answer may be."""

    longest: int = Field(3, ge=1, description="Words that an answer may have.")


@evaluator(score_type=ScoreType.BOOLEAN, config=Limit)
def brief(*, output: Annotated[str, Variable("The answer.")], config: Limit) -> Score:
    """Check that an answer is brief."""
    words = len(output.split())
    return Score(words <= config.longest, explanation=f"It has {words} words.")


class Answer(TypedDict):
    """What is asked of each record."""

    output: Annotated[str, Variable("The answer.")]


class Spread(Evaluator):
    """Measure how much the answers of a run differ in length."""

    score_type = ScoreType.NUMERIC

    async def evaluate_run(self, cases: AsyncIterable[Answer]) -> dict[str, float | Score]:
        """Return the standard deviation over the words of all answers."""
        lengths = [len(case["output"].split()) async for case in cases]
        longest = Score(max(lengths), explanation="In words.")
        return {"deviation": Score(pstdev(lengths), cost_usd=0.5, prompt_tokens=100), "longest": longest}
