"""Whether the expected tools were called."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Literal

from pydantic import Field

from evalyard import Config, Evaluator, Score, ScoreType
from evalyard_trajectory._matching import Arguments, Matching, fits, match_any_order, match_in_order
from evalyard_trajectory._trace import ToolCall
from evalyard_trajectory._variables import ARGUMENTS, Expected, Trace, read_calls, read_expected, show


class ToolCallsConfig(Config):
    """How alike the calls have to be."""

    match: Literal["exact", "in_order", "any_order"] = Field(
        "exact",
        description=(
            "exact: these calls, in this order, and no others; in_order: these in this order, with others in between; "
            "any_order: these, and others, in any order."
        ),
    )
    arguments: Arguments = Field("equal", description=ARGUMENTS)
    allow_extra: bool = Field(True, description="Whether other calls may be made too; with exact they never may.")


class ToolCalls(Evaluator[ToolCallsConfig]):
    """Check that the expected tools were called.

    Exact, in-order and any-order match are those of the trajectory metrics of Google's Gen AI evaluation service
    ("Evaluate Gen AI agents", section "Trajectory evaluation").
    """

    score_type = ScoreType.BOOLEAN

    def evaluate(self, *, trace: Trace, expected: Expected) -> Score:
        """Compare the calls."""
        made, wanted = read_calls(trace).tool_calls, read_expected(expected)
        if self.config.match == "exact":
            return _compare(made, wanted, self.config.arguments)
        match = match_in_order if self.config.match == "in_order" else match_any_order
        return self._judge(match(made, wanted, self.config.arguments))

    def _judge(self, found: Matching) -> Score:
        order = " in that order" if self.config.match == "in_order" else ""
        if found.missing:
            return Score(False, explanation=f"Not called{order}: {show(found.missing)}.")
        if found.extra and not self.config.allow_extra:
            return Score(False, explanation=f"Called beside what was expected: {show(found.extra)}.")
        return Score(True, explanation=f"All {found.matched} expected calls were made{order}.")


def _compare(made: Sequence[ToolCall], wanted: Sequence[ToolCall], arguments: Arguments) -> Score:
    for place, (call, right) in enumerate(zip_longest(made, wanted), 1):
        if call is None:
            return Score(False, explanation=f"Call {place} is missing: {right}.")
        if right is None:
            return Score(False, explanation=f"Call {place} was not expected: {call}.")
        if not fits(call, right, arguments):
            return Score(False, explanation=f"Call {place} is {call}, expected was {right}.")
    return Score(True, explanation=f"The {len(wanted)} calls are the expected ones.")
