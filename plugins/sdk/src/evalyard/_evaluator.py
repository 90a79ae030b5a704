"""The contract of an evaluator."""

from collections.abc import Awaitable, Sequence
from typing import Any, ClassVar, Literal, TypeAlias

from evalyard._component import Component, ConfigT
from evalyard._errors import EvaluationError, Skip
from evalyard._score import Result, ScoreType

Declined: TypeAlias = Skip | EvaluationError
"""What stands in a batch for the score of a case that has none."""


class Evaluator(Component[ConfigT]):
    """Score records, runs or both: declare `score_type`, and define what scores.

    `evaluate` scores one record and `evaluate_batch` several at once; `evaluate_run` scores a whole run. Any method may
    be `async`. One instance, made with its config, serves many records of many runs in one process, in any order and
    several at a time (in threads, or as tasks where it is async), so keep nothing of a record on it. The evaluator is
    known by the name of its entry point in the group `evalyard.evaluators`. `summary` defaults to the first line of the
    docstring.

    Raise `Skip` to leave a record unscored, and `EvaluationError` to say in your own words why there is no score. Any
    other exception becomes an ERROR score too, of that record alone.
    """

    summary: ClassVar[str] = ""
    score_type: ClassVar[ScoreType]
    #: "process" asks to be run in a process of its own, which can be killed: for what computes for long, or may crash.
    isolation: ClassVar[Literal["none", "process"]] = "none"

    def setup(self) -> Awaitable[None] | None:
        """Acquire what scoring needs and is expensive, such as a model or a pool of connections.

        Called before the first score, once for a config in a process, and again after a `teardown`; an `async` one on
        the event loop that later calls `async` methods, any other in a thread. It may take five minutes. While it
        fails, each score is an ERROR with its reason, and it is called again after half a minute.
        """
        return None

    def teardown(self) -> Awaitable[None] | None:
        """Release what `setup` acquired; also called after a `setup` that failed.

        Called when the process stops, or when nothing was scored for ten minutes.
        """
        return None

    def evaluate(self, *args: Any, **kwargs: Any) -> Result | Awaitable[Result]:
        """Score one record.

        Write it with the variables it needs as keyword parameters, for instance
        `def evaluate(self, *, output: str, expected: Annotated[str, Variable("The right answer.")])`.
        A parameter with a default is optional: it is left out where the user's mapping yields nothing for it. Values
        are checked against the annotations before; one that does not fit is an ERROR score that says so.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define evaluate.")

    def evaluate_batch(
        self, *args: Any, **kwargs: Any
    ) -> Sequence[Result | Declined] | Awaitable[Sequence[Result | Declined]]:
        """Score several records at once; where it is defined, `evaluate` is not called.

        Write it as `def evaluate_batch(self, cases: Sequence[MyCase])`. A case is a mapping from variable to value,
        without the optional variables that have none. Return as many results as there are cases, in their order; a Skip
        or an EvaluationError in the place of a result declines that case alone. The variables are those of `evaluate`,
        and without an `evaluate` the keys of MyCase, a TypedDict whose NotRequired keys are optional and whose values
        may be `Annotated[..., Variable(...)]`.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define evaluate_batch.")

    def evaluate_run(self, *args: Any, **kwargs: Any) -> Result | Awaitable[Result]:
        """Score a whole run, with one result over all its records, as corpus metrics do.

        Write it as `def evaluate_run(self, cases: Iterable[MyCase])`, or as `async def` with AsyncIterable. The cases
        are like those of `evaluate_batch`: one for each record that has an output and the required variables, in the
        order of the run. They are read while you iterate, so that a run of any size needs little memory, and anew each
        time you do. Beside it, `evaluate` or `evaluate_batch` may score the records with the same variables.

        Called when the last record is done, and again when the run is scored again.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define evaluate_run.")
