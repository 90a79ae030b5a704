"""How far two judges, or several, say the same of the same records; 1 is always, 0 as often as chance would."""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

Label = TypeVar("Label", bound=Hashable)


@dataclass(frozen=True, slots=True)
class ConfusionTable(Generic[Label]):
    """How often the second judge said what, by what the first one said: `counts[first][second]`, as in `labels`."""

    labels: tuple[Label, ...]
    counts: tuple[tuple[int, ...], ...]

    @property
    def total(self) -> int:
        """Records that both have judged."""
        return sum(map(sum, self.counts))


def confusion_table(first: Sequence[Label], second: Sequence[Label]) -> ConfusionTable[Label]:
    """Return the table of what two judges said of the same records; ValueError if one has judged more of them.

    Numbers stand in their order, other labels in that of their texts.
    """
    pairs = Counter(zip(first, second, strict=True))
    labels = tuple(sorted({label for pair in pairs for label in pair}, key=_rank))
    return ConfusionTable(labels, tuple(tuple(pairs[row, column] for column in labels) for row in labels))


def _rank(label: Hashable) -> tuple[bool, float, str]:
    return (False, label, "") if isinstance(label, int | float) else (True, 0, str(label))


def cohen_kappa(table: ConfusionTable[Label]) -> float | None:
    """Return Cohen's kappa, None without records or where both judges say one and the same of all of them.

    J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20 (1960).
    """
    if not table.total:
        return None
    rows, columns = [sum(row) for row in table.counts], [sum(column) for column in zip(*table.counts, strict=True)]
    seen = sum(row[place] for place, row in enumerate(table.counts)) / table.total
    by_chance = sum(row * column for row, column in zip(rows, columns, strict=True)) / table.total**2
    return None if by_chance == 1 else (seen - by_chance) / (1 - by_chance)


def quadratic_kappa(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return the kappa of two judges' numbers weighted by the square of their distance.

    None without records or where both judges give one and the same number to all of them. J. Cohen, "Weighted kappa",
    Psychological Bulletin 70 (1968). The distance expected by chance, over all pairs of one's number and the other's,
    is what their variances and the distance of their means come to.
    """
    mine, others = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if mine.shape != others.shape:
        raise ValueError(f"{mine.size} numbers cannot be paired with {others.size}")
    if not mine.size:
        return None
    by_chance = float(mine.var() + others.var() + (mine.mean() - others.mean()) ** 2)
    return 1 - float(np.mean((mine - others) ** 2)) / by_chance if by_chance else None


def nominal_alpha(units: Iterable[Sequence[Hashable | None]]) -> float | None:
    """Return Krippendorff's alpha of labels; a unit holds what each judge said of one record, None where nothing.

    None with no unit judged twice, or where all labels are one. K. Krippendorff, "Content Analysis", 2nd edition
    (2004), section 11.3.
    """
    everything: Counter[Hashable] = Counter()
    seen = 0.0
    for labels in _judged_twice(units):
        counts = Counter(labels)
        everything.update(counts)
        seen += _unlike_pairs(counts) / (len(labels) - 1)
    total = everything.total()
    by_chance = _unlike_pairs(everything) / (total - 1) if total else 0
    return 1 - seen / by_chance if by_chance else None


def interval_alpha(units: Iterable[Sequence[float | None]]) -> float | None:
    """Return Krippendorff's alpha of numbers, by the square of their distance; else as `nominal_alpha`."""
    judged = [np.asarray(numbers, dtype=np.float64) for numbers in _judged_twice(units)]
    if not judged:
        return None
    # All pairs of n numbers are together 2 n^2 variances apart, squared.
    seen = math.fsum(2 * numbers.size**2 * numbers.var() / (numbers.size - 1) for numbers in judged)
    everything = np.concatenate(judged)
    by_chance = 2 * everything.size**2 * float(everything.var()) / (everything.size - 1)
    return 1 - seen / by_chance if by_chance else None


def _judged_twice(units: Iterable[Sequence[Label | None]]) -> Iterable[list[Label]]:
    for unit in units:
        labels = [label for label in unit if label is not None]
        if len(labels) > 1:
            yield labels


def _unlike_pairs(counts: Counter[Label]) -> int:
    return counts.total() ** 2 - sum(count * count for count in counts.values())
