"""Counts words with the second version of the same library."""

from acme_words import words

from evalyard import ScoreType, evaluator


@evaluator(score_type=ScoreType.NUMERIC)
def word_count(*, output: str) -> int:
    """Count the words."""
    return len(words(output))
