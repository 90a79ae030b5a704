"""How many steps were taken."""

from typing import Literal

from pydantic import Field

from evalyard import Config, EvaluationError, Evaluator, Score, ScoreType
from evalyard_trajectory._trace import Trajectory
from evalyard_trajectory._variables import Trace, read_calls


class MaxStepsConfig(Config):
    """How many, and of what."""

    most: int = Field(ge=0, le=1_000_000, description="The most steps that pass.")
    count: Literal["tool_calls", "model_calls", "both"] = Field(
        "tool_calls", description="What a step is: a call of a tool, of a language model, or of either."
    )


class MaxSteps(Evaluator[MaxStepsConfig]):
    """Check that no more than so many steps were taken."""

    score_type = ScoreType.BOOLEAN

    def evaluate(self, *, trace: Trace) -> Score:
        """Count the steps."""
        steps, most = self._count(read_calls(trace)), self.config.most
        named = {"tool_calls": "tool calls", "model_calls": "model calls", "both": "steps"}[self.config.count]
        return Score(steps <= most, explanation=f"{steps} {named}, at most {most} pass.", metadata={"steps": steps})

    def _count(self, trajectory: Trajectory) -> int:
        tools = len(trajectory.tool_calls)
        if self.config.count == "tool_calls":
            return tools
        if trajectory.model_calls is None:
            message = "The trace is a list of tool calls and tells no model calls: count tool_calls."
            raise EvaluationError(message, code="BAD_TRACE")
        return trajectory.model_calls + (tools if self.config.count == "both" else 0)
