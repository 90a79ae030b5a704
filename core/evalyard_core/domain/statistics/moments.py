"""Mean, deviation and skewness of a sample, in two passes over an array."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Moments:
    """The first moments of a sample of `count` values.

    `deviation` is that of a sample (over count - 1), None for one value; `skewness` is the third central moment over
    the second to the power 3/2, 0 where all values are equal.
    """

    count: int
    mean: float
    deviation: float | None
    skewness: float


def moments(values: Floats) -> Moments | None:
    """Return the moments of finite values, None of none; the mean is rounded once."""
    count = values.size
    if not count:
        return None
    mean = math.fsum(values) / count
    scale = float(np.abs(values).max())
    if count == 1 or values.min() == values.max():
        return Moments(count, mean, None if count == 1 else 0.0, 0.0)
    # Squares and cubes of scaled values neither overflow nor vanish.
    centred = values / scale
    centred -= centred.mean()
    squares = centred * centred
    total = float(squares.sum())
    skewness = float(squares @ centred) / count / (total / count) ** 1.5
    return Moments(count, mean, scale * math.sqrt(total / (count - 1)), skewness)
