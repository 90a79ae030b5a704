"""Mann's and Kendall's test: whether the order of values is more rising or falling than chance makes it.

H. B. Mann, "Nonparametric tests against trend", Econometrica 13 (1945); M. G. Kendall, "Rank Correlation Methods", 4th
edition (1970).
"""

import math
from collections import Counter
from functools import cache, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]

#: Up to so many values the chance of every score is counted.
EXACT_VALUES: Final = 50


def concordance(series: Floats) -> int:
    """Return Kendall's score: the pairs of values that rise less those that fall."""
    return int(np.triu(np.sign(series[np.newaxis, :] - series[:, np.newaxis]), 1).sum())


def mann_kendall_p(series: Floats) -> float:
    """Return the two-sided p value of the score; equal values are taken into account.

    Exact for up to EXACT_VALUES values, else by the normal distribution with the variance for ties and the continuity
    correction of Kendall (1970), sections 4.5 to 4.9.
    """
    ties = tuple(sorted(Counter(series.tolist()).values()))
    score = abs(concordance(series))
    if not score:
        return 1.0
    if series.size > EXACT_VALUES:
        return float(2 * ndtr(-(score - 1) / _deviation(ties)))
    chances = _falling_pairs(ties)
    return min(1.0, 2 * math.fsum(chances[: (chances.size - 1 - score) // 2 + 1]))


def _deviation(ties: tuple[int, ...]) -> float:
    count = sum(ties)
    tied = sum(size * (size - 1) * (2 * size + 5) for size in ties)
    return math.sqrt((count * (count - 1) * (2 * count + 5) - tied) / 18)


@lru_cache(maxsize=256)
def _falling_pairs(ties: tuple[int, ...]) -> Floats:
    """Return the chance of each number of falling pairs among values in random order; `ties` are equally many values.

    Each group of equal values falls among those before it as one sample among another.
    """
    chances, placed = np.ones(1), 0
    for size in ties:
        chances = np.convolve(chances, _inversions(size, placed))
        placed += size
    return chances


@cache
def _inversions(ones: int, others: int) -> Floats:
    """Return the chance of each number of inversions between two samples in random order.

    By H. B. Mann and D. R. Whitney, Annals of Mathematical Statistics 18 (1947): the last value is one of the ones, and
    inverted with none, or one of the others, and inverted with every one.
    """
    if not ones or not others:
        return np.ones(1)
    chances = np.zeros(ones * others + 1)
    share = ones / (ones + others)
    shorter, shifted = _inversions(ones - 1, others), _inversions(ones, others - 1)
    chances[: shorter.size] += share * shorter
    chances[ones : ones + shifted.size] += (1 - share) * shifted
    return chances
