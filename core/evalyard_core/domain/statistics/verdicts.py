"""What a paired comparison comes to, in one word."""

from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .levels import LEVEL
from .power import least_pairs

#: A difference of pass rates from here on is worth more cases.
NOTABLE_PASS_RATE: Final = 0.05
#: So is one of means from this share of the differences' standard deviation on: the small effect of J. Cohen,
#: "Statistical Power Analysis for the Behavioral Sciences" (1988), section 2.2.
NOTABLE_EFFECT: Final = 0.2


class ScoreKind(StrEnum):
    """What a score says of an item."""

    PASS_FAIL = "PASS_FAIL"  #: that it passed or failed, or which share of its trials passed: 0 to 1
    NUMBER = "NUMBER"  #: how much


class ComparisonVerdict(StrEnum):
    """What a comparison comes to."""

    BETTER = "BETTER"
    WORSE = "WORSE"
    NO_DIFFERENCE = "NO_DIFFERENCE"
    TOO_FEW_CASES = "TOO_FEW_CASES"


def is_notable(delta: float, differences: NDArray[np.float64], kind: ScoreKind) -> bool:
    """Return whether a person would want to know if a difference of this size is real."""
    if kind is ScoreKind.PASS_FAIL:
        return abs(delta) >= NOTABLE_PASS_RATE
    return delta != 0 and (differences.size < 2 or abs(delta) >= NOTABLE_EFFECT * float(np.std(differences, ddof=1)))


def judge(*, gain: float, p_value: float, changed: int, notable: bool, level: float = LEVEL) -> ComparisonVerdict:
    """Return the verdict by the rule that `compare_paired` tells; a `gain` above 0 is one for the better."""
    if p_value <= 1 - level:
        return ComparisonVerdict.BETTER if gain > 0 else ComparisonVerdict.WORSE
    if changed and (changed < least_pairs(level) or notable):
        return ComparisonVerdict.TOO_FEW_CASES
    return ComparisonVerdict.NO_DIFFERENCE
