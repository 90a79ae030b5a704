"""Autoevals' scorers for retrieval, which it took over from Ragas, as far as they need chat completions only."""

from typing import Any

import autoevals

from evalyard import Score
from evalyard.values import as_text
from evalyard_autoevals._asking import Asking, AskingConfig
from evalyard_autoevals._values import require
from evalyard_autoevals._variables import EXPECTED, Context, Expected, Input, Output


class Retrieval(Asking[AskingConfig]):
    """A scorer of retrieved context."""

    async def _ask_about(self, input: Any, context: Any, output: Any, **variables: Any) -> Score:
        require(input, "input, which is the question")
        require(context, "context")
        parts = context if isinstance(context, list) else [context]
        return await self._ask(output, input=input, context="\n".join(map(as_text, parts)), **variables)


class Faithfulness(Retrieval):
    """Autoevals' Faithfulness: the share of the output's statements that follow from the context."""

    scorer = autoevals.Faithfulness

    async def evaluate(self, *, output: Output, input: Input, context: Context) -> Score:
        """Ask the model for the statements, and then about each of them."""
        return await self._ask_about(input, context, output)


class ContextRelevancy(Retrieval):
    """Autoevals' ContextRelevancy: how much of the context is needed to answer, by its length."""

    scorer = autoevals.ContextRelevancy

    async def evaluate(self, *, input: Input, context: Context) -> Score:
        """Ask the model."""
        return await self._ask_about(input, context, "")


class ContextRecall(Retrieval):
    """Autoevals' ContextRecall: the share of the expected output's statements that the context has."""

    scorer = autoevals.ContextRecall

    async def evaluate(self, *, input: Input, context: Context, expected: Expected) -> Score:
        """Ask the model."""
        require(expected, EXPECTED)
        return await self._ask_about(input, context, "", expected=expected)


class ContextPrecision(Retrieval):
    """Autoevals' ContextPrecision: whether the context was of use to arrive at the expected output."""

    scorer = autoevals.ContextPrecision

    async def evaluate(self, *, input: Input, context: Context, expected: Expected) -> Score:
        """Ask the model."""
        require(expected, EXPECTED)
        return await self._ask_about(input, context, "", expected=expected)
