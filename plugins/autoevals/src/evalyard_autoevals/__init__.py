"""The scorers of the autoevals package (https://github.com/braintrustdata/autoevals), with its own scores from 0 to 1.

Each evaluator carries the name of its scorer, in the library too: `evalyard-autoevals/ExactMatch`. Those that ask a
language model do so through an endpoint of their own config; nothing of autoevals' process-wide state is used.
"""

from evalyard_autoevals._classifiers import (
    Battle,
    ClosedQA,
    Factuality,
    Humor,
    Possible,
    Security,
    Sql,
    Summary,
    Translation,
)
from evalyard_autoevals._heuristics import ExactMatch, JSONDiff, Levenshtein, ListContains, NumericDiff, ValidJSON
from evalyard_autoevals._retrieval import ContextPrecision, ContextRecall, ContextRelevancy, Faithfulness

__all__ = [
    "Battle",
    "ClosedQA",
    "ContextPrecision",
    "ContextRecall",
    "ContextRelevancy",
    "ExactMatch",
    "Factuality",
    "Faithfulness",
    "Humor",
    "JSONDiff",
    "Levenshtein",
    "ListContains",
    "NumericDiff",
    "Possible",
    "Security",
    "Sql",
    "Summary",
    "Translation",
    "ValidJSON",
]
