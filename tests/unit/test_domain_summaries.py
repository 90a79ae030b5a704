"""A run's summary and counters against a naive computation from the same records."""

import statistics
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.caching import AnswerOrigin
from evalyard_core.domain.counting import negative, progress_of, tallies_of
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import (
    RECORD_TERMINAL,
    Problem,
    RecordStatus,
    Score,
    ScoreSource,
    ScoreStatus,
    Verdict,
)
from evalyard_core.domain.runs import Interval, LabelCount, Progress, Tally
from evalyard_core.domain.statistics import (
    clustered_pass_rate_interval,
    fitting_interval,
    histogram,
    mean_interval,
    pass_at_k,
    percentile,
    wilson_interval,
)
from evalyard_core.domain.summaries import RecordFigures, RunAccumulator, ScoreAccumulator
from tests.fixtures.core import QUICK, a_score

MOMENT = now()
COSTS = st.none() | st.integers(0, 1000).map(lambda cents: cents / 100)


@st.composite
def scores(draw: st.DrawFn, evaluator_id: str | None = None) -> Score:
    status = draw(st.sampled_from(ScoreStatus))
    done = status is ScoreStatus.OK
    return Score(
        evaluator_id=evaluator_id,
        name="tone",
        status=status,
        source=ScoreSource.PLUGIN,
        created_at=MOMENT,
        passed=draw(st.sampled_from([True, False, None])) if done else None,
        number=draw(st.none() | st.floats(-100, 100)) if done else None,
        label=draw(st.none() | st.sampled_from(["good", "bad"])) if done else None,
        error=draw(st.builds(Problem, st.just("X"), st.text())) if status is ScoreStatus.ERROR else None,
        cost_usd=draw(COSTS),
        cached_from=draw(st.none() | st.just("r")),
    )


@dataclass(frozen=True)
class Row:
    """A record as the counters see it, with what the summary wants of it."""

    item_id: str | None
    status: RecordStatus
    verdict: Verdict | None
    latency_ms: float | None
    cost_usd: float | None
    prompt_tokens: int | None
    completion_tokens: int | None
    scores: tuple[Score, ...]
    cached_from: AnswerOrigin | None = None

    @property
    def figures(self) -> RecordFigures:
        return RecordFigures(
            item_id=self.item_id,
            status=self.status,
            verdict=self.verdict,
            latency_ms=self.latency_ms,
            cost_usd=self.cost_usd,
            tokens=(self.prompt_tokens or 0) + (self.completion_tokens or 0),
            scores=self.scores,
            cached=self.cached_from is not None,
        )


@st.composite
def rows(draw: st.DrawFn) -> Row:
    evaluators = draw(st.lists(st.sampled_from(["e1", "e2", None]), unique=True))
    return Row(
        item_id=draw(st.sampled_from([None, "i1", "i2", "i3"])),
        status=draw(st.sampled_from(RecordStatus)),
        verdict=draw(st.none() | st.sampled_from(Verdict)),
        latency_ms=draw(st.none() | st.floats(0, 1e6)),
        cost_usd=draw(COSTS),
        prompt_tokens=draw(st.none() | st.integers(0, 10_000)),
        completion_tokens=draw(st.none() | st.integers(0, 10_000)),
        scores=tuple(draw(scores(evaluator)) for evaluator in evaluators),
        cached_from=draw(st.none() | st.just(AnswerOrigin(record_id="r"))),
    )


def _done_with(records: list[Row]) -> list[Row]:
    """Return the records that do not wait for their scores: of the others only that they wait is counted."""
    return [record for record in records if record.status is not RecordStatus.SCORING]


def _total_cost(records: list[Row]) -> float:
    return sum((r.cost_usd or 0) + sum(score.cost_usd or 0 for score in r.scores) for r in records)


def _pass_rate_interval(records: list[Row]) -> Interval | None:
    """Return the interval by cluster, a record without an item being one of its own."""
    trials: Counter[object] = Counter()
    passes: Counter[object] = Counter()
    for place, record in enumerate(records):
        if record.verdict is not None:
            trials[record.item_id or place] += 1
            passes[record.item_id or place] += record.verdict is Verdict.PASSED
    if max(trials.values(), default=0) <= 1:
        return wilson_interval(passes.total(), trials.total())
    return clustered_pass_rate_interval(list(trials.values()), [passes[item] for item in trials])


@QUICK
@given(st.lists(rows(), max_size=30))
def test_a_summary_is_what_one_counts_by_hand(records: list[Row]):
    collected = RunAccumulator()
    for record in records:
        collected.add(record.figures)
    records = _done_with(records)
    started, finished = MOMENT, MOMENT + timedelta(seconds=2.5)
    summary = collected.summary(started_at=started, finished_at=finished, most_trials=3)
    verdicts = Counter(record.verdict for record in records)
    judged = sum(verdicts[verdict] for verdict in Verdict)
    latencies = sorted(record.latency_ms for record in records if record.latency_ms is not None)
    assert (summary.passed, summary.failed, summary.errored) == tuple(verdicts[verdict] for verdict in Verdict)
    assert summary.pass_rate == (verdicts[Verdict.PASSED] / judged if judged else None)
    interval = _pass_rate_interval(records)
    assert (summary.pass_rate_interval is None) is (interval is None)
    if interval is not None and summary.pass_rate_interval is not None:
        ends = (summary.pass_rate_interval.low, summary.pass_rate_interval.high)
        assert ends == pytest.approx((interval.low, interval.high))
    assert summary.total_cost_usd == pytest.approx(_total_cost(records))
    assert summary.total_tokens == sum((r.prompt_tokens or 0) + (r.completion_tokens or 0) for r in records)
    assert summary.total_duration_ms == 2500.0
    assert summary.average_latency_ms == (statistics.fmean(latencies) if latencies else None)
    assert summary.p50_latency_ms == percentile(latencies, 0.5)
    assert summary.p95_latency_ms == percentile(latencies, 0.95)
    judged_rows = [r for r in records if r.item_id is not None and r.verdict is not None]
    items = {
        item: (
            sum(r.item_id == item for r in judged_rows),
            sum(r.item_id == item and r.verdict is Verdict.PASSED for r in judged_rows),
        )
        for item in {r.item_id for r in judged_rows}
    }
    points = pass_at_k(items.values(), 3)
    assert [point.k for point in summary.pass_at_k] == [point.k for point in points]
    for point, wanted in zip(summary.pass_at_k, points, strict=True):
        assert (point.any_passes, point.all_pass) == pytest.approx((wanted.any_passes, wanted.all_pass))


@QUICK
@given(st.lists(rows(), max_size=30))
def test_progress_and_tallies_are_what_one_counts_by_hand(records: list[Row]):
    collected = RunAccumulator()
    for record in records:
        collected.add(record.figures)
    scored = _done_with(records)
    statuses = Counter(record.status for record in records)
    progress = collected.progress()
    assert progress.total == len(records)
    assert progress.running == statuses[RecordStatus.RUNNING] + statuses[RecordStatus.SCORING]
    assert progress.completed == statuses[RecordStatus.COMPLETED] + statuses[RecordStatus.ERRORED]
    assert (progress.cancelled, progress.pending) == (statuses[RecordStatus.CANCELLED], statuses[RecordStatus.PENDING])
    assert progress.cost_usd == pytest.approx(_total_cost(scored))
    assert collected.has_open_records is any(record.status not in RECORD_TERMINAL for record in records)
    given_scores = [score for record in scored for score in record.scores]
    assert progress.cached_answers == sum(record.cached_from is not None for record in scored)
    assert progress.cached_scores == sum(score.cached_from is not None for score in given_scores)
    assert collected.tallies().keys() == {score.key for score in given_scores}
    for key, tally in collected.tallies().items():
        own = [score for score in given_scores if score.key == key]
        assert (tally.scored, tally.errored, tally.skipped) == tuple(
            sum(score.status is status for score in own) for status in ScoreStatus
        )
        assert tally.passed == sum(score.passed is True for score in own)
        assert tally.failed == sum(score.passed is False for score in own)
        assert tally.done == len(own)


@QUICK
@given(st.lists(st.lists(rows(), max_size=8), max_size=5))
def test_counting_batch_by_batch_comes_to_the_exact_figures(batches: list[list[Row]]):
    """Live counters, increments of each batch, end where the aggregation of all records does."""
    done = {RecordStatus.COMPLETED, RecordStatus.ERRORED, RecordStatus.SCORING}
    batches = [[row for row in batch if row.status in done] for batch in batches]
    exact = RunAccumulator()
    for row in (row for batch in batches for row in batch):
        exact.add(row.figures)
    increments = [progress_of(batch) for batch in batches]
    for name in ("running", "completed", "passed", "failed", "errored", "tokens", "cached_answers", "cached_scores"):
        assert sum(getattr(part, name) for part in increments) == getattr(exact.progress(), name)
    assert sum(part.cost_usd for part in increments) == pytest.approx(exact.progress().cost_usd)
    assert {part.total for part in increments} <= {0}
    summed: dict[str, Counter[str]] = {}
    for batch in batches:
        for key, tally in tallies_of(batch).items():
            counts = {name: getattr(tally, name) for name in ("scored", "passed", "failed", "errored", "skipped")}
            summed.setdefault(key, Counter()).update(counts)
    for key, tally in exact.tallies().items():
        assert {name: getattr(tally, name) for name in summed[key]} == dict(summed[key])


@QUICK
@given(st.lists(scores(), max_size=30))
def test_an_evaluator_s_figures_are_what_one_counts_by_hand(given_scores: list[Score]):
    collected = ScoreAccumulator()
    for score in given_scores:
        collected.add(score)
    distribution = collected.distribution()
    numbers = sorted(score.number for score in given_scores if score.number is not None)
    judged = [score.passed for score in given_scores if score.passed is not None]
    assert distribution.pass_rate == (sum(judged) / len(judged) if judged else None)
    assert distribution.pass_rate_interval == wilson_interval(sum(judged), len(judged))
    assert distribution.mean == (statistics.fmean(numbers) if numbers else None)
    assert distribution.median == (pytest.approx(statistics.median(numbers)) if numbers else None)
    deviation = statistics.stdev(numbers) if len(numbers) > 1 else None
    assert distribution.standard_deviation == (None if deviation is None else pytest.approx(deviation))
    assert (distribution.minimum, distribution.maximum) == ((numbers[0], numbers[-1]) if numbers else (None, None))
    interval = fitting_interval(np.array(numbers))
    assert (distribution.mean_interval is None) is (interval is None)
    if interval is not None and distribution.mean_interval is not None:
        assert (distribution.mean_interval.low, distribution.mean_interval.high) == pytest.approx(
            (interval.low, interval.high)
        )
    assert distribution.histogram == histogram(numbers)
    labels = Counter(score.label for score in given_scores if score.label is not None)
    assert {entry.label: entry.count for entry in distribution.labels} == dict(labels)
    assert [entry.count for entry in distribution.labels] == sorted(labels.values(), reverse=True)
    errors = [score.error.message for score in given_scores if score.error is not None]
    assert distribution.first_error == (errors[0] if errors else None)


def _a_record(item_id: str | None, number: float, *, passed: bool) -> RecordFigures:
    return RecordFigures(
        item_id=item_id,
        status=RecordStatus.COMPLETED,
        verdict=Verdict.PASSED if passed else Verdict.FAILED,
        latency_ms=None,
        cost_usd=None,
        tokens=0,
        scores=[a_score(number=number, passed=passed)],
    )


def test_five_trials_of_an_item_do_not_count_as_five_items():
    once, often = RunAccumulator(), RunAccumulator()
    for item in range(10):
        for trial in range(5):
            record = _a_record(f"i{item}", item / 10, passed=item < 7)
            often.add(record)
            if trial == 0:
                once.add(record)
    summaries = [c.summary(started_at=None, finished_at=MOMENT, most_trials=1) for c in (once, often)]
    assert [summary.pass_rate for summary in summaries] == [0.7, 0.7]
    assert summaries[0].pass_rate_interval == wilson_interval(7, 10)
    assert summaries[1].pass_rate_interval is not None
    ends = (summaries[1].pass_rate_interval.low, summaries[1].pass_rate_interval.high)
    assert ends == pytest.approx((0.3967781, 0.8922087), abs=1e-6)
    [single], [clustered] = once.distributions().values(), often.distributions().values()
    assert single.mean_interval == mean_interval([item / 10 for item in range(10)])
    assert single.mean_interval is not None
    assert clustered.mean_interval is not None
    assert (clustered.mean_interval.low, clustered.mean_interval.high) == pytest.approx(
        (single.mean_interval.low, single.mean_interval.high)
    )
    assert (single.pass_rate_interval, clustered.pass_rate_interval) == (
        wilson_interval(7, 10),
        summaries[1].pass_rate_interval,
    )
    assert (single.mean, clustered.mean) == (pytest.approx(0.45), pytest.approx(0.45))


def test_records_without_an_item_are_each_their_own():
    collected = RunAccumulator()
    for number in (0.1, 0.2, 0.4, 0.7):
        collected.add(_a_record(None, number, passed=number > 0.3))
    alone = collected.summary(started_at=None, finished_at=MOMENT, most_trials=1)
    assert alone.pass_rate_interval == wilson_interval(2, 4)
    assert next(iter(collected.distributions().values())).mean_interval == mean_interval([0.1, 0.2, 0.4, 0.7])
    collected.add(_a_record("i1", 0.5, passed=True))
    collected.add(_a_record("i1", 0.9, passed=True))
    mixed = collected.summary(started_at=None, finished_at=MOMENT, most_trials=1)
    assert mixed.pass_rate_interval == clustered_pass_rate_interval([2, 1, 1, 1, 1], [2, 1, 1, 0, 0])
    [distribution] = collected.distributions().values()
    assert distribution.pass_rate_interval == mixed.pass_rate_interval
    # The linearised values of the sums 1.4 and 0.1 to 0.7: the mean of all, and deviations from it by item.
    mean = 2.8 / 6
    values = [mean + (total - mean * n) * 5 / 6 for total, n in [(1.4, 2), (0.1, 1), (0.2, 1), (0.4, 1), (0.7, 1)]]
    wanted = mean_interval(values)
    assert wanted is not None
    assert distribution.mean_interval is not None
    assert (distribution.mean_interval.low, distribution.mean_interval.high) == pytest.approx((wanted.low, wanted.high))


def test_a_record_that_is_scored_again_counts_once():
    """Its old scores stay in it until new ones come, and are counted with these and not before."""
    waiting = Row("i1", RecordStatus.SCORING, Verdict.PASSED, 5.0, 2.0, 3, 4, (a_score(cost_usd=1.0),))
    done = replace(waiting, status=RecordStatus.COMPLETED)
    assert progress_of([waiting, waiting]) == Progress(running=2)
    assert tallies_of([waiting]) == {}
    assert progress_of([waiting, done]) == Progress(running=1, completed=1, passed=1, cost_usd=3.0, tokens=7)
    assert tallies_of([waiting, done]) == tallies_of([done])
    collected = RunAccumulator()
    collected.add(waiting.figures)
    collected.add(done.figures)
    assert collected.progress() == Progress(total=2, running=1, completed=1, passed=1, cost_usd=3.0, tokens=7)
    assert collected.tallies() == tallies_of([done])


def test_counts_are_taken_back_by_their_negative():
    assert negative(Progress(total=2, errored=1, cost_usd=0.5)) == Progress(total=-2, errored=-1, cost_usd=-0.5)
    assert negative(Tally(skipped=3)) == Tally(skipped=-3)


def test_the_figures_of_nothing_are_none():
    empty = RunAccumulator()
    summary = empty.summary(started_at=None, finished_at=MOMENT, most_trials=2)
    assert (summary.pass_rate, summary.average_latency_ms, summary.total_duration_ms) == (None, None, None)
    assert (summary.passed, summary.total_cost_usd, summary.pass_at_k) == (0, 0.0, ())
    assert empty.progress() == Progress()
    assert (empty.tallies(), empty.distributions(), empty.has_open_records) == ({}, {}, False)
    assert ScoreAccumulator().tally() == Tally()


def test_the_fifty_commonest_labels_are_kept():
    collected = ScoreAccumulator()
    for number in range(60):
        for _ in range(number + 1):
            collected.add(
                Score(
                    name="n",
                    status=ScoreStatus.OK,
                    source=ScoreSource.PLUGIN,
                    created_at=MOMENT,
                    label=f"label {number}",
                )
            )
    labels = collected.distribution().labels
    assert len(labels) == 50
    assert labels[0] == LabelCount(label="label 59", count=60)
