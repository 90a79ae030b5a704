"""A comparison of runs: a baseline, candidates, and what came of their cases."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from evalyard_core.domain.records import Record
from evalyard_core.domain.runs import Run

from .alignment import Change, Row


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs side by side; the cells of each row are in the order of the candidates."""

    baseline: Run
    candidates: tuple[Run, ...]
    rows: tuple[Row, ...]

    def changes(self, place: int) -> Counter[Change]:
        """Return how many cases changed how in the candidate at a place; those that neither run has are not counted."""
        changes = (row.cells[place].change for row in self.rows)
        return Counter(change for change in changes if change is not None)

    def having(self, change: Change | None) -> Sequence[Row]:
        """Return the rows in which some candidate changed so, each once; all of them without a change."""
        return self.rows if change is None else [row for row in self.rows if row.has(change)]


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row with its records whole: of the baseline, and of each candidate in order; `first` is the first of all."""

    row: Row
    first: Record
    baseline: tuple[Record, ...]
    candidates: tuple[tuple[Record, ...], ...]
