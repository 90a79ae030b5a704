"""From the records of a run to its exact summary, in one pass that keeps only numbers."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import fmean
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from .records import RECORD_TERMINAL, Problem, RecordStatus, RunScore, ScoreStatus, Verdict
from .runs import Distribution, Interval, LabelCount, PassAtK, Progress, RunSummary, Tally
from .statistics import (
    Moments,
    clustered_pass_rate_interval,
    fitting_interval,
    histogram,
    item_values,
    moments,
    pass_at_k,
    percentile,
    wilson_interval,
)

Floats = NDArray[np.float64]

#: The place of a record without an item: it is like no other.
ALONE: Final = -1


class Figured(Protocol):
    """What a summary needs of one score."""

    @property
    def key(self) -> str: ...
    @property
    def status(self) -> ScoreStatus: ...
    @property
    def passed(self) -> bool | None: ...
    @property
    def number(self) -> float | None: ...
    @property
    def label(self) -> str | None: ...
    @property
    def cost_usd(self) -> float | None: ...
    @property
    def tokens(self) -> int: ...
    @property
    def error(self) -> Problem | None: ...
    @property
    def cached(self) -> bool: ...


class ScoreFigures(NamedTuple):
    """A score as far as a summary needs it; there are millions of them."""

    key: str
    status: ScoreStatus
    passed: bool | None
    number: float | None
    label: str | None
    cost_usd: float | None
    tokens: int
    error: Problem | None
    cached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFigures:
    """What a summary needs of one record."""

    item_id: str | None
    status: RecordStatus
    verdict: Verdict | None
    latency_ms: float | None
    cost_usd: float | None
    tokens: int
    scores: Sequence[Figured]
    cached: bool = False


class ScoreAccumulator:
    """Collects one evaluator's scores; of each it keeps which item it is of, by the item's place in the run."""

    def __init__(self) -> None:
        self._numbers = array("d")
        self._numbered_items = array("i")
        self._passed_items = array("i")
        self._failed_items = array("i")
        self._labels: Counter[str] = Counter()
        self._statuses: Counter[ScoreStatus] = Counter()
        self._cost = 0.0
        self._tokens = 0
        self._first_error: str | None = None

    def add(self, score: Figured, item: int = ALONE) -> None:
        """Take in one score of the item at a place."""
        self._statuses[score.status] += 1
        self._cost += score.cost_usd or 0.0
        self._tokens += score.tokens
        if score.status is ScoreStatus.OK:
            if score.passed is not None:
                (self._passed_items if score.passed else self._failed_items).append(item)
            if score.number is not None:
                self._numbers.append(score.number)
                self._numbered_items.append(item)
            if score.label is not None:
                self._labels[score.label] += 1
        elif score.error is not None and self._first_error is None:
            self._first_error = score.error.message

    def tally(self) -> Tally:
        """Return the counts."""
        return Tally(
            scored=self._statuses[ScoreStatus.OK],
            passed=len(self._passed_items),
            failed=len(self._failed_items),
            errored=self._statuses[ScoreStatus.ERROR],
            skipped=self._statuses[ScoreStatus.SKIPPED],
            cost_usd=self._cost,
            tokens=self._tokens,
        )

    def distribution(self) -> Distribution:
        """Return the figures; `pass_rate` is over the scores that could pass or fail.

        The intervals take an item's trials for one case; that of the mean is None with fewer than two items.
        """
        ordered = sorted(self._numbers)
        numbers = np.frombuffer(self._numbers)
        passed, judged = len(self._passed_items), len(self._passed_items) + len(self._failed_items)
        figures = moments(numbers)
        return Distribution(
            pass_rate=passed / judged if judged else None,
            pass_rate_interval=_pass_rate_interval(self._passed_items, self._failed_items),
            mean=figures.mean if figures else None,
            median=percentile(ordered, 0.5),
            standard_deviation=figures.deviation if figures else None,
            minimum=ordered[0] if ordered else None,
            maximum=ordered[-1] if ordered else None,
            mean_interval=_mean_interval(numbers, self._numbered_items, figures),
            histogram=histogram(ordered),
            labels=tuple(LabelCount(label=label, count=n) for label, n in self._labels.most_common(50)),
            first_error=self._first_error,
        )


def _mean_interval(numbers: Floats, items: "array[int]", figures: Moments | None) -> Interval | None:
    trials, sums = _by_item(np.frombuffer(items, dtype=np.intc), numbers)
    if trials.size == numbers.size:
        return fitting_interval(numbers, figures)
    return fitting_interval(item_values(sums, trials))


def _pass_rate_interval(passed: "array[int]", failed: "array[int]") -> Interval | None:
    items = np.frombuffer(passed + failed, dtype=np.intc)
    trials, passes = _by_item(items, np.arange(items.size) < len(passed))
    if trials.size == items.size:
        return wilson_interval(len(passed), items.size)
    return clustered_pass_rate_interval(trials, passes)


def _by_item(items: NDArray[np.intc], values: NDArray[np.float64 | np.bool]) -> tuple[Floats, Floats]:
    """Return the number and the sum of each item's values; a record without an item is one of its own."""
    of_items = items != ALONE
    trials = np.bincount(items[of_items])
    sums = np.bincount(items[of_items], weights=values[of_items])
    alone = values[~of_items]
    return np.concatenate([trials[trials > 0], np.ones(alone.size)]), np.concatenate([sums[trials > 0], alone])


@dataclass(slots=True)
class RunAccumulator:
    """Collects a run's records; `trials` and `trials_passed` count verdicts, each item's at its place in `items`."""

    statuses: Counter[RecordStatus] = field(default_factory=Counter)
    verdicts: Counter[Verdict | None] = field(default_factory=Counter)
    latencies: "array[float]" = field(default_factory=lambda: array("d"))
    cost_usd: float = 0.0
    tokens: int = 0
    cached_answers: int = 0
    cached_scores: int = 0
    scores: dict[str, ScoreAccumulator] = field(default_factory=lambda: defaultdict(ScoreAccumulator))
    items: dict[str, int] = field(default_factory=dict)
    trials: "array[int]" = field(default_factory=lambda: array("i"))
    trials_passed: "array[int]" = field(default_factory=lambda: array("i"))

    def add(self, record: RecordFigures) -> None:
        """Take in one record; of one that waits for its scores, just that it does."""
        self.statuses[record.status] += 1
        if record.status is RecordStatus.SCORING:
            return
        self.verdicts[record.verdict] += 1
        self.cost_usd += record.cost_usd or 0.0
        self.tokens += record.tokens
        self.cached_answers += record.cached
        if record.latency_ms is not None:
            self.latencies.append(record.latency_ms)
        item = self._place(record.item_id)
        for score in record.scores:
            self.cost_usd += score.cost_usd or 0.0
            self.tokens += score.tokens
            self.cached_scores += score.cached
            self.scores[score.key].add(score, item)
        if item != ALONE and record.verdict is not None:
            self.trials[item] += 1
            self.trials_passed[item] += record.verdict is Verdict.PASSED

    def add_run_score(self, run_score: RunScore) -> None:
        """Take in what an evaluator's score of the whole run cost."""
        self.cost_usd += sum(score.cost_usd or 0.0 for score in run_score.scores)
        self.tokens += sum(score.tokens for score in run_score.scores)

    @property
    def has_open_records(self) -> bool:
        """Whether some record is not done with."""
        return any(status not in RECORD_TERMINAL for status in self.statuses)

    def progress(self) -> Progress:
        """Return how the records stand."""
        return Progress(
            total=self.statuses.total(),
            running=self.statuses[RecordStatus.RUNNING] + self.statuses[RecordStatus.SCORING],
            completed=self.statuses[RecordStatus.COMPLETED] + self.statuses[RecordStatus.ERRORED],
            passed=self.verdicts[Verdict.PASSED],
            failed=self.verdicts[Verdict.FAILED],
            errored=self.verdicts[Verdict.ERRORED],
            cancelled=self.statuses[RecordStatus.CANCELLED],
            cost_usd=self.cost_usd,
            tokens=self.tokens,
            cached_answers=self.cached_answers,
            cached_scores=self.cached_scores,
        )

    def summary(self, *, started_at: datetime | None, finished_at: datetime, most_trials: int) -> RunSummary:
        """Return the figures; the pass rate is over all records with a verdict, errored ones count as not passed.

        Its interval takes into account that the trials of an item are alike.
        """
        ordered = sorted(self.latencies)
        passed, failed, errored = (self.verdicts[v] for v in (Verdict.PASSED, Verdict.FAILED, Verdict.ERRORED))
        judged = passed + failed + errored
        return RunSummary(
            total_cost_usd=self.cost_usd,
            total_tokens=self.tokens,
            total_duration_ms=(finished_at - started_at).total_seconds() * 1000 if started_at else None,
            average_latency_ms=fmean(ordered) if ordered else None,
            p50_latency_ms=percentile(ordered, 0.5),
            p95_latency_ms=percentile(ordered, 0.95),
            pass_rate=passed / judged if judged else None,
            pass_rate_interval=self._pass_rate_interval(passed, judged),
            passed=passed,
            failed=failed,
            errored=errored,
            pass_at_k=self._pass_at_k(most_trials),
        )

    def tallies(self) -> Mapping[str, Tally]:
        """Return each evaluator's counts, by score key."""
        return {key: scores.tally() for key, scores in self.scores.items()}

    def distributions(self) -> Mapping[str, Distribution]:
        """Return each evaluator's figures, by score key."""
        return {key: scores.distribution() for key, scores in self.scores.items()}

    def _place(self, item_id: str | None) -> int:
        if item_id is None:
            return ALONE
        place = self.items.setdefault(item_id, len(self.items))
        if place == len(self.trials):
            self.trials.append(0)
            self.trials_passed.append(0)
        return place

    def _pass_rate_interval(self, passed: int, judged: int) -> Interval | None:
        if max(self.trials, default=0) <= 1:
            return wilson_interval(passed, judged)
        alone, alone_passed = judged - sum(self.trials), passed - sum(self.trials_passed)
        return clustered_pass_rate_interval(
            [*self.trials, *[1] * alone],
            [*self.trials_passed, *[1] * alone_passed, *[0] * (alone - alone_passed)],
        )

    def _pass_at_k(self, most: int) -> tuple[PassAtK, ...]:
        return pass_at_k(((n, c) for n, c in zip(self.trials, self.trials_passed, strict=True) if n), most)
