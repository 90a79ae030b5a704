"""Trials of one item are alike: a sample of items with trials is as good as its items are different."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from evalyard_core.domain.runs import Interval

from .levels import LEVEL
from .moments import moments
from .proportions import wilson_interval

Floats = NDArray[np.float64]


def item_values(sums: Floats, trials: Floats) -> Floats:
    """Return one value an item whose plain variance is the cluster-robust one; its mean is that over all trials.

    `sums` hold the sum over an item's `trials`, of which each item has one or more. Where all items have equally many,
    the values are the items' means, in general they are the linearised ones: W. G. Cochran, "Sampling Techniques", 3rd
    edition (1977), chapter 6; for evaluations see E. Miller, "Adding error bars to evals" (2024).
    """
    everything = float(trials.sum())
    mean = float(sums.sum()) / everything
    values: Floats = mean + (sums - mean * trials) * (sums.size / everything)
    return values


def clustered_pass_rate_interval(
    trials: Sequence[int] | Floats, passes: Sequence[int] | Floats, level: float = LEVEL
) -> Interval | None:
    """Return the interval of the pass rate over all trials, given each item's number of trials and of those passed.

    It is Wilson's of the effective sample size: E. L. Korn and B. I. Graubard, "Confidence intervals for proportions
    with small expected number of positive counts estimated from survey data", Survey Methodology 24 (1998). That size
    is the number of trials over the design effect, with their correction for the degrees of freedom. It is held
    between Kish's effective number of items, at which trials of one item are all alike (so it is where no trial
    or every trial passed), and the number of trials, at which they are independent.

    Equal to Wilson's interval where each item has one trial.
    """
    counts, sums = np.asarray(trials, dtype=np.float64), np.asarray(passes, dtype=np.float64)
    everything = float(counts.sum())
    if not everything:
        return None
    rate = float(sums.sum()) / everything
    size = _effective_size(counts[counts > 0], sums[counts > 0], rate, everything, level)
    return wilson_interval(rate * size, size, level)


def _effective_size(trials: Floats, passes: Floats, rate: float, everything: float, level: float) -> float:
    items = trials.size
    alike = everything**2 / float(trials @ trials)
    figures = moments(item_values(passes, trials))
    if not 0 < rate < 1 or figures is None or figures.deviation is None:
        return alike
    if not figures.deviation:
        return everything
    of_random_sample = rate * (1 - rate) / (everything - 1)
    design_effect = figures.deviation**2 / items / of_random_sample
    fewer_degrees = float(stdtrit(everything - 1, 0.5 + level / 2) / stdtrit(items - 1, 0.5 + level / 2))
    return min(everything, max(alike, everything / design_effect * fewer_degrees**2))
