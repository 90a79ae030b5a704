"""Intervals of the mean of a skewed sample."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from evalyard_core.domain.runs import Interval

from .levels import LEVEL, normal_quantile, two_sided
from .moments import Moments

Floats = NDArray[np.float64]

RESAMPLES: Final = 2000
#: As many values are drawn at once; more would cost memory and save no time.
_DRAWN_AT_ONCE: Final = 1_000_000


def bootstrap_interval(values: Floats, figures: Moments, level: float = LEVEL) -> Interval:
    """Return the BCa bootstrap interval of the mean; equal samples, in whatever order, give equal intervals.

    B. Efron, "Better bootstrap confidence intervals", JASA 82 (1987). For a mean the acceleration, a sixth of the
    skewness of the jackknife values, is known without them. `figures` are the moments of the values.
    """
    means = _resampled_means(np.sort(values))
    below = (np.count_nonzero(means < figures.mean) + np.count_nonzero(means <= figures.mean)) / (2 * means.size)
    bias = normal_quantile(min(max(below, 1 / means.size), 1 - 1 / means.size))
    acceleration = figures.skewness / (6 * math.sqrt(figures.count))
    z = two_sided(level)
    shares = [float(ndtr(bias + (bias + end) / (1 - acceleration * (bias + end)))) for end in (-z, z)]
    low, high = np.quantile(means, shares)
    return Interval(low=min(float(low), figures.mean), high=max(float(high), figures.mean), level=level)


def _resampled_means(values: Floats) -> Floats:
    random = np.random.default_rng(values.size)
    rows = max(1, _DRAWN_AT_ONCE // values.size)
    parts = [
        values[random.integers(0, values.size, (min(rows, RESAMPLES - done), values.size))].mean(axis=1)
        for done in range(0, RESAMPLES, rows)
    ]
    return np.concatenate(parts)
