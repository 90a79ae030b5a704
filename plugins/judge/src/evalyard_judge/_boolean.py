"""The verdict that an output is right or not."""

from typing import Any

from evalyard import Score, ScoreType
from evalyard.values import NO_OUTPUT
from evalyard_judge._asking import Judgement, make_score
from evalyard_judge._config import JudgeConfig
from evalyard_judge._form import Form, Malformed
from evalyard_judge._judging import Judging


class JudgeBooleanConfig(JudgeConfig):
    """A judge that says whether the output is as asked for."""


class JudgeBoolean(Judging[JudgeBooleanConfig]):
    """Ask a language model whether the output meets a guideline."""

    score_type = ScoreType.BOOLEAN

    def _form(self) -> Form:
        return Form({"type": "boolean"}, "true if the output meets what was asked for, and false if not", _check)

    def _score(self, judgement: Judgement) -> Score:
        return make_score(judgement.verdict.value, judgement, self.config)

    def _without_output(self) -> Score | None:
        return Score(False, explanation=NO_OUTPUT)


def _check(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Malformed('"verdict" is neither true nor false')
    return value
