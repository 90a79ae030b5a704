"""Evaluators of text: each compares a system's output with an expected output or with what its config asks for.

An output that is no text is read as its JSON text, and null as no output at all, which fails. A record without an
expected output is skipped by the evaluators that need one.
"""

from evalyard_text._contains import Contains, ContainsConfig
from evalyard_text._ends import EndsConfig, EndsWith, StartsWith
from evalyard_text._exact_match import ExactMatch, ExactMatchConfig
from evalyard_text._fuzzy_match import FuzzyMatch, FuzzyMatchConfig
from evalyard_text._language import Language, LanguageConfig
from evalyard_text._length import Length, LengthConfig
from evalyard_text._numeric_match import NumericMatch, NumericMatchConfig
from evalyard_text._regex import Regex, RegexConfig

__all__ = [
    "Contains",
    "ContainsConfig",
    "EndsConfig",
    "EndsWith",
    "ExactMatch",
    "ExactMatchConfig",
    "FuzzyMatch",
    "FuzzyMatchConfig",
    "Language",
    "LanguageConfig",
    "Length",
    "LengthConfig",
    "NumericMatch",
    "NumericMatchConfig",
    "Regex",
    "RegexConfig",
    "StartsWith",
]
