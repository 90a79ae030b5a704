"""Where a function crosses zero."""

from collections.abc import Callable


def rising_root(function: Callable[[float], float], low: float, high: float, precision: float = 1e-7) -> float:
    """Return where a rising function crosses zero between `low`, where it is negative, and `high`, where it is not.

    Regula falsi of the Illinois kind (G. Dahlquist and Å. Björck, "Numerical Methods", 1974, pp. 231-232): each step
    draws a line, and an end that stays twice running counts half. `precision` is a share of the first range.
    """
    at_low, at_high = function(low), function(high)
    enough = precision * (high - low)
    moved, middle = 0, high
    for _ in range(100):
        before, middle = middle, high - at_high * (high - low) / (at_high - at_low)
        if abs(middle - before) <= enough:
            break
        at_middle = function(middle)
        if at_middle < 0:
            low, at_low = middle, at_middle
            at_high, moved = (at_high / 2 if moved < 0 else at_high), -1
        else:
            high, at_high = middle, at_middle
            at_low, moved = (at_low / 2 if moved > 0 else at_low), 1
    return middle
