"""Which of the expected words an answer has."""

from collections.abc import Iterable
from typing import TypedDict

from evalyard import Evaluator, ScoreType, Skip


class Pair(TypedDict):
    """What is asked of each record."""

    output: str
    expected: str


class Overlap(Evaluator):
    """Measure the overlap of words with the expected answer, for each record and over the run."""

    score_type = ScoreType.NUMERIC

    def evaluate(self, *, output: str, expected: str) -> dict[str, float]:
        """Return F1, precision and recall of one answer."""
        got, wanted = set(output.split()), set(expected.split())
        if not wanted:
            raise Skip("Nothing is expected.")
        return _figures(len(got & wanted), len(got), len(wanted))

    def evaluate_run(self, cases: Iterable[Pair]) -> dict[str, float]:
        """Return the same over the words of all answers."""
        shared = given = asked = 0
        for case in cases:
            got, wanted = set(case["output"].split()), set(case["expected"].split())
            shared, given, asked = shared + len(got & wanted), given + len(got), asked + len(wanted)
        if not asked:
            raise Skip("Nothing is expected in any record.")
        return _figures(shared, given, asked)


def _figures(shared: int, given: int, asked: int) -> dict[str, float]:
    precision, recall = shared / given if given else 0.0, shared / asked
    both = precision + recall
    return {"f1": 2 * precision * recall / both if both else 0.0, "precision": precision, "recall": recall}
