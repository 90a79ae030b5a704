"""From what was said to a score: its number, its label, and whether it passes."""

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from .evaluators import EvaluatorSnapshot, Threshold
from .records import Problem, Score, ScoreSource, ScoreStatus


def with_value(score: Score, value: Any, *, passed: bool | None = None, threshold: Threshold | None = None) -> Score:
    """Return a score with its value and what follows from it.

    A threshold decides whether it passes; without one, what the evaluator or person said; without that, a boolean
    passes when it is true, and nothing is asked of anything else.
    """
    if threshold is not None:
        passed = threshold.met_by(value)
    elif passed is None and isinstance(value, bool):
        passed = value
    return replace(score, value=value, number=_number(value), label=_label(value), passed=passed)


def blank_score(evaluator: EvaluatorSnapshot, at: datetime, *, plugin_version: str | None = None) -> Score:
    """Return a score that names what makes it and says nothing yet."""
    return Score(
        evaluator_id=evaluator.evaluator_id,
        name=evaluator.name,
        evaluator_version=evaluator.version,
        plugin=evaluator.plugin,
        plugin_version=plugin_version or evaluator.plugin_version,
        config_hash=evaluator.config_hash,
        status=ScoreStatus.OK,
        source=ScoreSource.PLUGIN,
        created_at=at,
    )


def skipped_scores(evaluators: Iterable[EvaluatorSnapshot], at: datetime) -> tuple[Score, ...]:
    """Return the scores of a record whose system gave no output: there is nothing to score."""
    return tuple(skipped(blank_score(evaluator, at), "The system gave no output.") for evaluator in evaluators)


def skipped(score: Score, reason: str) -> Score:
    """Return a score that was not computed because there was nothing to compute."""
    return replace(score, status=ScoreStatus.SKIPPED, explanation=reason)


def failed(score: Score, problem: Problem) -> Score:
    """Return a score that could not be computed."""
    return replace(score, status=ScoreStatus.ERROR, error=problem)


def _number(value: Any) -> float | None:
    if not isinstance(value, int | float):
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def _label(value: Any) -> str | None:
    return value if isinstance(value, str) and len(value) <= 200 else None
