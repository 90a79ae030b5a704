"""The statistics that a summary shows; each names its source."""

import math
import statistics
from collections.abc import Iterable, Sequence

from scipy.special import stdtrit

from .runs import Bin, Interval, PassAtK

LEVEL = 0.95


def wilson_interval(successes: int, trials: int, level: float = LEVEL) -> Interval | None:
    """Return the Wilson score interval of a proportion, None without trials.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    if not trials:
        return None
    z = statistics.NormalDist().inv_cdf(0.5 + level / 2)
    share, spread = successes / trials, z * z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / trials + spread / (4 * trials))
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return Interval(low=low, high=high, level=level)


def mean_interval(values: Sequence[float], level: float = LEVEL) -> Interval | None:
    """Return Student's t interval of the mean, None with fewer than two values."""
    if len(values) < 2:
        return None
    mean, deviation = statistics.fmean(values), statistics.stdev(values)
    half = float(stdtrit(len(values) - 1, 0.5 + level / 2)) * deviation / math.sqrt(len(values))
    return Interval(low=mean - half, high=mean + half, level=level)


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """Return the value below which `share` of the sorted values lie, interpolated linearly (Hyndman–Fan type 7)."""
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def histogram(ordered: Sequence[float], bins: int = 10) -> tuple[Bin, ...]:
    """Return equal bins over the range of the sorted values; [0, 1] where all values lie in it."""
    if not ordered:
        return ()
    low, high = ordered[0], ordered[-1]
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    if low == high:
        return (Bin(low=low, high=high, count=len(ordered)),)
    width = (high - low) / bins
    if not width:  # the range is too small to be divided
        return (Bin(low=low, high=high, count=len(ordered)),)
    counts = [0] * bins
    for value in ordered:
        counts[min(bins - 1, int((value - low) / width))] += 1
    edges = [*(low + place * width for place in range(bins)), high]
    return tuple(Bin(low=edges[place], high=edges[place + 1], count=count) for place, count in enumerate(counts))


def pass_at_k(trials_and_passes: Iterable[tuple[int, int]], most: int) -> tuple[PassAtK, ...]:
    """Return pass@k and pass^k for k = 1..most over items given as (trials, passes), those with k trials or more.

    pass@k = mean of 1 - C(n-c, k) / C(n, k): M. Chen et al., "Evaluating large language models trained on code"
    (2021), eq. 1. pass^k = mean of C(c, k) / C(n, k): S. Yao et al., "tau-bench" (2024), section 4.
    """
    items = list(trials_and_passes)
    points = []
    for k in range(1, most + 1):
        enough = [(n, c) for n, c in items if n >= k]
        if enough:
            none = statistics.fmean(math.comb(n - c, k) / math.comb(n, k) for n, c in enough)
            every = statistics.fmean(math.comb(c, k) / math.comb(n, k) for n, c in enough)
            points.append(PassAtK(k=k, any_passes=1 - none, all_pass=every))
    return tuple(points)
