"""Chat messages: one shape out of all in which conventions write them.

    {"role": "assistant", "content": "…", "tool_calls": [{"id": "…", "name": "…", "arguments": {…}}]}

is the shape: a role; a content, which is a text or a list of parts where there is more than a text; the calls of tools
that a model asks for, their arguments decoded; in a tool's answer the `tool_call_id`; a name and a reason for which the
model stopped where they are said. What is not said is left out.
"""

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

from evalyard_core.domain.traces.spans import ToolCall

from .flattened import entries
from .values import structured, text_of

Message: TypeAlias = dict[str, Any]

_KEPT: Final = ("tool_call_id", "name", "finish_reason")
#: The types of a part that is a text: of OpenTelemetry and OpenInference, and of OpenAI's Responses.
_TEXTS: Final = ("text", "input_text", "output_text")


def read_messages(value: Any, *, role: str) -> list[Message] | None:
    """Return the messages of a list, an object or their JSON text, or None; `role` is theirs who do not tell it."""
    found = structured(value)
    if isinstance(found, str):
        return [{"role": role, "content": found}]
    if isinstance(found, dict):
        found = found.get("messages", [found])
    return [message for entry in _list(found) for message in _read(entry, role)] or None


def asked_tools(messages: Any) -> tuple[ToolCall, ...]:
    """Return the tools that the messages of a model ask for."""
    found = [messages] if isinstance(messages, dict) else _list(messages)
    asked = (message.get("tool_calls") for message in found if isinstance(message, dict))
    calls = (call for several in asked for call in _calls(several))
    return tuple(ToolCall(name=call["name"], arguments=call.get("arguments")) for call in calls)


def _read(entry: Any, role: str) -> Iterable[Message]:
    if isinstance(entry, str):
        return ({"role": role, "content": entry},)
    if not isinstance(entry, dict):
        return ()
    inner = structured(entry.get("message"))
    # A choice has its reason to stop beside its message.
    raw = {**entry, **inner} if isinstance(inner, dict) else entry
    named = text_of(raw.get("role")) or role
    parts = raw.get("parts")
    if isinstance(parts, list):
        return _of_parts(raw, named, parts)
    return (_message(raw, named, _content(raw), raw.get("tool_calls")),)


def _of_parts(raw: Message, role: str, parts: list[Any]) -> Iterable[Message]:
    """Yield a message for what each tool answered, and one for the rest of the parts."""
    by_type: dict[str, list[Any]] = {"tool_call": [], "tool_call_response": [], "": []}
    for part in parts:
        kind = part.get("type") if isinstance(part, dict) else None
        by_type[kind if kind in ("tool_call", "tool_call_response") else ""].append(part)
    for answer in by_type["tool_call_response"]:
        answered = {"role": "tool", "content": answer.get("response", answer.get("result"))}
        yield _with_rest(answered, {"tool_call_id": answer.get("id")})
    if by_type["tool_call"] or by_type[""] or not parts:
        yield _message(raw, role, by_type[""], by_type["tool_call"])


def _message(raw: Message, role: str, content: Any, calls: Any) -> Message:
    message: Message = {"role": role}
    if (said := _plain(content)) is not None:
        message["content"] = said
    if asked := [*_calls(calls), *_old_call(raw)]:
        message["tool_calls"] = asked
    return _with_rest(message, raw)


def _with_rest(message: Message, raw: Message) -> Message:
    for key in _KEPT:
        if key in raw and (text := text_of(raw[key])) is not None:
            message[key] = text
    return message


def _content(raw: Message) -> Any:
    content = raw.get("content")
    if content is None and "contents" in raw:
        return [dict(part) for part in entries(raw["contents"], "message_content")]
    if not isinstance(content, str) or not content.startswith("["):
        return content
    # A text that is JSON is what was said, unless it says of itself that it is a list of parts.
    found = structured(content)
    is_parts = isinstance(found, list) and all(isinstance(part, dict) and "type" in part for part in found)
    return found if is_parts else content


def _plain(content: Any) -> Any:
    """Return the text of a content that is one part of text, anything else as it is; None where there is nothing."""
    if isinstance(content, list) and len(content) == 1 and isinstance(part := content[0], dict):
        text = part.get("text", part.get("content"))
        return text if part.get("type") in _TEXTS and isinstance(text, str) else content
    return content or None


def _calls(value: Any) -> Iterable[Message]:
    for call in entries(structured(value), "tool_call"):
        function = call.get("function")
        said = function if isinstance(function, dict) else call
        if name := text_of(said.get("name")):
            yield _call(name, said.get("arguments"), call.get("id"))


def _old_call(raw: Message) -> Iterable[Message]:
    """Return the one call that messages had before there were several: OpenAI's, and OpenInference's in two parts."""
    function = raw.get("function_call")
    if isinstance(function, dict):
        return _calls([function])
    name = text_of(raw.get("function_call_name"))
    return (_call(name, raw.get("function_call_arguments_json")),) if name else ()


def _call(name: str, arguments: Any, call_id: Any = None) -> Message:
    said = {"id": text_of(call_id), "name": name, "arguments": structured(arguments)}
    return {key: value for key, value in said.items() if value is not None}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
