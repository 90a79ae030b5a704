"""The cosine of two vectors."""

import math
from collections.abc import Sequence
from operator import mul


def unit(vector: Sequence[float]) -> Sequence[float]:
    """Return the vector divided by its length; one of zeros stays as it is."""
    length = math.hypot(*vector)
    return [number / length for number in vector] if length else vector


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the cosine of two unit vectors, from -1 to 1; 0 where one is all zeros.

    The sum is exact before it is rounded, and held within its bounds, which rounding may leave by a last digit.
    """
    return max(-1.0, min(1.0, math.fsum(map(mul, one, other))))
