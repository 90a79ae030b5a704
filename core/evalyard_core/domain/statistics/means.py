"""Intervals of a mean."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from evalyard_core.domain.runs import Interval

from .bootstrap import bootstrap_interval
from .levels import LEVEL
from .moments import Moments, moments

#: From fewer values neither their skewness nor resamples of them say much; Student's interval is the wider one.
FEWEST_TO_RESAMPLE: Final = 10
#: From more values resampling takes long, and means are normal for all skewness that scores have.
MOST_TO_RESAMPLE: Final = 2000


def mean_interval(values: Sequence[float], level: float = LEVEL) -> Interval | None:
    """Return Student's t interval of the mean, None with fewer than two values."""
    figures = moments(np.asarray(values, dtype=np.float64))
    return None if figures is None else student_interval(figures, level)


def student_interval(figures: Moments, level: float = LEVEL) -> Interval | None:
    """Return Student's t interval of the mean of a sample with these moments, None of fewer than two values."""
    if figures.deviation is None:
        return None
    half = float(stdtrit(figures.count - 1, 0.5 + level / 2)) * figures.deviation / math.sqrt(figures.count)
    return Interval(low=figures.mean - half, high=figures.mean + half, level=level)


def fitting_interval(
    values: NDArray[np.float64], figures: Moments | None = None, level: float = LEVEL
) -> Interval | None:
    """Return the interval of the mean that fits the sample: Student's, or by bootstrap where it is skewed.

    A sample is skewed if it has no more values than 25 times its squared skewness; with more, a 95 % interval by the
    normal distribution misses the mean of at most 6 samples in 100. W. G. Cochran, "Sampling Techniques", 3rd edition
    (1977), section 2.15. `figures` are the moments of the values, if they are known.
    """
    figures = figures or moments(values)
    if figures is None:
        return None
    is_skewed = figures.count <= 25 * figures.skewness**2
    if is_skewed and FEWEST_TO_RESAMPLE <= figures.count <= MOST_TO_RESAMPLE:
        return bootstrap_interval(values, figures, level)
    return student_interval(figures, level)
