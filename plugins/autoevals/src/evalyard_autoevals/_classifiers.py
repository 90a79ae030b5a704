"""The scorers that have a model choose one of several answers; their prompts and points are autoevals'."""

from typing import Annotated, Any

import autoevals
from pydantic import Field
from typing_extensions import TypeVar

from evalyard import EvaluationError, Score, Variable
from evalyard_autoevals._asking import Asking, AskingConfig
from evalyard_autoevals._values import require
from evalyard_autoevals._variables import EXPECTED, Expected, Input, Output

ClassifierConfigT = TypeVar("ClassifierConfigT", bound="ClassifierConfig")


class ClassifierConfig(AskingConfig):
    """How the model chooses."""

    use_cot: bool = Field(True, description="Whether the model writes its reasons before it chooses.")


class Classifier(Asking[ClassifierConfigT]):
    """A scorer made of a prompt and of points for each choice."""

    def _options(self) -> dict[str, Any]:
        return {"use_cot": self.config.use_cot}


class Comparison(Classifier[ClassifierConfig]):
    """A classifier that compares the output with the expected output, given the input."""

    async def evaluate(self, *, output: Output, expected: Expected, input: Input = "") -> Score:
        """Ask the model."""
        require(expected, EXPECTED)
        return await self._ask(output, expected=expected, input=input)


class Factuality(Comparison):
    """Autoevals' Factuality: whether the output says the same facts as the expected output, or some, or more."""

    scorer = autoevals.Factuality


class Sql(Comparison):
    """Autoevals' Sql: whether the output is a query that gives the same as the expected one."""

    scorer = autoevals.Sql


class Summary(Comparison):
    """Autoevals' Summary: whether the output is a better summary of the input than the expected output."""

    scorer = autoevals.Summary


class TranslationConfig(ClassifierConfig):
    """What is translated."""

    language: str = Field(min_length=1, max_length=100, description="The language that is translated to English.")


class Translation(Classifier[TranslationConfig]):
    """Autoevals' Translation: whether the output, in English, means the same as the expected translation."""

    scorer = autoevals.Translation

    async def evaluate(self, *, output: Output, expected: Expected, input: Input = "") -> Score:
        """Ask the model."""
        require(expected, EXPECTED)
        return await self._ask(output, expected=expected, input=input, language=self.config.language)


class Battle(Classifier[ClassifierConfig]):
    """Autoevals' Battle: whether the output answers the instructions better than the expected output."""

    scorer = autoevals.Battle

    async def evaluate(
        self,
        *,
        output: Output,
        expected: Expected,
        instructions: Annotated[Any, Variable("What both answers were to do.", path="input")] = "",
    ) -> Score:
        """Ask the model."""
        require(expected, EXPECTED)
        return await self._ask(output, expected=expected, instructions=instructions)


class ClosedQAConfig(ClassifierConfig):
    """What is asked of an answer."""

    criteria: str | None = Field(
        None,
        min_length=1,
        max_length=20_000,
        description="What the output has to meet, for records that bring no criteria of their own.",
    )


class ClosedQA(Classifier[ClosedQAConfig]):
    """Autoevals' ClosedQA: whether the output meets the criteria, without an expected output."""

    scorer = autoevals.ClosedQA

    async def evaluate(
        self,
        *,
        output: Output,
        input: Input = "",
        criteria: Annotated[Any, Variable("What this output has to meet, instead of the config's criteria.")] = None,
    ) -> Score:
        """Ask the model."""
        wanted = self.config.criteria if criteria is None else criteria
        if wanted is None:
            raise EvaluationError("There are no criteria: set them, or map the variable.", code="BAD_CONFIG")
        return await self._ask(output, input=input, criteria=wanted)


class Possible(Classifier[ClassifierConfig]):
    """Autoevals' Possible: whether the output offers a solution, rather than declaring that there is none."""

    scorer = autoevals.Possible

    async def evaluate(self, *, output: Output, input: Input = "") -> Score:
        """Ask the model."""
        return await self._ask(output, input=input)


class Humor(Classifier[ClassifierConfig]):
    """Autoevals' Humor: whether the output is funny."""

    scorer = autoevals.Humor

    async def evaluate(self, *, output: Output) -> Score:
        """Ask the model."""
        return await self._ask(output)


class Security(Classifier[ClassifierConfig]):
    """Autoevals' Security: whether the output is free of malice."""

    scorer = autoevals.Security

    async def evaluate(self, *, output: Output) -> Score:
        """Ask the model."""
        return await self._ask(output)
