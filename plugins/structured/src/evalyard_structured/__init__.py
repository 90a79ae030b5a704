"""Evaluators of structured outputs: JSON documents and SQL.

A text is read as JSON or SQL, also within a Markdown code block; one that can't be read fails, with the reason. An
output of null is no output, which fails; a record without an expected output is skipped where one is needed.
"""

from evalyard_structured._difference import DifferenceConfig
from evalyard_structured._json_difference import JsonDifference, JsonSimilarity
from evalyard_structured._json_schema import JsonSchema, JsonSchemaConfig
from evalyard_structured._sql_equivalence import SqlEquivalence, SqlEquivalenceConfig

__all__ = [
    "DifferenceConfig",
    "JsonDifference",
    "JsonSchema",
    "JsonSchemaConfig",
    "JsonSimilarity",
    "SqlEquivalence",
    "SqlEquivalenceConfig",
]
