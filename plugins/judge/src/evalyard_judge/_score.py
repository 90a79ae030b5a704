"""The verdict on a scale."""

from typing import Any, Self

from pydantic import Field, model_validator

from evalyard import Score, ScoreType
from evalyard.values import NO_OUTPUT
from evalyard_judge._asking import Judgement, make_score
from evalyard_judge._config import JudgeConfig
from evalyard_judge._form import Form, Malformed
from evalyard_judge._judging import Judging


class JudgeScoreConfig(JudgeConfig):
    """A judge that gives a number on a scale."""

    lowest: float = Field(1.0, ge=-1e6, le=1e6, allow_inf_nan=False, description="The worst value of the scale.")
    highest: float = Field(5.0, ge=-1e6, le=1e6, allow_inf_nan=False, description="The best value of the scale.")
    whole_numbers: bool = Field(True, description="Whether values between whole numbers are left out.")
    normalize: bool = Field(False, description="Whether the score is put from 0 (lowest) to 1 (highest).")

    @model_validator(mode="after")
    def _is_a_scale(self) -> Self:
        if self.lowest >= self.highest:
            raise ValueError("lowest must be less than highest")
        if self.whole_numbers and not (self.lowest.is_integer() and self.highest.is_integer()):
            raise ValueError("lowest and highest must be whole numbers, or whole_numbers false")
        return self


class JudgeScore(Judging[JudgeScoreConfig]):
    """Ask a language model how well the output meets a guideline, on a scale.

    The score is what the judge says, from `lowest` to `highest`, or (value - lowest) / (highest - lowest) if it is to
    be normalized.
    """

    score_type = ScoreType.NUMERIC

    def _form(self) -> Form:
        kind, config = ("integer" if self.config.whole_numbers else "number"), self.config
        words = f"{_article(kind)} from {config.lowest:g} (worst) to {config.highest:g} (best)"
        return Form({"type": kind, "description": words}, words, self._check)

    def _check(self, value: Any) -> float:
        config = self.config
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Malformed('"verdict" is no number')
        if not config.lowest <= value <= config.highest:
            raise Malformed(f'"verdict" is not from {config.lowest:g} to {config.highest:g}')
        if config.whole_numbers and not float(value).is_integer():
            raise Malformed('"verdict" is no whole number')
        return float(value)

    def _score(self, judgement: Judgement) -> Score:
        value = judgement.verdict.value
        return make_score(self._scaled(value), judgement, self.config, metadata={"verdict": value})

    def _scaled(self, value: float) -> float:
        lowest, highest = self.config.lowest, self.config.highest
        return (value - lowest) / (highest - lowest) if self.config.normalize else value

    def _without_output(self) -> Score | None:
        return Score(self._scaled(self.config.lowest), explanation=NO_OUTPUT)


def _article(kind: str) -> str:
    return "a whole number" if kind == "integer" else "a number"
