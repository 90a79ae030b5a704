"""What records that were just stored add to a run's counters."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Protocol, TypeVar

from .caching import AnswerOrigin
from .records import RecordStatus, Score, Verdict
from .runs import Progress, Tally
from .summaries import ScoreAccumulator

CountedT = TypeVar("CountedT", Progress, Tally)


class Counted(Protocol):
    """What is counted of a record."""

    @property
    def status(self) -> RecordStatus: ...
    @property
    def verdict(self) -> Verdict | None: ...
    @property
    def latency_ms(self) -> float | None: ...
    @property
    def cost_usd(self) -> float | None: ...
    @property
    def prompt_tokens(self) -> int | None: ...
    @property
    def completion_tokens(self) -> int | None: ...
    @property
    def cached_from(self) -> AnswerOrigin | None: ...
    @property
    def scores(self) -> tuple[Score, ...]: ...


def progress_of(records: Iterable[Counted]) -> Progress:
    """Return how many records came to what; `total` is left at 0.

    One that waits for its scores is running, and nothing else is counted of it until they are stored.
    """
    counted = list(records)
    rows = [row for row in counted if row.status is not RecordStatus.SCORING]
    verdicts = [row.verdict for row in rows]
    return Progress(
        running=len(counted) - len(rows),
        completed=sum(row.status in {RecordStatus.COMPLETED, RecordStatus.ERRORED} for row in rows),
        passed=verdicts.count(Verdict.PASSED),
        failed=verdicts.count(Verdict.FAILED),
        errored=verdicts.count(Verdict.ERRORED),
        cost_usd=sum((row.cost_usd or 0.0) + sum(score.cost_usd or 0.0 for score in row.scores) for row in rows),
        tokens=sum(_tokens(row) for row in rows),
        cached_answers=sum(row.cached_from is not None for row in rows),
        cached_scores=sum(score.cached for row in rows for score in row.scores),
    )


def _tokens(row: Counted) -> int:
    return (row.prompt_tokens or 0) + (row.completion_tokens or 0) + sum(score.tokens for score in row.scores)


def negative(counted: CountedT) -> CountedT:
    """Return what takes these counts back."""
    return type(counted)(**{entry.name: -getattr(counted, entry.name) for entry in fields(counted)})


def change_of(before: Counted, after: Counted) -> tuple[Progress, Mapping[str, Tally]]:
    """Return what a run's counters grow by when a record that was counted becomes another."""
    taken, added = tallies_of([before]), tallies_of([after])
    return (
        _difference(progress_of([after]), progress_of([before])),
        {key: _difference(added.get(key, Tally()), taken.get(key, Tally())) for key in {**taken, **added}},
    )


def _difference(of: CountedT, less: CountedT) -> CountedT:
    return type(of)(**{entry.name: getattr(of, entry.name) - getattr(less, entry.name) for entry in fields(of)})


def tallies_of(records: Iterable[Counted]) -> Mapping[str, Tally]:
    """Return how each evaluator's scores stand, by score key; those of records that wait for new ones do not count."""
    accumulators: defaultdict[str, ScoreAccumulator] = defaultdict(ScoreAccumulator)
    for row in records:
        for score in row.scores if row.status is not RecordStatus.SCORING else ():
            accumulators[score.key].add(score)
    return {key: accumulator.tally() for key, accumulator in accumulators.items()}
