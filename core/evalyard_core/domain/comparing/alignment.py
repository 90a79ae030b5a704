"""Runs side by side, a row a case.

A case is known by its dataset item. A record that was submitted without one is known by its input, as its id is: equal
inputs are the same case, and where a run took the same input in more than once, those are its trials. Nothing is ever
aligned by position.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from .outcomes import NOTHING, Case, Cases


class Change(StrEnum):
    """How a candidate did with a case, measured by the baseline."""

    REGRESSED = "REGRESSED"  #: a smaller share of its trials passed
    IMPROVED = "IMPROVED"  #: a larger share of its trials passed
    UNCHANGED = "UNCHANGED"  #: the same share passed, or one of the two has no verdict
    ADDED = "ADDED"  #: the baseline did not have the case
    REMOVED = "REMOVED"  #: the candidate does not have it


class Cell(NamedTuple):
    """A case in a candidate; `change` is None where neither the candidate nor the baseline has it."""

    case: Case
    change: Change | None


class Row(NamedTuple):
    """A case over all runs; `key` tells it from the others, a cell stands for each candidate, in order."""

    key: str
    baseline: Case
    cells: tuple[Cell, ...]

    @property
    def item_id(self) -> str | None:
        """The dataset item, None for an input that was submitted without one."""
        cases = (self.baseline, *(cell.case for cell in self.cells))
        return next((case.outcomes[0].item_id for case in cases if case.outcomes), None)

    def has(self, change: Change) -> bool:
        """Tell whether some candidate has changed so."""
        return any(cell.change is change for cell in self.cells)


def align(baseline: Cases, candidates: Sequence[Cases]) -> tuple[Row, ...]:
    """Return a row a case: those of the baseline in its order, then what candidates added, in theirs."""
    keys = dict.fromkeys(key for cases in (baseline, *candidates) for key in cases)
    return tuple(
        _row(key, baseline.get(key, NOTHING), [cases.get(key, NOTHING) for cases in candidates]) for key in keys
    )


def change_of(baseline: Case, candidate: Case) -> Change | None:
    """Return how a case changed: by the share of trials that passed, exactly; None where neither run has it."""
    if not baseline.outcomes:
        return Change.ADDED if candidate.outcomes else None
    if not candidate.outcomes:
        return Change.REMOVED
    # Multiplied out, for 1/3 and 2/6 are the same; zero on both sides where one of them has no verdict.
    before, after = baseline.passed * candidate.judged, candidate.passed * baseline.judged
    if before == after:
        return Change.UNCHANGED
    return Change.REGRESSED if after < before else Change.IMPROVED


def _row(key: str, baseline: Case, candidates: Sequence[Case]) -> Row:
    return Row(key, baseline, tuple(Cell(case, change_of(baseline, case)) for case in candidates))
