"""Equality of numbers, within a tolerance."""

import math
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from evalyard import Config, EvaluationError, Evaluator, Score, ScoreType, Skip, Variable
from evalyard.values import NO_OUTPUT, NO_REFERENCE, as_text, show
from evalyard_text._numbers import Number, number_finder


class NumericMatchConfig(Config):
    """Where the number stands, how it is written, and how near it has to be."""

    after: str | None = Field(
        None,
        min_length=1,
        description=(
            "A marker, for instance `A:`. The number is looked for after its last occurrence in the output, which "
            "fails without the marker. The expected text may do without it."
        ),
    )
    absolute_tolerance: float = Field(
        0.0, ge=0, allow_inf_nan=False, description="How far the number may be from the expected one."
    )
    relative_tolerance: float = Field(
        0.0,
        ge=0,
        allow_inf_nan=False,
        description="How far it may be, as a share of the expected number (0.01 is one per cent).",
    )
    decimal_separator: Literal[".", ","] = Field(
        ".", description="What separates decimals; the other one of the two separates thousands."
    )
    space_groups: bool = Field(True, description="Whether `1 234` is one number rather than two.")


class NumericMatch(Evaluator[NumericMatchConfig]):
    """Check that the last number in the output equals the expected number.

    Passes when |output - expected| <= max(absolute_tolerance, relative_tolerance * |expected|), in decimal
    arithmetic: PEP 485's test with the relative tolerance taken of the expected value. A percent sign is left out.
    Raises EvaluationError if the expected output holds no number, since then the record is at fault and not the system.
    """

    score_type = ScoreType.BOOLEAN

    def __init__(self, config: NumericMatchConfig) -> None:
        super().__init__(config)
        self._find_last = number_finder(config.decimal_separator, space_groups=config.space_groups)
        self._absolute = Decimal(str(config.absolute_tolerance))
        self._relative = Decimal(str(config.relative_tolerance))

    def evaluate(
        self,
        *,
        output: Annotated[Any, Variable("What the system answered: a number, or a text that ends with one.")],
        expected: Annotated[
            Any, Variable("The expected number, or a text that ends with it."), Field(examples=[18, "A: 18"])
        ],
    ) -> Score:
        """Compare the last number of each."""
        if expected is None:
            raise Skip(NO_REFERENCE)
        if output is None:
            return Score(False, explanation=NO_OUTPUT)
        wanted = self._number_in(expected, needs_marker=False)
        if wanted is None:
            raise EvaluationError(
                f"The expected output holds no number: {show(expected)}. Correct it, or the mapping.", code="NO_NUMBER"
            )
        given = self._number_in(output, needs_marker=True)
        if given is None:
            return Score(False, explanation=self._explain_missing(as_text(output)))
        return self._compare(given, wanted)

    def _number_in(self, value: Any, *, needs_marker: bool) -> Number | None:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return Number(Decimal(str(value)), str(value)) if math.isfinite(value) else None
        text = as_text(value)
        if self.config.after is not None:
            _, marker, rest = text.rpartition(self.config.after)
            if marker or needs_marker:
                text = rest if marker else ""
        return self._find_last(text)

    def _compare(self, given: Number, wanted: Number) -> Score:
        if given.value == wanted.value:
            return Score(True, explanation=f"The output's number is {given.text}, as expected.")
        distance = abs(given.value - wanted.value)
        passed = distance <= max(self._absolute, self._relative * abs(wanted.value))
        near = "near enough to" if passed else "not"
        return Score(passed, explanation=f"The output's number is {given.text}, {near} the expected {wanted.text}.")

    def _explain_missing(self, text: str) -> str:
        after = self.config.after
        if after is None:
            return "The output holds no number."
        where = "holds no number after" if after in text else "does not hold the marker"
        return f"The output {where} {show(after)}."
