"""What can be exported, and which columns scores take in it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from .comparing.alignment import Change
from .errors import LimitExceeded
from .evaluators import EvaluatorSnapshot, ScoreType
from .lists import RecordList
from .records import Record, score_key
from .runs import Run

#: A table with more columns than this is read by nobody; each score takes four.
MOST_SCORES: Final = 500


class ExportFormat(StrEnum):
    """The form of an export."""

    CSV = "CSV"
    JSONL = "JSONL"
    PARQUET = "PARQUET"


class ValueKind(StrEnum):
    """What the values of a column are."""

    TEXT = "TEXT"
    BOOLEAN = "BOOLEAN"
    INTEGER = "INTEGER"
    NUMBER = "NUMBER"
    TIME = "TIME"
    JSON = "JSON"  #: any JSON value, or values of several kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredScore:
    """That some record has a score of this name, whose value, where there is one, is of this kind."""

    evaluator_id: str | None
    name: str
    kind: ValueKind | None
    part_of: str | None = None

    @property
    def key(self) -> str:
        """What tells this score from the others of its record."""
        return score_key(self.evaluator_id, self.name, self.part_of)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreColumn:
    """The columns of one score: `key` finds it in a record, `kind` is what its values are."""

    key: str
    name: str
    kind: ValueKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsExport:
    """Records in the order of `lists`, one after the other, with the columns of their scores.

    `run_id` is that of the run of which these are all the records; `title` names the file.
    """

    title: str
    lists: Sequence[RecordList]
    scores: Sequence[ScoreColumn]
    run_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonExport:
    """Candidates beside a baseline, a row a case; `scores` are the columns of each run. `title` names the file."""

    title: str
    baseline: Run
    candidates: tuple[Run, ...]
    scores: Sequence[ScoreColumn]

    @property
    def runs(self) -> tuple[Run, ...]:
        """The baseline, then the candidates."""
        return (self.baseline, *self.candidates)


@dataclass(frozen=True, slots=True)
class ComparedCase:
    """A case over all runs of a comparison: its records in each of them, by trial; `first` is the first of all.

    `changes` has for each candidate how it did; None where neither it nor the baseline has the case.
    """

    first: Record
    records: tuple[tuple[Record, ...], ...]
    changes: tuple[Change | None, ...]


_KINDS: Final[Mapping[ScoreType, ValueKind]] = {
    ScoreType.BOOLEAN: ValueKind.BOOLEAN,
    ScoreType.NUMERIC: ValueKind.NUMBER,
    ScoreType.CATEGORICAL: ValueKind.TEXT,
    ScoreType.TEXT: ValueKind.TEXT,
}


def score_columns(evaluators: Iterable[EvaluatorSnapshot], stored: Collection[StoredScore]) -> tuple[ScoreColumn, ...]:
    """Return the columns of a run's evaluators in their order, then those of the other scores by name.

    An evaluator that scores runs as a whole has none.

    A score whose values are of several kinds, as when a person has judged otherwise than the evaluator, is JSON.
    """
    of_records = [snapshot for snapshot in evaluators if snapshot.scores_records]
    names: dict[str, str] = {snapshot.evaluator_id: snapshot.name for snapshot in of_records}
    expected = {snapshot.evaluator_id: _KINDS[snapshot.score_type] for snapshot in of_records}
    for score in sorted(stored, key=lambda score: (score.name, score.key)):
        names.setdefault(score.key, score.name)
    if len(names) > MOST_SCORES:
        raise LimitExceeded(
            f"These records have {len(names):,} different scores, and a table has {MOST_SCORES} at most; "
            "export fewer runs at once."
        )
    kinds: dict[str, set[ValueKind]] = {key: set() for key in names}
    for score in stored:
        if score.kind is not None:
            kinds[score.key].add(score.kind)
    return tuple(
        ScoreColumn(key=key, name=name, kind=_common(kinds[key], expected.get(key, ValueKind.TEXT)))
        for key, name in names.items()
    )


def _common(kinds: Collection[ValueKind], otherwise: ValueKind) -> ValueKind:
    if not kinds:
        return otherwise
    return next(iter(kinds)) if len(kinds) == 1 else ValueKind.JSON


def unique_names(wanted: Sequence[Sequence[str]], taken: Iterable[str]) -> list[list[str]]:
    """Return groups of column names that no other column has; a group that clashes is numbered as a whole.

    `exact`, `exact.passed` become `exact (2)`, `exact (2).passed`: the first of a group begins all of its names.
    """
    used = set(taken)
    groups = []
    for group in wanted:
        names, number = list(group), 1
        while not used.isdisjoint(names):
            number += 1
            names = [f"{group[0]} ({number}){name.removeprefix(group[0])}" for name in group]
        used.update(names)
        groups.append(names)
    return groups
