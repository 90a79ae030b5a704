"""What an agent did on its way to an answer: which tools it called, with what, in which order, and in how many steps.

Every evaluator reads its calls with `read_trace`, from any of the shapes that README.md lists.
"""

from evalyard_trajectory._forbidden_tools import ForbiddenTools, ForbiddenToolsConfig
from evalyard_trajectory._max_steps import MaxSteps, MaxStepsConfig
from evalyard_trajectory._precision_recall import ToolPrecisionRecall, ToolPrecisionRecallConfig
from evalyard_trajectory._tool_calls import ToolCalls, ToolCallsConfig
from evalyard_trajectory._trace import ToolCall, Trajectory, read_trace

__all__ = [
    "ForbiddenTools",
    "ForbiddenToolsConfig",
    "MaxSteps",
    "MaxStepsConfig",
    "ToolCall",
    "ToolCalls",
    "ToolCallsConfig",
    "ToolPrecisionRecall",
    "ToolPrecisionRecallConfig",
    "Trajectory",
    "read_trace",
]
