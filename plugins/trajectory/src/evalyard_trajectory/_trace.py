"""The tool calls of a trace, whichever way it was written down."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_TOOL: Final = "TOOL"
_MODEL: Final = "LLM"
_ARGUMENTS: Final = ("arguments", "args", "input")
_LONGEST_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool; arguments of None are not known, and fit any where a call is expected."""

    name: str
    arguments: Any = None

    def __str__(self) -> str:
        """Write the call for a person to read."""
        if self.arguments is None:
            return self.name
        text = json.dumps(self.arguments, ensure_ascii=False)
        text = text[1:-1] if isinstance(self.arguments, Mapping) else text
        return f"{self.name}({text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + ' …'})"


@dataclass(frozen=True, slots=True)
class Trajectory:
    """Tool calls in their order, and how often a model was asked; None where that is not written down."""

    tool_calls: Sequence[ToolCall]
    model_calls: int | None


def read_trace(trace: Any) -> Trajectory:
    """Read the calls of a trace, in the order in which they stand there.

    Takes a list of calls `[{"name": …, "arguments": …}]` or of tools' names; spans, as a list or under "spans", of
    which those of the kind TOOL are calls and those of the kind LLM ask a model; and messages of OpenAI's chat format,
    as a list, under "messages" or within "choices", whose "tool_calls" are the calls. Where a trace has "tool_calls"
    beside its "spans", as a record's does, they are the calls.

    Raises ValueError for anything else, with a sentence that says what is wrong.
    """
    steps = _steps(trace)
    if isinstance(trace, Mapping) and "spans" in trace and "tool_calls" in trace:
        return Trajectory(_read_calls(_list(trace, "tool_calls")), _model_calls(steps))
    if not steps:
        return Trajectory((), 0)
    if all(isinstance(step, Mapping) and "kind" in step for step in steps):
        return _read_spans(steps)
    if all(isinstance(step, Mapping) and "role" in step for step in steps):
        return _read_messages(steps)
    return Trajectory(_read_calls(steps), None)


def _steps(trace: Any) -> Sequence[Any]:
    if isinstance(trace, Mapping):
        if "choices" in trace:
            return [choice.get("message") for choice in _list(trace, "choices") if isinstance(choice, Mapping)]
        for name in ("spans", "messages", "tool_calls"):
            if name in trace:
                # A message of its own has "tool_calls" too.
                return [trace] if "role" in trace else _list(trace, name)
    if isinstance(trace, list):
        return trace
    raise ValueError(
        "The trace is neither a list of tool calls nor an object with spans or messages: map the variable to one."
    )


def _list(holder: Mapping[str, Any], name: str) -> list[Any]:
    value = holder[name]
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError(f"The trace's {name!r} is no list.")  # noqa: TRY004 - the record is at fault, not the caller
    return value


def _read_spans(spans: Sequence[Mapping[str, Any]]) -> Trajectory:
    calls = [_read_call(span, place) for place, span in enumerate(spans, 1) if _kind(span) == _TOOL]
    return Trajectory(tuple(calls), _model_calls(spans))


def _model_calls(spans: Sequence[Any]) -> int:
    return sum(_kind(span) == _MODEL for span in spans)


def _kind(span: Any) -> str:
    return str(span.get("kind")).upper() if isinstance(span, Mapping) else ""


def _read_messages(messages: Sequence[Mapping[str, Any]]) -> Trajectory:
    answers = [message for message in messages if message["role"] == "assistant"]
    return Trajectory(tuple(call for message in answers for call in _calls_of(message)), len(answers))


def _calls_of(message: Mapping[str, Any]) -> Iterator[ToolCall]:
    for place, call in enumerate(_list(message, "tool_calls") if "tool_calls" in message else [], 1):
        yield _read_call(call, place)


def _read_calls(calls: Sequence[Any]) -> Sequence[ToolCall]:
    return tuple(_read_call(call, place) for place, call in enumerate(calls, 1))


def _read_call(call: Any, place: int) -> ToolCall:
    if isinstance(call, str) and call:
        return ToolCall(call)
    function = call.get("function", call) if isinstance(call, Mapping) else None
    if isinstance(function, Mapping) and isinstance(name := function.get("name"), str) and name:
        return ToolCall(name, _read_arguments(function))
    raise ValueError(f"Step {place} of the trace is no tool call: it has no name.")


def _read_arguments(call: Mapping[str, Any]) -> Any:
    """Return the arguments, which models write as JSON text; a text that is none stays one."""
    arguments = next((call[key] for key in _ARGUMENTS if call.get(key) is not None), None)
    if not isinstance(arguments, str):
        return arguments
    try:
        return json.loads(arguments) if arguments.strip() else {}
    except (ValueError, RecursionError):
        return arguments
