"""Paired numbers: the permutation test that flips the sign of each pair's difference, and the interval it implies."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalyard_core.domain.runs import Interval

from .lattice import lattice_p, whole_steps
from .levels import LEVEL, normal_quantile
from .saddlepoint import upper_tail
from .searching import rising_root

Floats = NDArray[np.float64]

#: Up to so many differences all flips are looked at.
EXACT_PAIRS: Final = 20
#: Sums that differ by less than this share of the largest are the same sum, rounded differently.
_ROUNDING: Final = 1e-10


def sign_flip_p(differences: Floats) -> float:
    """Return the two-sided p value of the mean difference under flips of the signs.

    If the two sides are equal, either side of a pair could as well have been the other, so that each difference is as
    likely positive as negative: R. A. Fisher, "The Design of Experiments" (1935), section 21. For differences of 0
    and 1 this is McNemar's exact test. Pairs without a difference say nothing. It is exact for shares and marks, and
    for up to EXACT_PAIRS differences of any kind; beyond, `saddlepoint.upper_tail` takes over.
    """
    sizes = np.sort(np.abs(differences[differences != 0]))
    total = abs(math.fsum(differences))
    if not sizes.size:
        return 1.0
    whole = math.fsum(sizes)
    if total <= _ROUNDING * whole:
        return 1.0
    steps = whole_steps(sizes)
    if steps is not None:
        return lattice_p(steps, round(total / whole * int(steps.sum())))
    if sizes.size > EXACT_PAIRS:
        return min(1.0, 2 * upper_tail(sizes, total))
    return float(np.mean(np.abs(_flipped_sums(sizes)) >= total - _ROUNDING * whole))


def sign_flip_interval(differences: Floats, level: float = LEVEL) -> Interval | None:
    """Return the shifts of the candidate that the test does not reject; None where there are too few pairs to reject.

    For up to EXACT_PAIRS pairs its ends are means of subsets of the differences: J. A. Hartigan, "Using subsample
    values as typical values", JASA 64 (1969). It is an interval of the mean if differences lie symmetrically around it.
    """
    tail = (1 - level) / 2
    if 0.5**differences.size > tail:
        return None
    ordered = np.sort(differences)
    if differences.size <= EXACT_PAIRS:
        # A shift is rejected from below when at most this many subsets, the empty one among them, lie under it.
        place = int(tail * 2**differences.size) - 1
        means = _subset_means(ordered)
        means.partition((place, means.size - 1 - place))
        return Interval(low=float(means[place]), high=float(means[-1 - place]), level=level)
    return Interval(low=_lower_limit(ordered, tail), high=-_lower_limit(-ordered[::-1], tail), level=level)


def _flipped_sums(sizes: Floats) -> Floats:
    """Return the sums under all flips that leave the first sign alone; the others are their negatives."""
    sums = sizes[:1]
    for size in sizes[1:]:
        sums = np.concatenate([sums + size, sums - size])
    return sums


def _subset_means(values: Floats) -> Floats:
    """Return the means of all subsets but the empty one."""
    sums, counts = np.zeros(1), np.zeros(1)
    for value in values:
        sums, counts = np.concatenate([sums, sums + value]), np.concatenate([counts, counts + 1])
    return sums[1:] / counts[1:]


def _lower_limit(differences: Floats, tail: float) -> float:
    """Return the smallest shift under which a sum this high or higher has at least the chance `tail`."""
    lowest, mean = float(differences[0]), math.fsum(differences) / differences.size
    needed = normal_quantile(tail)

    def excess(shift: float) -> float:
        left = differences - shift
        chance = upper_tail(np.abs(left[left != 0]), math.fsum(left))
        return normal_quantile(max(chance, 1e-300)) - needed

    # Nearly all differences may be the lowest one; below it, all are on one side.
    if lowest == differences[-1] or excess(lowest) >= 0:
        return lowest
    half = -needed * float(np.std(differences)) / math.sqrt(differences.size)
    near, far = mean - 0.7 * half, mean - 1.5 * half
    return rising_root(
        excess,
        far if far > lowest and excess(far) < 0 else lowest,
        near if excess(near) > 0 else mean,
    )
