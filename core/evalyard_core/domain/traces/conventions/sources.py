"""Where a span says what went in and what came out: the readings that the tables of the conventions are made of."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from evalyard_core.domain.traces.spans import ReceivedSpan

from .flattened import entries, flat_list
from .messages import Message, read_messages
from .values import decoded, structured
from .wrapped import unwrapped

#: Reads an input or an output of a span; None where the span does not say it this way.
Source: TypeAlias = Callable[[ReceivedSpan], Any]

#: What OpenTelemetry called the events of messages, and whose role that is.
_ROLES: Final = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}


def value_of(*names: str) -> Source:
    """Read the first of attributes that is there: an object or a list where its text is one, else as it is."""

    def read(span: ReceivedSpan) -> Any:
        attributes = span.attributes
        return next((structured(attributes[name]) for name in names if name in attributes), None)

    return read


def wrapped_value_of(name: str, read: Callable[[Any], Any] = structured) -> Source:
    """Read an attribute without what OpenLLMetry wraps it in; `read` is `decoded` where it is always JSON text."""
    return lambda span: unwrapped(read(span.attributes.get(name)))


def typed_value_of(name: str, mime_type: str) -> Source:
    """Read an attribute that is JSON where another says so, and plain text otherwise."""

    def read(span: ReceivedSpan) -> Any:
        value = span.attributes.get(name)
        return decoded(value) if span.attributes.get(mime_type) == "application/json" else value or None

    return read


def object_of(**sources: Source) -> Source:
    """Read an object out of several places; None where none of them says anything."""

    def read(span: ReceivedSpan) -> Any:
        found = {name: source(span) for name, source in sources.items()}
        return {name: value for name, value in found.items() if value is not None} or None

    return read


def messages_of(name: str, *, role: str, system: str | None = None) -> Source:
    """Read messages out of one attribute, after what another one tells the model about its part."""

    def read(span: ReceivedSpan) -> Any:
        found = read_messages(span.attributes.get(name), role=role)
        told = structured(span.attributes.get(system)) if system else None
        if not told:
            return found
        instruction = {"content": told} if isinstance(told, str) else {"parts": told}
        return [*(read_messages([instruction], role="system") or ()), *(found or ())]

    return read


def one_or_all(source: Source) -> Source:
    """Read a list, and the only part of one that has no other: a model mostly answers with a single message."""

    def read(span: ReceivedSpan) -> Any:
        found = source(span)
        return found[0] if found is not None and len(found) == 1 else found

    return read


def contents_of(*sources: Source) -> Source:
    """Read what messages say, in the first place that has some, without their roles."""

    def read(span: ReceivedSpan) -> Any:
        for source in sources:
            if found := source(span):
                return [message["content"] for message in found if "content" in message] or None
        return None

    return read


def flat_messages_of(prefix: str, *, role: str) -> Source:
    """Read messages that are flattened below a prefix."""
    return lambda span: read_messages(flat_list(span.attributes, prefix), role=role)


def flat_list_of(prefix: str, wrapped_in: str, part: str | None = None) -> Source:
    """Read a list that is flattened below a prefix: of objects, their texts decoded, or of one part of each."""

    def read(span: ReceivedSpan) -> Any:
        found = list(entries(flat_list(span.attributes, prefix), wrapped_in))
        if part is None:
            return [{key: structured(value) for key, value in entry.items()} for entry in found] or None
        return [entry[part] for entry in found if part in entry] or None

    return read


def asked_in_events(span: ReceivedSpan) -> list[Message] | None:
    """Read the messages of the events of OpenTelemetry 1.28 to 1.36, one each, or of those before, all in one."""
    found: list[Message] = []
    for event in span.events:
        if (role := _ROLES.get(event.name)) is not None:
            found += read_messages([_body(event.attributes)], role=role) or ()
        elif event.name == "gen_ai.content.prompt":
            found += read_messages(event.attributes.get("gen_ai.prompt"), role="user") or ()
    return found or None


def answered_in_events(span: ReceivedSpan) -> list[Message] | None:
    """Read what a model answered out of the like events."""
    found: list[Message] = []
    for event in span.events:
        if event.name == "gen_ai.choice":
            found += read_messages([_body(event.attributes)], role="assistant") or ()
        elif event.name == "gen_ai.content.completion":
            found += read_messages(event.attributes.get("gen_ai.completion"), role="assistant") or ()
    return found or None


def _body(attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what an event says: an object of its own where a span's events had no body, else attributes."""
    body = structured(attributes.get("gen_ai.event.content"))
    return body if isinstance(body, dict) else attributes
