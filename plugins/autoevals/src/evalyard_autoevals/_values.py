"""Values on their way to autoevals, and scores on their way back."""

import json
import math
from typing import Any, Final

import autoevals

from evalyard import EvaluationError, Score, Skip
from evalyard.values import NO_OUTPUT, as_text, show
from evalyard_openai import as_unicode

LONGEST: Final = 10_000
NO_SCORE: Final = Score(0.0, explanation=NO_OUTPUT)


def check_length(*values: Any) -> None:
    """Refuse values that would keep everything else in the process waiting.

    Autoevals' edit distance takes quadratic time, without letting other threads run meanwhile: a tenth of a second for
    two texts of 10,000 characters, and twelve seconds for two of 100,000.
    """
    longest = max(len(as_text(value)) for value in values)
    if longest > LONGEST:
        raise EvaluationError(
            f"A value of {longest:,} characters is too long to compare in reasonable time; {LONGEST:,} are allowed.",
            code="TOO_LONG",
        )


def require(value: Any, what: str) -> None:
    """Skip a record that lacks a value."""
    if value is None:
        raise Skip(f"The record has no {what}.")


def convert(given: autoevals.Score, explanation: str | None = None, **more: Any) -> Score:
    """Return autoevals' score as Evalyard's, with its metadata; `more` are further fields of the score."""
    if given.score is None:
        raise Skip(f"Autoevals' {given.name} gave no score.")
    value = float(given.score)
    if not math.isfinite(value):
        raise EvaluationError(f"Autoevals' {given.name} gave {value}, which is no score.", code="BAD_ANSWER")
    return Score(value, explanation=explanation, **{"metadata": as_json(given.metadata)} | more)


def as_json(value: Any) -> Any:
    """Return a value as JSON can hold and UTF-8 can store it."""
    return json.loads(as_unicode(json.dumps(value, ensure_ascii=False, default=str)))


def compare(output: Any, expected: Any) -> str:
    """Say what was compared."""
    return f"The output is {show(output)}, expected was {show(expected)}."
