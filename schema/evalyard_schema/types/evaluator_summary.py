"""What an evaluator made of a run."""

from typing import Self

import strawberry
from strawberry.scalars import JSON

from evalyard_core.domain import runs as domain
from evalyard_core.domain.evaluators import EvaluatorSnapshot
from evalyard_core.domain.explaining import explain_scoring, scoring_status, shown_distribution
from evalyard_core.domain.scored import scores_beside, spent_by
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.enums import ScoreType, ScoringStatus
from evalyard_schema.types import evaluator
from evalyard_schema.types.edges import follow
from evalyard_schema.types.figures import LARGEST_INT, Interval
from evalyard_schema.types.lazy import LazyEvaluator
from evalyard_schema.types.mapping import Threshold, VariableMapping
from evalyard_schema.types.named_scores import HistogramBin, LabelCount, NamedScores, histogram_of, labels_of
from evalyard_schema.types.run_score import RunScore


@object_type
class EvaluatorSummary:
    """An evaluator as the run uses it, whatever becomes of it later, and what it made of the records.

    The statistics are null until the run has ended.
    """

    of_run: strawberry.Private[domain.Run]
    snapshot: strawberry.Private[EvaluatorSnapshot]
    distribution: strawberry.Private[domain.Distribution]
    name: str = strawberry.field(description="The evaluator's name when the run started.")
    plugin_key: str
    config: JSON = strawberry.field(description="The config that the run uses.")
    score_type: ScoreType
    scores_records: bool
    scores_runs: bool = strawberry.field(description="Whether it scores the run as a whole; runScore is its result.")
    evaluator_version: int
    plugin_version: str
    config_hash: str = strawberry.field(
        description="Equal for two runs that used the same plugin with the same config and mapping."
    )
    status: ScoringStatus
    explanation: str = strawberry.field(description="For a person: what is done, what is left, what went wrong.")
    scored: int = strawberry.field(description="Scores with a value.")
    passed: int
    failed: int
    errored: int = strawberry.field(description="Scores that could not be computed.")
    skipped: int = strawberry.field(description="Records in which there was nothing to score.")
    pass_rate: float | None = strawberry.field(description="Over the scores that could pass or fail.")
    mean: float | None
    median: float | None
    standard_deviation: float | None
    minimum: float | None
    maximum: float | None
    cost_usd: float = strawberry.field(description="What scoring has cost.")
    tokens: int = strawberry.field(description="What scoring has used; at most 2,147,483,647 is shown.")

    @classmethod
    def of(cls, run: domain.Run, snapshot: EvaluatorSnapshot) -> Self:
        """Return what an evaluator made of a run."""
        key = snapshot.evaluator_id
        tally, distribution = run.tallies.get(key, domain.Tally()), shown_distribution(run, key)
        spent = spent_by(run, snapshot)
        return cls(
            of_run=run,
            snapshot=snapshot,
            distribution=distribution,
            name=snapshot.name,
            plugin_key=snapshot.plugin,
            config=snapshot.config,
            score_type=snapshot.score_type,
            scores_records=snapshot.scores_records,
            scores_runs=snapshot.scores_runs,
            evaluator_version=snapshot.version,
            plugin_version=snapshot.plugin_version,
            config_hash=snapshot.config_hash,
            status=scoring_status(run, key),
            explanation=explain_scoring(run, key),
            scored=tally.scored,
            passed=tally.passed,
            failed=tally.failed,
            errored=tally.errored,
            skipped=tally.skipped,
            pass_rate=distribution.pass_rate,
            mean=distribution.mean,
            median=distribution.median,
            standard_deviation=distribution.standard_deviation,
            minimum=distribution.minimum,
            maximum=distribution.maximum,
            cost_usd=spent.cost_usd,
            tokens=min(spent.tokens, LARGEST_INT),
        )

    @field
    def evaluator(self, info: Info) -> LazyEvaluator:
        """The evaluator as it is now."""
        loader = info.context.loaders.evaluators
        return follow(loader, self.snapshot.evaluator_id, evaluator.Evaluator.of, what="evaluator")

    @field
    def mapping(self) -> list[VariableMapping]:
        """The mapping that the run uses."""
        return [VariableMapping.of(entry) for entry in self.snapshot.mapping]

    @field
    def threshold(self) -> Threshold | None:
        """The threshold that the run uses."""
        return Threshold.of(self.snapshot.threshold)

    @field
    def pass_rate_interval(self) -> Interval | None:
        """Wilson's interval of the pass rate; with trials, of as many cases as they are worth."""
        return Interval.of(self.distribution.pass_rate_interval)

    @field
    def mean_interval(self) -> Interval | None:
        """Student's interval of the mean, by item where there are trials; of few or skewed values a bootstrap's."""
        return Interval.of(self.distribution.mean_interval)

    @field
    def histogram(self) -> list[HistogramBin]:
        """The numbers in equal bins, over 0 to 1 where all lie there."""
        return histogram_of(self.distribution)

    @field
    def labels(self) -> list[LabelCount]:
        """The labels by how often they were given, the first fifty."""
        return labels_of(self.distribution)

    @field
    def run_score(self) -> RunScore | None:
        """What it says of the run as a whole; null until it does, and where it scores records only."""
        return RunScore.current(self.of_run, self.snapshot.evaluator_id)

    @field
    def others(self) -> list[NamedScores]:
        """What its plugin gave beside its scores of the records, by name."""
        found = scores_beside(self.of_run, self.snapshot)
        return [NamedScores.of(self.of_run, key, name) for name, key in found.items()]
