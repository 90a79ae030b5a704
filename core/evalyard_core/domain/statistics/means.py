"""Intervals of a mean."""

import math
import statistics
from collections.abc import Sequence

from scipy.special import stdtrit

from evalyard_core.domain.runs import Interval

from .levels import LEVEL


def mean_interval(values: Sequence[float], level: float = LEVEL) -> Interval | None:
    """Return Student's t interval of the mean, None with fewer than two values."""
    if len(values) < 2:
        return None
    mean, deviation = statistics.fmean(values), statistics.stdev(values)
    half = float(stdtrit(len(values) - 1, 0.5 + level / 2)) * deviation / math.sqrt(len(values))
    return Interval(low=mean - half, high=mean + half, level=level)
