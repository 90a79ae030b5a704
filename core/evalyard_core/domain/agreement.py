"""How far an evaluator, as a judge, and people say the same of the same records."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from statistics import fmean
from typing import Final, NamedTuple, TypeAlias

from evalyard import ScoreType

from .runs import Interval
from .statistics import (
    ConfusionTable,
    clustered_pass_rate_interval,
    cohen_kappa,
    confusion_table,
    interval_alpha,
    nominal_alpha,
    quadratic_kappa,
)

#: What a judge or a person answers.
Answer: TypeAlias = bool | float | str

#: A table of more answers than this is no table that anybody reads.
MOST_LABELS: Final = 20
MOST_PEOPLE: Final = 50


class AgreementBasis(StrEnum):
    """What is compared of scores."""

    VALUE = "VALUE"
    PASSED = "PASSED"


class Judgement(NamedTuple):
    """What one score says, as far as agreement needs it; `author` is None for the evaluator's own."""

    author: str | None
    at: datetime
    passed: bool | None
    number: float | None
    label: str | None
    version: int | None


class Judged(NamedTuple):
    """A record's newest judgements: the evaluator's, where it has one, and one a person."""

    record_id: str
    judge: Judgement | None
    people: Sequence[Judgement]


class Pair(NamedTuple):
    """The evaluator's answer beside a person's, with the judgements that they are of."""

    record_id: str
    judge: Answer
    person: Answer
    by_judge: Judgement
    by_person: Judgement

    @property
    def agrees(self) -> bool:
        """Whether both say the same."""
        return self.judge == self.person

    @property
    def distance(self) -> float:
        """How far numbers are apart; 0 or 1 for other answers."""
        if isinstance(self.judge, str) or isinstance(self.person, str):
            return float(self.judge != self.person)
        return abs(self.judge - self.person)

    @property
    def key(self) -> str:
        """What tells this pair from the others, newer ones sorting behind older ones."""
        return f"{self.by_person.at.isoformat()} {self.record_id} {self.by_person.author}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How far pairs agree; None where there are none, and for kappa where all say one and the same."""

    pairs: int
    observed: float | None
    kappa: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far an evaluator and people agree.

    `unpaired` counts people's judgements beside which the evaluator has none of the same kind. `complete` tells
    whether all records that people have judged were looked at. `people` are those with most pairs.
    """

    records: int
    unpaired: int
    complete: bool
    whole: Figures
    observed_interval: Interval | None
    alpha: float | None
    mean_distance: float | None
    confusion: ConfusionTable[Answer] | None
    people: Sequence[tuple[str, Figures]]
    versions: Sequence[int]
    disagreements: Sequence[Pair]


def agreement_of(
    judged: Iterable[Judged], *, basis: AgreementBasis, score_type: ScoreType, complete: bool = True
) -> Agreement:
    """Return how far the judgements of records agree.

    Numbers are compared by the square of their distance, everything else as labels. Kappa is over all pairs, so that
    several people count as one judge; alpha is over all judges of a record, and counts records that only people judged.
    """
    numeric = basis is AgreementBasis.VALUE and score_type is ScoreType.NUMERIC
    entries = list(judged)
    reading = _Reading(basis, score_type)
    pairs = [pair for entry in entries for pair in reading.pairs(entry)]
    units = [reading.answers(entry) for entry in entries]
    by_person: defaultdict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        by_person[pair.by_person.author or ""].append(pair)
    people = sorted(by_person.items(), key=lambda entry: (-len(entry[1]), entry[0]))[:MOST_PEOPLE]
    return Agreement(
        records=len({pair.record_id for pair in pairs}),
        unpaired=sum(len(entry.people) for entry in entries) - len(pairs),
        complete=complete,
        whole=_figures(pairs, numeric=numeric),
        observed_interval=_interval(pairs),
        alpha=interval_alpha(map(_numbers, units)) if numeric else nominal_alpha(units),
        mean_distance=fmean(pair.distance for pair in pairs) if numeric and pairs else None,
        confusion=_table(pairs),
        people=[(author, _figures(theirs, numeric=numeric)) for author, theirs in people],
        versions=sorted({pair.by_judge.version for pair in pairs if pair.by_judge.version is not None}),
        disagreements=sorted(
            (pair for pair in pairs if not pair.agrees), key=lambda pair: (pair.distance, pair.key), reverse=True
        ),
    )


class _Reading(NamedTuple):
    """Reads answers out of judgements."""

    basis: AgreementBasis
    score_type: ScoreType

    def answer(self, judgement: Judgement) -> Answer | None:
        """Return what a judgement answers, None where it is of another kind."""
        if self.basis is AgreementBasis.PASSED:
            return judgement.passed
        if self.score_type is ScoreType.NUMERIC:
            return judgement.number
        if self.score_type is ScoreType.BOOLEAN:
            return bool(judgement.number) if judgement.number in {0.0, 1.0} else None
        return judgement.label

    def answers(self, entry: Judged) -> list[Answer]:
        """Return all answers of a record, the evaluator's first."""
        everybody = [entry.judge, *entry.people] if entry.judge else entry.people
        return [answer for judgement in everybody if (answer := self.answer(judgement)) is not None]

    def pairs(self, entry: Judged) -> Iterator[Pair]:
        """Yield the evaluator's answer beside each person's."""
        said = self.answer(entry.judge) if entry.judge else None
        if entry.judge is None or said is None:
            return
        for person in entry.people:
            answer = self.answer(person)
            if answer is not None:
                yield Pair(entry.record_id, said, answer, entry.judge, person)


def _figures(pairs: Sequence[Pair], *, numeric: bool) -> Figures:
    judge, people = [pair.judge for pair in pairs], [pair.person for pair in pairs]
    return Figures(
        pairs=len(pairs),
        observed=fmean(pair.agrees for pair in pairs) if pairs else None,
        kappa=quadratic_kappa(_numbers(judge), _numbers(people))
        if numeric
        else cohen_kappa(confusion_table(judge, people)),
    )


def _interval(pairs: Sequence[Pair]) -> Interval | None:
    """Return the interval of the observed agreement: what people say of one record is alike."""
    judged = Counter(pair.record_id for pair in pairs)
    agreed = Counter(pair.record_id for pair in pairs if pair.agrees)
    return clustered_pass_rate_interval(list(judged.values()), [agreed[record_id] for record_id in judged])


def _table(pairs: Sequence[Pair]) -> ConfusionTable[Answer] | None:
    if len({answer for pair in pairs for answer in (pair.judge, pair.person)}) > MOST_LABELS:
        return None
    return confusion_table([pair.judge for pair in pairs], [pair.person for pair in pairs])


def _numbers(answers: Iterable[Answer]) -> list[float]:
    return [float(answer) for answer in answers]
