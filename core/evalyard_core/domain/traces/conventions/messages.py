"""Chat messages: one shape out of all in which conventions write them.

    {"role": "assistant", "content": "…", "tool_calls": [{"id": "…", "name": "…", "arguments": {…}}]}

is the shape: a role; a content, which is a text or a list of parts where there is more than a text; the calls of tools
that a model asks for, their arguments decoded; in a tool's answer the `tool_call_id`; a name and a reason for which the
model stopped where they are said. What is not said is left out.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from evalyard_core.domain.traces.spans import ToolCall

from .flattened import entries
from .values import structured, text_of

Message: TypeAlias = dict[str, Any]

_KEPT: Final = ("tool_call_id", "name", "finish_reason")


def read_messages(value: Any, *, role: str) -> list[Message] | None:
    """Return the messages of a list, an object or their JSON text, or None; `role` is theirs who do not tell it."""
    found = structured(value)
    if isinstance(found, str):
        return [{"role": role, "content": found}]
    if isinstance(found, Mapping):
        found = found.get("messages", [found])
    return [message for entry in _list(found) for message in _read(entry, role)] or None


def asked_tools(messages: Any) -> tuple[ToolCall, ...]:
    """Return the tools that the messages of a model ask for."""
    found = [messages] if isinstance(messages, Mapping) else _list(messages)
    asked = (message.get("tool_calls") for message in found if isinstance(message, Mapping))
    calls = (call for several in asked for call in _calls(several))
    return tuple(ToolCall(name=call["name"], arguments=call.get("arguments")) for call in calls)


def _read(entry: Any, role: str) -> Iterator[Message]:
    if isinstance(entry, str):
        yield {"role": role, "content": entry}
    if not isinstance(entry, Mapping):
        return
    inner = structured(entry.get("message"))
    # A choice has its reason to stop beside its message.
    raw = {**entry, **inner} if isinstance(inner, Mapping) else entry
    named = text_of(raw.get("role")) or role
    parts = _list(raw.get("parts"))
    answers = [part for part in parts if _is(part, "tool_call_response")]
    for answer in answers:
        yield _without_nothing(
            role="tool", content=answer.get("response", answer.get("result")), tool_call_id=text_of(answer.get("id"))
        )
    if not answers or len(answers) < len(parts):
        yield _message(raw, named, [part for part in parts if part not in answers])


def _message(raw: Mapping[str, Any], role: str, parts: list[Any]) -> Message:
    calls = [part for part in parts if _is(part, "tool_call")]
    content = [part for part in parts if part not in calls] if parts else _content(raw)
    return _without_nothing(
        role=role,
        content=_plain(content),
        tool_calls=[*_calls(calls), *_calls(raw.get("tool_calls")), *_old_call(raw)] or None,
        **{key: text_of(raw.get(key)) for key in _KEPT},
    )


def _content(raw: Mapping[str, Any]) -> Any:
    content = raw.get("content")
    if content is None and "contents" in raw:
        return [dict(part) for part in entries(raw["contents"], "message_content")]
    # A text that is JSON is what was said, unless it says of itself that it is a list of parts.
    found = structured(content)
    is_parts = isinstance(found, list) and all(isinstance(part, Mapping) and "type" in part for part in found)
    return found if is_parts else content


def _plain(content: Any) -> Any:
    """Return the text of a content that is one part of text, anything else as it is."""
    if not content:
        return None
    if isinstance(content, list) and len(content) == 1 and _is(content[0], "text", "input_text", "output_text"):
        text = content[0].get("text", content[0].get("content"))
        return text if isinstance(text, str) else content
    return content


def _calls(value: Any) -> Iterator[Mapping[str, Any]]:
    for call in entries(structured(value), "tool_call"):
        function = call.get("function")
        said = function if isinstance(function, Mapping) else call
        if name := text_of(said.get("name")):
            arguments = structured(said.get("arguments"))
            yield _without_nothing(id=text_of(call.get("id")), name=name, arguments=arguments)


def _old_call(raw: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the one call that OpenInference's messages had before there were several."""
    if name := text_of(raw.get("function_call_name")):
        yield _without_nothing(name=name, arguments=structured(raw.get("function_call_arguments_json")))


def _is(part: Any, *types: str) -> bool:
    return isinstance(part, Mapping) and part.get("type") in types


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _without_nothing(**said: Any) -> Message:
    return {key: value for key, value in said.items() if value is not None}
