"""The statistics that summaries, comparisons and trends show; each names its source.

All of them are pure functions of numbers. Only `scipy.special` is used: `scipy.stats` takes a second to import, and the
tests hold these functions against it.
"""

from .corrections import holm
from .means import mean_interval
from .paired import PairedResult, PairedTest, compare_paired, correct_for_many
from .proportions import wilson_interval
from .repeated_trials import pass_at_k
from .shapes import histogram, percentile
from .verdicts import ComparisonVerdict, ScoreKind

__all__ = [
    "ComparisonVerdict",
    "PairedResult",
    "PairedTest",
    "ScoreKind",
    "compare_paired",
    "correct_for_many",
    "histogram",
    "holm",
    "mean_interval",
    "pass_at_k",
    "percentile",
    "wilson_interval",
]
