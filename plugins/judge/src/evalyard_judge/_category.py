"""The verdict that an output is of one of several categories."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from evalyard import Score, ScoreType
from evalyard_judge._asking import Judgement, make_score
from evalyard_judge._config import JudgeConfig
from evalyard_judge._form import Form, Malformed
from evalyard_judge._judging import Judging

Name = Annotated[str, Field(min_length=1, max_length=100)]


class JudgeCategoryConfig(JudgeConfig):
    """A judge that puts the output into a category."""

    categories: dict[Name, Annotated[str, Field(max_length=2_000)]] = Field(
        min_length=2,
        max_length=50,
        description='The categories, each with what it means, for instance {"polite": "It greets.", "rude": ""}.',
        examples=[{"polite": "It greets and thanks.", "rude": ""}],
    )
    passing: tuple[str, ...] = Field(
        (), max_length=50, description="The categories that pass; without any, the score's threshold decides."
    )

    @model_validator(mode="after")
    def _passes_by_its_categories(self) -> Self:
        if unknown := [name for name in self.passing if name not in self.categories]:
            raise ValueError(f"passing names {', '.join(unknown)}, which categories lacks")
        return self


class JudgeCategory(Judging[JudgeCategoryConfig]):
    """Ask a language model which of several categories the output belongs to."""

    score_type = ScoreType.CATEGORICAL

    def _form(self) -> Form:
        names = list(self.config.categories)
        meanings = [
            f'"{name}" ({meaning})' if meaning else f'"{name}"' for name, meaning in self.config.categories.items()
        ]
        return Form({"type": "string", "enum": names}, f"one of these: {', '.join(meanings)}", self._check)

    def _check(self, value: Any) -> str:
        if not isinstance(value, str) or value not in self.config.categories:
            raise Malformed('"verdict" is none of the categories')
        return value

    def _score(self, judgement: Judgement) -> Score:
        passing, value = self.config.passing, judgement.verdict.value
        return make_score(value, judgement, self.config, passed=value in passing if passing else None)

    def _without_output(self) -> Score | None:
        return None
