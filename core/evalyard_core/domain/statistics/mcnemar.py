"""Pass or fail, one trial each: McNemar's exact test, and Tango's interval of the difference."""

import math
from collections.abc import Callable

from scipy.special import bdtr

from evalyard_core.domain.runs import Interval

from .levels import LEVEL, two_sided


def mcnemar_p(gained: int, lost: int) -> float:
    """Return the two-sided p value of McNemar's exact test.

    `gained` pairs fail in the baseline and pass in the candidate, `lost` ones the other way round; under the null
    hypothesis a pair that changed is as likely the one as the other, so that `gained` is binomial with one half.

    Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 12 (1947).
    """
    return min(1.0, 2 * float(bdtr(min(gained, lost), gained + lost, 0.5)))


def tango_interval(gained: int, lost: int, pairs: int, level: float = LEVEL) -> Interval:
    """Return the score interval of the candidate's pass rate minus the baseline's.

    It is made of the differences that the score test, which needs no continuity, does not reject. T. Tango,
    "Equivalence test and confidence interval for the difference in proportions for the paired-sample design",
    Statistics in Medicine 17 (1998).
    """
    z = two_sided(level)
    return Interval(
        low=_lower_limit(gained, lost, pairs, z),
        high=0.0 - _lower_limit(lost, gained, pairs, z),
        level=level,
    )


def _lower_limit(gained: int, lost: int, pairs: int, z: float) -> float:
    """Return the smallest difference at which the score statistic is at most z; it falls as the difference grows."""
    seen = (gained - lost) / pairs
    if seen == -1:
        return -1.0
    return _bisect(lambda difference: _score(gained, lost, pairs, difference) > z, -1.0, seen)


def _score(gained: int, lost: int, pairs: int, difference: float) -> float:
    """Return Tango's statistic, the nuisance share (of lost pairs) at its maximum likelihood under `difference`."""
    linear = (2 * pairs - gained + lost) * difference - gained - lost
    constant = -lost * difference * (1 - difference)
    share = (math.sqrt(max(0.0, linear * linear - 8 * pairs * constant)) - linear) / (4 * pairs)
    variance = pairs * (2 * share + difference * (1 - difference))
    above = gained - lost - pairs * difference
    return above / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, above)


def _bisect(is_below: Callable[[float], bool], low: float, high: float) -> float:
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return high
