"""How many cases a comparison needs to find a difference."""

import math

from .levels import LEVEL, POWER, normal_quantile, two_sided


def pass_rate_cases(difference: float, changed: float, level: float = LEVEL, power: float = POWER) -> int:
    """Return the pairs that McNemar's exact test needs to find a difference of pass rates; 0 < |difference| <= changed.

    `changed` is the share of pairs that pass on one side alone. R. J. Connor, "Sample size for testing differences in
    proportions for the paired-sample design", Biometrics 43 (1987), with the continuity correction of A. L. Edwards,
    Psychometrika 13 (1948), since the exact test is as cautious as the corrected one: 80 to 82 % where pairs change in
    both directions, up to 93 % where they change in one.
    """
    size = abs(difference)
    noise = two_sided(level) * math.sqrt(changed) + normal_quantile(power) * math.sqrt(changed - size * size)
    needed = math.ceil(((noise + math.sqrt(noise * noise + 4 * size)) / (2 * size)) ** 2)
    return max(least_pairs(level), needed)


def mean_cases(difference: float, deviation: float, level: float = LEVEL, power: float = POWER) -> int:
    """Return the pairs that a test of the mean needs to find a difference; `deviation` is that of the differences.

    W. C. Guenther, "Sample size formulas for normal theory t tests", The American Statistician 35 (1981).
    """
    z = two_sided(level)
    needed = math.ceil(((z + normal_quantile(power)) * deviation / difference) ** 2 + z * z / 2)
    return max(least_pairs(level), needed)


def least_pairs(level: float = LEVEL) -> int:
    """Return the changed pairs below which no test of signs can be significant: 2 * 0.5^n must reach 1 - level."""
    return math.ceil(1 - math.log2(1 - level))


def more_cases(cases: int, tests: int, level: float = LEVEL, power: float = POWER) -> int:
    """Return the pairs needed where `cases` were enough for one test and its level is shared by several."""
    reach = normal_quantile(power)
    return math.ceil(cases * ((two_sided(1 - (1 - level) / tests) + reach) / (two_sided(level) + reach)) ** 2)
