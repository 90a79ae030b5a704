"""A judge that is expensive to load, and costs something a score."""

from pydantic import Field

from evalyard import Config, EvaluationError, Evaluator, Score, ScoreType


class Model(Config):
    """Which judge to ask."""

    name: str = Field("small", description="The judge; one called `missing` can't be loaded.")


class Judge(Evaluator[Model]):
    """Say whether an answer is polite."""

    score_type = ScoreType.CATEGORICAL

    def setup(self) -> None:
        """Load the judge."""
        if self.config.name == "missing":
            raise EvaluationError("There is no judge called missing; choose another name.", code="NO_MODEL")
        self.words = frozenset({"please", "thanks"})

    def teardown(self) -> None:
        """Let it go."""
        self.words = frozenset()

    def evaluate(self, *, output: str) -> Score:
        """Judge one answer."""
        tokens = len(output.split())
        polite = not self.words.isdisjoint(output.lower().split())
        return Score("polite" if polite else "plain", cost_usd=tokens / 1000, prompt_tokens=tokens, completion_tokens=1)
