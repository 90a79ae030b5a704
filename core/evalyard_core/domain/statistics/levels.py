"""The level at which this package tests and draws intervals."""

from typing import Final

from scipy.special import ndtri

LEVEL: Final = 0.95
#: The chance that a planned comparison finds the difference it is planned for.
POWER: Final = 0.8


def normal_quantile(share: float) -> float:
    """Return the value below which `share` of the standard normal distribution lies."""
    return float(ndtri(share))


def two_sided(level: float = LEVEL) -> float:
    """Return the standard normal value that a two-sided test at `level` has to exceed: 1.96 for 0.95."""
    return normal_quantile(0.5 + level / 2)
