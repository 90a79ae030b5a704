"""What an evaluator's plugin gave beside the evaluator's own scores, over a run."""

from typing import Self

import strawberry

from evalyard_core.domain import runs as domain
from evalyard_core.domain.explaining import shown_distribution
from evalyard_schema.described import field, object_type
from evalyard_schema.types.figures import Interval


@object_type
class HistogramBin:
    """A bar: low <= score < high, the last one closed."""

    low: float
    high: float
    count: int


@object_type
class LabelCount:
    """How often a label was given."""

    label: str
    count: int


def histogram_of(distribution: domain.Distribution) -> list[HistogramBin]:
    """Return the bars of a distribution."""
    return [HistogramBin(low=bar.low, high=bar.high, count=bar.count) for bar in distribution.histogram]


def labels_of(distribution: domain.Distribution) -> list[LabelCount]:
    """Return the labels of a distribution."""
    return [LabelCount(label=entry.label, count=entry.count) for entry in distribution.labels]


@object_type
class NamedScores:
    """Scores of one name that an evaluator's plugin gave beside the evaluator's own; they pass or fail nothing.

    The statistics are null until the run has ended.
    """

    distribution: strawberry.Private[domain.Distribution]
    name: str
    scored: int = strawberry.field(description="Records that have one.")
    mean: float | None
    median: float | None
    standard_deviation: float | None
    minimum: float | None
    maximum: float | None

    @classmethod
    def of(cls, run: domain.Run, score_key: str, name: str) -> Self:
        """Return what a run's records have under a name."""
        distribution = shown_distribution(run, score_key)
        return cls(
            distribution=distribution,
            name=name,
            scored=run.tallies[score_key].scored,
            mean=distribution.mean,
            median=distribution.median,
            standard_deviation=distribution.standard_deviation,
            minimum=distribution.minimum,
            maximum=distribution.maximum,
        )

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
