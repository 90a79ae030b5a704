"""The statistics that summaries, comparisons and trends show; each names its source.

All of them are pure functions of numbers. Only `scipy.special` is used: `scipy.stats` takes a second to import, and the
tests hold these functions against it.
"""

from .agreement import (
    ConfusionTable,
    cohen_kappa,
    confusion_table,
    interval_alpha,
    nominal_alpha,
    quadratic_kappa,
)
from .clusters import clustered_pass_rate_interval, item_values
from .corrections import holm
from .failure_groups import FailureGroup, Feature, failure_groups
from .means import fitting_interval, mean_interval
from .moments import Moments, moments
from .paired import PairedResult, PairedTest, compare_paired, correct_for_many
from .proportions import wilson_interval
from .repeated_trials import pass_at_k
from .shapes import histogram, percentile
from .trends import Trend, TrendDirection, trend
from .verdicts import ComparisonVerdict, ScoreKind

__all__ = [
    "ComparisonVerdict",
    "ConfusionTable",
    "FailureGroup",
    "Feature",
    "Moments",
    "PairedResult",
    "PairedTest",
    "ScoreKind",
    "Trend",
    "TrendDirection",
    "clustered_pass_rate_interval",
    "cohen_kappa",
    "compare_paired",
    "confusion_table",
    "correct_for_many",
    "failure_groups",
    "fitting_interval",
    "histogram",
    "holm",
    "interval_alpha",
    "item_values",
    "mean_interval",
    "moments",
    "nominal_alpha",
    "pass_at_k",
    "percentile",
    "quadratic_kappa",
    "trend",
    "wilson_interval",
]
