"""The statistics that summaries, comparisons and trends show; each names its source.

All of them are pure functions of numbers. Only `scipy.special` is used: `scipy.stats` takes a second to import, and the
tests hold these functions against it.
"""

from .clusters import clustered_pass_rate_interval, item_values
from .corrections import holm
from .means import fitting_interval, mean_interval
from .moments import Moments, moments
from .paired import PairedResult, PairedTest, compare_paired, correct_for_many
from .proportions import wilson_interval
from .repeated_trials import pass_at_k
from .shapes import histogram, percentile
from .verdicts import ComparisonVerdict, ScoreKind

__all__ = [
    "ComparisonVerdict",
    "Moments",
    "PairedResult",
    "PairedTest",
    "ScoreKind",
    "clustered_pass_rate_interval",
    "compare_paired",
    "correct_for_many",
    "fitting_interval",
    "histogram",
    "holm",
    "item_values",
    "mean_interval",
    "moments",
    "pass_at_k",
    "percentile",
    "wilson_interval",
]
