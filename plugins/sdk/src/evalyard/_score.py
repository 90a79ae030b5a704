"""What an evaluator says of a record."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias


class ScoreType(StrEnum):
    """What kind of value an evaluator gives, the same for every record."""

    BOOLEAN = "BOOLEAN"
    NUMERIC = "NUMERIC"
    CATEGORICAL = "CATEGORICAL"
    TEXT = "TEXT"


@dataclass(frozen=True, slots=True)
class Score:
    """One evaluator's result for one record, or for a run.

    `value` is of the evaluator's score type: a bool, a finite number, a label or a text of 2,000 characters at most.
    `passed` is for an evaluator that judges by itself; left out, a boolean value or the user's threshold decides.
    `explanation` tells a person why, in a sentence. `metadata` is what JSON can hold, 100 kB at most. `cost_usd` and
    the token counts are what the scoring itself used, for instance by a judge model.
    """

    value: bool | int | float | str | None
    passed: bool | None = None
    explanation: str | None = None
    metadata: Mapping[str, Any] | None = None
    cost_usd: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


Result: TypeAlias = Score | bool | int | float | str | Mapping[str, Score | bool | int | float | str]
"""What `evaluate` may return: a Score, its bare value, or several of them by name, the main one first.

The main score is the evaluator's own: of its score type, held against the user's threshold, and shown under the
evaluator's name. The others, twenty at most, are of any type, are shown with their names, and pass or fail nothing.
"""
