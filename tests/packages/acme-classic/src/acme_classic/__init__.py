"""Counts words with the first version of a library."""

from acme_words import count

from evalyard import ScoreType, evaluator


@evaluator(score_type=ScoreType.NUMERIC)
def word_count(*, output: str) -> int:
    """Count the words."""
    return count(output)
