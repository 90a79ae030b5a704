"""Tools that must not be called."""

from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field

from evalyard import Config, Evaluator, Score, ScoreType
from evalyard_trajectory._variables import Trace, read_calls, show

Pattern = Annotated[str, Field(min_length=1, max_length=200)]


class ForbiddenToolsConfig(Config):
    """Which tools."""

    tools: tuple[Pattern, ...] = Field(
        min_length=1, max_length=100, description="Names of tools, in which * stands for any letters: `delete_*`."
    )


class ForbiddenTools(Evaluator[ForbiddenToolsConfig]):
    """Check that none of certain tools was called."""

    score_type = ScoreType.BOOLEAN

    def evaluate(self, *, trace: Trace) -> Score:
        """Look for the tools."""
        calls = read_calls(trace).tool_calls
        wrong = [call for call in calls if any(fnmatchcase(call.name, pattern) for pattern in self.config.tools)]
        if wrong:
            return Score(False, explanation=f"Called although forbidden: {show(wrong)}.")
        return Score(True, explanation=f"None of the {len(calls)} calls was of a forbidden tool.")
