"""A candidate's figures beside the baseline's."""

from typing import Self

import strawberry

from evalyard_core.domain.comparing.alignment import Change
from evalyard_core.domain.comparing.comparison import Comparison
from evalyard_core.domain.comparing.figures import CandidateFigures, Figure, evaluators_of
from evalyard_core.domain.comparing.warnings import warnings_of
from evalyard_core.domain.evaluators import EvaluatorSnapshot
from evalyard_core.domain.explaining import shown_summary
from evalyard_core.domain.runs import Run as DomainRun
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.enums import ComparisonVerdict
from evalyard_schema.types import evaluator
from evalyard_schema.types.edges import follow
from evalyard_schema.types.figures import Interval
from evalyard_schema.types.lazy import LazyEvaluator
from evalyard_schema.types.run import Run


@object_type
class EvaluatorComparison:
    """One evaluator's scores in the candidate beside those in the baseline, over the cases that both have.

    A case with trials counts once, by their mean. Scores without a number count 1 where they pass and 0 where not.
    """

    figure: strawberry.Private[Figure]
    evaluator_id: strawberry.Private[str]
    name: str = strawberry.field(description="The evaluator's name when the run started.")
    baseline_mean: float | None
    candidate_mean: float | None
    delta: float | None = strawberry.field(description="The candidate's mean less the baseline's.")
    p_value: float | None = strawberry.field(description="Of this evaluator by itself.")
    adjusted_p_value: float | None = strawberry.field(
        description="As one of all evaluators (Holm); the verdict goes by it."
    )
    test: str | None = strawberry.field(description="The name of the paired test.")
    pairs: int = strawberry.field(description="Cases that have this score in both runs.")
    cases_needed: int | None = strawberry.field(
        description="At how many cases a difference like this one would be found with a chance of 80 %."
    )
    lower_is_better: bool = strawberry.field(
        description="Whether small numbers are better, as with a threshold LT or LTE; the verdict goes by it."
    )
    verdict: ComparisonVerdict

    @classmethod
    def of(cls, snapshot: EvaluatorSnapshot, figure: Figure) -> Self:
        """Return an evaluator's figures."""
        return cls(
            figure=figure,
            evaluator_id=snapshot.evaluator_id,
            name=snapshot.name,
            baseline_mean=figure.baseline,
            candidate_mean=figure.candidate,
            delta=figure.paired.delta,
            p_value=figure.paired.p_value,
            adjusted_p_value=figure.corrected.p_value,
            test=figure.paired.test,
            pairs=figure.paired.pairs,
            cases_needed=figure.corrected.cases_needed,
            lower_is_better=snapshot.lower_is_better,
            verdict=figure.corrected.verdict,
        )

    @field
    def evaluator(self, info: Info) -> LazyEvaluator:
        """The evaluator as it is now."""
        return follow(info.context.loaders.evaluators, self.evaluator_id, evaluator.Evaluator.of, what="evaluator")

    @field
    def delta_interval(self) -> Interval | None:
        """The interval of the difference, by itself."""
        return Interval.of(self.figure.paired.interval)


@object_type
class CandidateComparison:
    """A candidate beside the baseline."""

    figures: strawberry.Private[CandidateFigures]
    snapshots: strawberry.Private[list[EvaluatorSnapshot]]
    run: Run
    regressed: int = strawberry.field(description="Cases of which a smaller share of trials passed.")
    improved: int = strawberry.field(description="Cases of which a larger share of trials passed.")
    unchanged: int
    added: int = strawberry.field(description="Cases that the baseline did not have.")
    removed: int = strawberry.field(description="Cases that the candidate does not have.")
    baseline_pass_rate: float | None = strawberry.field(description="Over the cases that both runs have a verdict of.")
    candidate_pass_rate: float | None = strawberry.field(description="Over the cases that both runs have a verdict of.")
    pass_rate_delta: float | None = strawberry.field(description="The candidate's pass rate less the baseline's.")
    p_value: float | None = strawberry.field(
        description="How likely chance alone makes a difference of pass rates as large as this."
    )
    test: str | None = strawberry.field(description="The name of the paired test.")
    pairs: int = strawberry.field(description="Cases that both runs have a verdict of.")
    cases_needed: int | None = strawberry.field(
        description="At how many cases a difference like this one would be found with a chance of 80 %."
    )
    verdict: ComparisonVerdict = strawberry.field(description="Of the pass rates.")
    average_latency_delta_ms: float | None = strawberry.field(description="Between the means of the two runs.")
    cost_delta_usd: float | None = strawberry.field(description="Between the totals of the two runs.")
    warnings: list[str] = strawberry.field(
        description="Said when the two runs did not use the same dataset version, evaluator versions or evaluator "
        "configs, with what to do about it."
    )

    @classmethod
    def of(cls, comparison: Comparison, place: int, figures: CandidateFigures) -> Self:
        """Return the candidate at a place."""
        baseline, candidate = comparison.baseline, comparison.candidates[place]
        changes, rates = comparison.changes(place), figures.pass_rate
        latency, cost = _deltas(baseline, candidate)
        return cls(
            figures=figures,
            snapshots=evaluators_of(baseline, candidate),
            run=Run.of(candidate),
            regressed=changes[Change.REGRESSED],
            improved=changes[Change.IMPROVED],
            unchanged=changes[Change.UNCHANGED],
            added=changes[Change.ADDED],
            removed=changes[Change.REMOVED],
            baseline_pass_rate=rates.baseline,
            candidate_pass_rate=rates.candidate,
            pass_rate_delta=rates.paired.delta,
            p_value=rates.paired.p_value,
            test=rates.paired.test,
            pairs=rates.paired.pairs,
            cases_needed=rates.paired.cases_needed,
            verdict=rates.paired.verdict,
            average_latency_delta_ms=latency,
            cost_delta_usd=cost,
            warnings=list(warnings_of(baseline, candidate)),
        )

    @field
    def pass_rate_delta_interval(self) -> Interval | None:
        """The interval of the difference of pass rates."""
        return Interval.of(self.figures.pass_rate.paired.interval)

    @field
    def evaluators(self) -> list[EvaluatorComparison]:
        """The evaluators of both runs."""
        return [EvaluatorComparison.of(entry, self.figures.evaluators[entry.evaluator_id]) for entry in self.snapshots]


def _deltas(baseline: DomainRun, candidate: DomainRun) -> tuple[float | None, float]:
    before, after = shown_summary(baseline), shown_summary(candidate)
    slower = None
    if before.average_latency_ms is not None and after.average_latency_ms is not None:
        slower = after.average_latency_ms - before.average_latency_ms
    return slower, after.total_cost_usd - before.total_cost_usd
