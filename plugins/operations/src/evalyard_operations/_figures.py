"""Reading a record's figures."""

import math
from typing import Any

from evalyard import EvaluationError, Skip
from evalyard.values import show


def read_figure(value: Any, *, name: str, missing: str) -> float:
    """Return a figure, a finite number of 0 or more.

    Raises Skip with the sentence `missing` for None, and EvaluationError for anything else.
    """
    if value is None:
        raise Skip(missing)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise EvaluationError(f"{name} is {show(value)}, which is no number of 0 or more: map it to one.")
    return value
