"""The figures of a run: its progress and its summary."""

from typing import Final, Self

import strawberry

from evalyard_core.domain import runs as domain
from evalyard_core.domain.explaining import pace_of, shown_summary
from evalyard_core.domain.payload import now
from evalyard_schema.described import field, object_type

#: Of GraphQL's type Int.
LARGEST_INT: Final = 2**31 - 1


@object_type
class Interval:
    """A confidence interval."""

    low: float
    high: float
    level: float = strawberry.field(description="0.95 for 95 %.")

    @classmethod
    def of(cls, interval: domain.Interval | None) -> Self | None:
        """Return an interval, None for none."""
        return None if interval is None else cls(low=interval.low, high=interval.high, level=interval.level)


@object_type
class RunProgress:
    """How a run's records stand."""

    revision: int = strawberry.field(
        description="Grows with every change; a subscriber that comes back passes the last one it saw."
    )
    total: int = strawberry.field(description="All records; grows while records are submitted.")
    pending: int
    running: int = strawberry.field(description="Records whose output is there and whose scores are not, included.")
    completed: int = strawberry.field(description="Records that were carried out, whatever came of it.")
    passed: int
    failed: int
    errored: int
    cancelled: int
    percent: float = strawberry.field(description="Share of the records that are done with, 0 to 100.")
    records_per_second: float | None = strawberry.field(
        description="Mean since the start; null unless the run is at work for the first time."
    )
    eta_seconds: float | None = strawberry.field(description="How long the other records take at that rate.")

    @classmethod
    def of(cls, run: domain.Run) -> Self:
        """Return the progress of a run."""
        progress, pace = run.progress, pace_of(run, now())
        return cls(
            revision=run.revision,
            total=progress.total,
            pending=progress.pending,
            running=progress.running,
            completed=progress.completed,
            passed=progress.passed,
            failed=progress.failed,
            errored=progress.errored,
            cancelled=progress.cancelled,
            percent=progress.percent,
            records_per_second=pace.records_per_second,
            eta_seconds=pace.eta_seconds,
        )


@object_type
class PassAtK:
    """How the trials of an item agree."""

    k: int
    any_passes: float = strawberry.field(description="pass@k: the chance that at least one of k trials passes.")
    all_pass: float = strawberry.field(description="pass^k: the chance that all of k trials pass.")


@object_type
class RunSummary:
    """The figures of a run: exact once it has ended, until then what is known so far."""

    summary: strawberry.Private[domain.RunSummary]
    total_cost_usd: float = strawberry.field(description="Of the system's calls and of the scoring.")
    total_duration_ms: float | None = strawberry.field(description="From the start to the end.")
    average_latency_ms: float | None
    p50_latency_ms: float | None
    p95_latency_ms: float | None
    total_tokens: int = strawberry.field(description="At most 2,147,483,647 is shown.")
    pass_rate: float | None = strawberry.field(
        description="Share of the records with a verdict that passed; errored ones count as not passed."
    )
    passed: int
    failed: int
    errored: int
    cached_answers: int = strawberry.field(
        description="Records whose output was used again; they have no latency and cost nothing."
    )
    cached_scores: int = strawberry.field(description="Scores that were used again.")
    outdated: bool = strawberry.field(
        description="Whether somebody has scored a record since these figures were made; they are made anew at once."
    )

    @classmethod
    def of(cls, run: domain.Run) -> Self:
        """Return the summary of a run."""
        summary = shown_summary(run)
        return cls(
            summary=summary,
            total_cost_usd=summary.total_cost_usd,
            total_duration_ms=summary.total_duration_ms,
            average_latency_ms=summary.average_latency_ms,
            p50_latency_ms=summary.p50_latency_ms,
            p95_latency_ms=summary.p95_latency_ms,
            total_tokens=min(summary.total_tokens, LARGEST_INT),
            pass_rate=summary.pass_rate,
            passed=summary.passed,
            failed=summary.failed,
            errored=summary.errored,
            cached_answers=run.progress.cached_answers,
            cached_scores=min(run.progress.cached_scores, LARGEST_INT),
            outdated=summary.outdated,
        )

    @field
    def pass_rate_interval(self) -> Interval | None:
        """Wilson's interval of the pass rate."""
        return Interval.of(self.summary.pass_rate_interval)

    @field
    def pass_at_k(self) -> list[PassAtK]:
        """pass@k and pass^k, for k up to the number of trials."""
        return [
            PassAtK(k=point.k, any_passes=point.any_passes, all_pass=point.all_pass) for point in self.summary.pass_at_k
        ]
