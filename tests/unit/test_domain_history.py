"""How the figures of evaluators went from run to run. The statistics have tests of their own."""

from typing import Any

import pytest

from evalyard_core.domain.evaluators import ScoreType, Threshold, ThresholdOperator
from evalyard_core.domain.history import HistoryUnit, history_of
from evalyard_core.domain.records import RunScore
from evalyard_core.domain.runs import Distribution, Interval, Run, RunSettings, RunStatus, Tally
from evalyard_core.domain.statistics import TrendDirection
from tests.fixtures.core import a_score, a_snapshot
from tests.fixtures.objects import a_run

UP, DOWN = ThresholdOperator.GTE, ThresholdOperator.LT


def ended(tally: Tally, distribution: Distribution, trials: int = 1, **snapshot: Any) -> Run:
    return a_run(
        status=RunStatus.COMPLETED,
        settings=RunSettings(trials=trials),
        evaluators=(a_snapshot(evaluator_id="e", **snapshot),),
        tallies={"e": tally},
        distributions={"e": distribution},
    )


def numeric(mean: float | None, **snapshot: Any) -> Run:
    interval = None if mean is None else Interval(low=mean - 1, high=mean + 1)
    figures = Distribution(mean=mean, mean_interval=interval, pass_rate=0.5)
    return ended(Tally(scored=7), figures, score_type=ScoreType.NUMERIC, **snapshot)


@pytest.mark.parametrize(
    ("score_type", "threshold", "unit"),
    [
        (ScoreType.BOOLEAN, None, HistoryUnit.PASS_RATE),
        (ScoreType.NUMERIC, None, HistoryUnit.MEAN),
        (ScoreType.NUMERIC, Threshold(operator=UP, value=1), HistoryUnit.MEAN),
        (ScoreType.CATEGORICAL, Threshold(operator=ThresholdOperator.EQ, value="good"), HistoryUnit.PASS_RATE),
    ],
)
def test_the_unit_fits_the_evaluator(score_type: ScoreType, threshold: Threshold | None, unit: HistoryUnit):
    run = ended(Tally(passed=1), Distribution(mean=2, pass_rate=0.5), score_type=score_type, threshold=threshold)
    [series] = history_of([run])
    assert (series.unit, series.points[0].value) == (unit, 2 if unit is HistoryUnit.MEAN else 0.5)


def test_a_mean_has_the_interval_that_was_stored():
    [series] = history_of([numeric(3.0), numeric(4.0)])
    assert [(point.value, point.interval, point.count) for point in series.points] == [
        (3.0, Interval(low=2.0, high=4.0), 7),
        (4.0, Interval(low=3.0, high=5.0), 7),
    ]


def test_a_pass_rate_has_the_interval_that_was_stored():
    interval = Interval(low=0.6, high=0.86)
    run = ended(Tally(passed=30, failed=10), Distribution(pass_rate=0.75, pass_rate_interval=interval))
    [series] = history_of([run])
    assert [(point.value, point.interval, point.count) for point in series.points] == [(0.75, interval, 40)]


def test_a_run_without_a_figure_is_no_point():
    [series] = history_of([numeric(None), numeric(2.0), a_run(status=RunStatus.COMPLETED)])
    assert [point.value for point in series.points] == [2.0]
    assert history_of([numeric(None)]) == []


@pytest.mark.parametrize(
    ("means", "threshold", "direction"),
    [
        ([1, 2, 3, 4, 5, 6], None, TrendDirection.IMPROVING),
        ([1, 2, 3, 4, 5, 6], Threshold(operator=DOWN, value=1), TrendDirection.DECLINING),
        ([6, 5, 4, 3, 2, 1], None, TrendDirection.DECLINING),
        ([6, 5, 4, 3, 2, 1], Threshold(operator=DOWN, value=1), TrendDirection.IMPROVING),
        ([9, 9, 9, 1, 9, 9, 9], None, TrendDirection.STEADY),
        ([1, 2], None, TrendDirection.TOO_FEW_RUNS),
    ],
)
def test_a_trend_knows_what_is_better(means: list[float], threshold: Threshold | None, direction: TrendDirection):
    [series] = history_of([numeric(mean, threshold=threshold) for mean in means])
    assert series.trend.direction is direction


def test_series_are_of_the_evaluators_that_are_asked_for_in_that_order():
    snapshots = tuple(a_snapshot(evaluator_id=key) for key in "abc")
    figures = dict.fromkeys("abc", Distribution(pass_rate=1.0))
    run = a_run(status=RunStatus.COMPLETED, evaluators=snapshots, distributions=figures)
    assert [series.evaluator_id for series in history_of([run])] == ["a", "b", "c"]
    assert [series.evaluator_id for series in history_of([run], ["c", "x", "a", "c"])] == ["c", "a"]
    assert history_of([run], []) == []


def test_a_score_of_the_whole_run_is_a_point_without_an_interval():
    snapshot = a_snapshot(evaluator_id="e", score_type=ScoreType.NUMERIC, scores_records=False, scores_runs=True)
    said = {"e": RunScore(score=a_score(evaluator_id="e", number=27.5), cases=100)}
    unsaid = {"e": RunScore(score=a_score(evaluator_id="e", number=None))}
    runs = [a_run(evaluators=(snapshot,), run_scores=scores) for scores in (said, unsaid)]
    [series] = history_of(runs)
    assert [(point.value, point.interval, point.count) for point in series.points] == [(27.5, None, 1)]
