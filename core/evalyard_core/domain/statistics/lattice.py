"""Sums of values that are all multiples of one unit: shares of trials, marks from 1 to 5."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: More different sizes than this have no unit worth looking for.
_FEW_SIZES: Final = 200
#: A unit is no smaller a share of the largest size.
_SMALLEST_UNIT: Final = 1e-3
#: What rounding leaves of a size, as a share of the largest, is no remainder.
_ROUNDING: Final = 1e-6
#: As many steps of the sum times sizes are gone through; that takes some milliseconds.
_MOST_STEPS: Final = 10_000_000


def whole_steps(sizes: Floats) -> NDArray[np.int64] | None:
    """Return the positive sizes in their largest common unit, None where they have none to speak of."""
    scaled = sizes / sizes.max()
    different = np.unique(np.round(scaled, 9))
    if different.size > _FEW_SIZES:
        return None
    unit = 0.0
    for size in different.tolist():
        rest = size
        while rest > _ROUNDING:  # Euclid's algorithm
            unit, rest = rest, math.fmod(unit, rest)
        if unit < _SMALLEST_UNIT:
            return None
    # The unit has gathered the rounding of each division; that of the sum over all steps has not.
    steps = np.rint(scaled / unit)
    fits = bool(np.allclose(steps * (scaled.sum() / steps.sum()), scaled, rtol=0, atol=_ROUNDING))
    return steps.astype(np.int64) if fits and steps.sum() * steps.size <= _MOST_STEPS else None


def lattice_p(steps: NDArray[np.int64], total: int) -> float:
    """Return P(|S| >= total), total > 0, for S the sum of `steps`, each with a random sign; exact."""
    most = int(steps.sum())
    # By how much the sizes with a negative sign add up: S is `most` less twice that.
    chances = np.zeros(most + 1)
    chances[0] = 1.0
    for step in steps.tolist():
        moved = chances[:-step] / 2
        chances /= 2
        chances[step:] += moved
    return min(1.0, 2 * math.fsum(chances[: (most - total) // 2 + 1]))
