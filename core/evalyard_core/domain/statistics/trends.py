"""Whether a series of runs goes up or down."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from .levels import LEVEL
from .mann_kendall import concordance, mann_kendall_p


class TrendDirection(StrEnum):
    """Where a series goes."""

    IMPROVING = "IMPROVING"
    DECLINING = "DECLINING"
    STEADY = "STEADY"  #: no trend that could not be chance
    TOO_FEW_RUNS = "TOO_FEW_RUNS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Where a series goes, by how much a run, and the chance of such a trend in a series that goes nowhere."""

    direction: TrendDirection
    slope_per_run: float
    p_value: float | None


def trend(values: Sequence[float], *, lower_is_better: bool = False, level: float = LEVEL) -> Trend:
    """Return the trend of finite values, one a run, oldest first.

    The slope is the median of those between all pairs of runs, which a bad run does not move: P. K. Sen, "Estimates of
    the regression coefficient based on Kendall's tau", JASA 63 (1968), after H. Theil (1950). Whether it is one is
    Mann's and Kendall's test of the order alone. With fewer runs than `fewest_runs` nothing is said.
    """
    series = np.asarray(values, dtype=np.float64)
    slope = _median_slope(series)
    if series.size < fewest_runs(level):
        return Trend(direction=TrendDirection.TOO_FEW_RUNS, slope_per_run=slope, p_value=None)
    score, p_value = concordance(series), mann_kendall_p(series)
    direction = TrendDirection.STEADY
    if p_value <= 1 - level:
        is_better = (score < 0) if lower_is_better else (score > 0)
        direction = TrendDirection.IMPROVING if is_better else TrendDirection.DECLINING
    return Trend(direction=direction, slope_per_run=slope, p_value=p_value)


def fewest_runs(level: float = LEVEL) -> int:
    """Return the runs from which on a series that only rises is significant: 2 / n! must reach 1 - level."""
    runs = 2
    while 2 / math.factorial(runs) > 1 - level:
        runs += 1
    return runs


def _median_slope(series: NDArray[np.float64]) -> float:
    if series.size < 2:
        return 0.0
    earlier, later = np.triu_indices(series.size, 1)
    return float(np.median((series[later] - series[earlier]) / (later - earlier)))
