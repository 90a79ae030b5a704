"""The contract of an evaluator."""

from collections.abc import Awaitable, Sequence
from typing import Any, ClassVar

from evalyard._component import Component, ConfigT
from evalyard._score import Result, ScoreType


class Evaluator(Component[ConfigT]):
    """Score records: declare `score_type`, and define `evaluate`, or `evaluate_batch`, or both.

    Any of them may be `async`. One instance, made with its config, serves many records of many runs, in any order and
    concurrently where it is async, so keep nothing of a record on it. The evaluator is known by the name of its entry
    point in the group `evalyard.evaluators`. `summary` defaults to the first line of the docstring.

    Raise `Skip` to leave a record unscored. Any other exception becomes an ERROR score of that record alone.
    """

    summary: ClassVar[str] = ""
    score_type: ClassVar[ScoreType]

    def evaluate(self, *args: Any, **kwargs: Any) -> Result | Awaitable[Result]:
        """Score one record.

        Write it with the variables it needs as keyword parameters, for instance
        `def evaluate(self, *, output: str, expected: Annotated[str, Variable("The right answer.")])`.
        A parameter with a default is optional: it is left out where the user's mapping yields nothing for it.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define evaluate.")

    def evaluate_batch(self, *args: Any, **kwargs: Any) -> Sequence[Result] | Awaitable[Sequence[Result]]:
        """Score several records at once; where it is defined, `evaluate` is not called.

        Write it as `def evaluate_batch(self, cases: Sequence[MyCase])`. A case is a mapping from variable to value,
        without the optional variables that have none. Return as many results as there are cases, in their order. The
        variables are those of `evaluate`, and without an `evaluate` the keys of MyCase, a TypedDict whose NotRequired
        keys are optional and whose values may be `Annotated[..., Variable(...)]`.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define evaluate_batch.")
