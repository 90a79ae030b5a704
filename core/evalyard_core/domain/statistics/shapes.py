"""How values are spread: percentiles and bars."""

import math
from collections.abc import Sequence

from evalyard_core.domain.runs import Bin


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
