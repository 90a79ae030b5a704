"""How the figures of evaluators went from run to run."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .evaluators import EvaluatorSnapshot, ScoreType
from .runs import Distribution, Interval, Run, Tally
from .statistics import Trend, trend


class HistoryUnit(StrEnum):
    """What a series shows of an evaluator."""

    PASS_RATE = "PASS_RATE"  #: the share of the scores that could pass or fail that passed
    MEAN = "MEAN"  #: the mean of the numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPoint:
    """An evaluator's figure in one run; `count` is the number of scores behind it."""

    run: Run
    value: float
    interval: Interval | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySeries:
    """An evaluator's figures in runs, oldest first, with at least one point."""

    evaluator_id: str
    unit: HistoryUnit
    points: tuple[HistoryPoint, ...]
    trend: Trend


def history_of(runs: Sequence[Run], evaluator_ids: Collection[str] | None = None) -> list[HistorySeries]:
    """Return the series of the evaluators of runs that have ended, given oldest first; with `evaluator_ids`, of those.

    An evaluator without a figure in any of the runs, such as one that gives texts and has no threshold, has no series.
    """
    newest = {snapshot.evaluator_id: snapshot for run in runs for snapshot in run.evaluators}
    wanted = newest if evaluator_ids is None else [key for key in dict.fromkeys(evaluator_ids) if key in newest]
    series = [_series(runs, newest[key]) for key in wanted]
    return [entry for entry in series if entry.points]


def _series(runs: Sequence[Run], snapshot: EvaluatorSnapshot) -> HistorySeries:
    """Return a series in the unit that fits the evaluator as the newest run uses it."""
    unit = HistoryUnit.MEAN if snapshot.score_type is ScoreType.NUMERIC else HistoryUnit.PASS_RATE
    points = tuple(point for run in runs if (point := _point(run, snapshot.evaluator_id, unit)))
    lower_is_better = unit is HistoryUnit.MEAN and snapshot.lower_is_better
    return HistorySeries(
        evaluator_id=snapshot.evaluator_id,
        unit=unit,
        points=points,
        trend=trend([point.value for point in points], lower_is_better=lower_is_better),
    )


def _point(run: Run, key: str, unit: HistoryUnit) -> HistoryPoint | None:
    if key in run.run_scores and key not in run.distributions:
        number = run.run_number(key)
        return None if number is None else HistoryPoint(run=run, value=number, interval=None, count=1)
    distribution, tally = run.distributions.get(key, Distribution()), run.tallies.get(key, Tally())
    if unit is HistoryUnit.MEAN:
        value, interval, count = distribution.mean, distribution.mean_interval, tally.scored
    else:
        value, interval = distribution.pass_rate, distribution.pass_rate_interval
        count = tally.passed + tally.failed
    return None if value is None else HistoryPoint(run=run, value=value, interval=interval, count=count)
