"""Intervals of a proportion."""

import math

from evalyard_core.domain.runs import Interval

from .levels import LEVEL, two_sided


def wilson_interval(successes: float, trials: float, level: float = LEVEL) -> Interval | None:
    """Return the Wilson score interval of a proportion, None without trials; an effective sample size is no integer.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    if not trials:
        return None
    z = two_sided(level)
    share, spread = successes / trials, z * z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / trials + spread / (4 * trials))
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return Interval(low=low, high=high, level=level)
