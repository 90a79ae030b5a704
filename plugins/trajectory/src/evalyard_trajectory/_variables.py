"""What the evaluators read from a record."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, TypeAlias

from pydantic import Field

from evalyard import EvaluationError, Skip, Variable
from evalyard_trajectory._trace import ToolCall, Trajectory, read_trace

ARGUMENTS: Final = (
    "Whether the arguments have to be equal, or to contain the expected ones, or do not count. An expected call "
    "without arguments fits any."
)

_EXAMPLES: Final = [
    [{"name": "search", "arguments": {"query": "Paris"}}, {"name": "answer", "arguments": {}}],
    {"spans": [{"kind": "LLM", "name": "chat"}, {"kind": "TOOL", "name": "search", "input": {"query": "Paris"}}]},
    {"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "search", "arguments": "{}"}}]}]},
]

Trace: TypeAlias = Annotated[
    Any,
    Variable("What was done: tool calls, spans or messages. Map it to the output where that holds the messages."),
    Field(examples=_EXAMPLES),
]
Expected: TypeAlias = Annotated[
    Any,
    Variable("The calls that should have been made, in any of the same shapes; names alone will do."),
    Field(examples=_EXAMPLES),
]


def read_calls(trace: Any) -> Trajectory:
    """Read a trace, or skip a record without one."""
    if trace is None:
        raise Skip("The record has no trace.")
    try:
        return read_trace(trace)
    except ValueError as error:
        raise EvaluationError(str(error), code="BAD_TRACE") from error


def read_expected(expected: Any) -> list[ToolCall]:
    """Read the expected calls, or skip a record without any."""
    if expected is None:
        raise Skip("The record has no expected tool calls.")
    try:
        return list(read_trace(expected).tool_calls)
    except ValueError as error:
        sentence = str(error).replace("The trace", "The expected value").replace("the trace", "the expected value")
        raise EvaluationError(sentence, code="BAD_TRACE") from error


def show(calls: Sequence[ToolCall]) -> str:
    """Name some calls, the first five of many."""
    shown = ", ".join(str(call) for call in calls[:5])
    return f"{shown} and {len(calls) - 5} more" if len(calls) > 5 else shown
