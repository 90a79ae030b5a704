"""From what was said to a score: its number, its label, and whether it passes."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from .evaluators import Evaluator, EvaluatorSnapshot, ScoreType, Threshold
from .records import Problem, Score, ScoreSource, ScoreStatus

#: The squares of larger numbers, summed over a run, leave the range of floating-point numbers.
_LARGEST: Final = 1e100
_MOST_AMOUNT: Final = 1e12


def with_value(score: Score, value: Any, *, passed: bool | None = None, threshold: Threshold | None = None) -> Score:
    """Return a score with its value and what follows from it."""
    return replace(
        score,
        value=value,
        number=number_of(value),
        label=label_of(value),
        passed=passes(value, said=passed, threshold=threshold),
    )


def passes(value: Any, *, said: bool | None, threshold: Threshold | None) -> bool | None:
    """Tell whether a score passes.

    A threshold decides; without one, what the evaluator or person said; without that, a boolean passes when it is
    true, and nothing is asked of anything else.
    """
    if threshold is not None:
        return threshold.met_by(value)
    if said is None and isinstance(value, bool):
        return value
    return said


def judged_by_person(
    value: Any, *, said: bool | None, evaluator: Evaluator | EvaluatorSnapshot | None = None
) -> bool | None:
    """Tell whether a person's score passes.

    What the person said decides; without that, the evaluator's threshold where the value is of the evaluator's type;
    else a boolean passes when it is true: a thumb up or down does for any evaluator.
    """
    if said is not None:
        return said
    if evaluator is not None and evaluator.threshold is not None and is_of_type(value, evaluator.score_type):
        return evaluator.threshold.met_by(value)
    return value if isinstance(value, bool) else None


def is_of_type(value: Any, score_type: ScoreType) -> bool:
    """Tell whether a value is what scores of a type say."""
    if isinstance(value, bool):
        return score_type is ScoreType.BOOLEAN
    if isinstance(value, str):
        return score_type in {ScoreType.CATEGORICAL, ScoreType.TEXT}
    return isinstance(value, int | float) and score_type is ScoreType.NUMERIC


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


def used_again(
    scores: Sequence[Score], evaluator: EvaluatorSnapshot, record_id: str, at: datetime
) -> tuple[Score, ...]:
    """Return scores of another record as an evaluator's of this one: the same values, judged by its own threshold.

    The first is the evaluator's own, the others were given beside it; nothing was spent on them.
    """
    own, *others = (_unspent(score, evaluator, record_id, at) for score in scores)
    passed = own.passed if evaluator.threshold is None else evaluator.threshold.met_by(own.value)
    return (
        replace(own, name=evaluator.name, evaluator_id=evaluator.evaluator_id, passed=passed),
        *(
            replace(other, name=evaluator.name + other.name.removeprefix(own.name), part_of=evaluator.evaluator_id)
            for other in others
        ),
    )


def _unspent(score: Score, evaluator: EvaluatorSnapshot, record_id: str, at: datetime) -> Score:
    return replace(
        score,
        evaluator_version=evaluator.version,
        created_at=at,
        cost_usd=0.0,
        prompt_tokens=0,
        completion_tokens=0,
        duration_ms=None,
        # A score that was used again never looks younger than it is.
        cache_key=None,
        cached_from=record_id,
    )


def skipped_scores(evaluators: Iterable[EvaluatorSnapshot], at: datetime) -> tuple[Score, ...]:
    """Return the scores of a record whose system gave no output: there is nothing to score."""
    return tuple(
        skipped(blank_score(evaluator, at), "The system gave no output.")
        for evaluator in evaluators
        if evaluator.scores_records
    )


def skipped(score: Score, reason: str) -> Score:
    """Return a score that was not computed because there was nothing to compute."""
    return replace(score, status=ScoreStatus.SKIPPED, explanation=reason)


def failed(score: Score, problem: Problem) -> Score:
    """Return a score that could not be computed."""
    return replace(score, status=ScoreStatus.ERROR, error=problem)


def number_of(value: Any) -> float | None:
    """Return a value as a number, a boolean as 1 or 0; None for NaN, and for what no mean can be told of."""
    return float(value) if isinstance(value, int | float) and abs(value) <= _LARGEST else None


def is_amount(value: Any) -> bool:
    """Tell whether a value can be a cost or a count: a finite number, 0 or more."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _MOST_AMOUNT


def label_of(value: Any) -> str | None:
    """Return a value as a label, if it is a text that is short enough."""
    return value if isinstance(value, str) and len(value) <= 200 else None
