"""Cutting: spans that are too large to be kept whole lose their largest parts, and say which.

A document of the database holds 16 MB. What is sent has a share of it, and so has what is understood of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import orjson

from .spans import Cut, Meaning, ReceivedSpan

#: The most bytes of a text inside of what was sent.
MOST_TEXT_BYTES: Final = 1024 * 1024
#: The most bytes, as JSON, of attributes, events, links and resource together.
MOST_SENT_BYTES: Final = 4 * 1024 * 1024
#: The most bytes, as JSON, of the input, of the output, and of the calls of tools.
MOST_UNDERSTOOD_BYTES: Final = 2 * 1024 * 1024
#: What is left of an input or output that has more: at worst, each of its bytes takes six in JSON.
_BEGIN_BYTES: Final = MOST_UNDERSTOOD_BYTES // 8

_LONGEST_NAME: Final = 1_000
_LONGEST_MESSAGE: Final = 10_000
#: The most cuts that are told one by one.
_MOST_CUTS: Final = 100


def cut_received(span: ReceivedSpan) -> tuple[ReceivedSpan, list[Cut]]:
    """Return what is kept of a span as it was sent, and what was cut: texts first, then whole parts, the largest."""
    short = _with_short_names(span)
    if _size([span.attributes, span.resource, span.events, span.links]) <= MOST_TEXT_BYTES:
        return short, []
    cuts: list[Cut] = []
    shortened = _with_short_texts(short, cuts)
    return _without_largest_parts(shortened, cuts), cuts


def cut_meaning(meaning: Meaning) -> tuple[Meaning, list[Cut]]:
    """Return what is kept of what is understood of a span, and what was cut."""
    cuts: list[Cut] = []
    changes: dict[str, Any] = {}
    for name in ("input", "output"):
        value = getattr(meaning, name)
        if value is not None and (size := _size(value)) > MOST_UNDERSTOOD_BYTES:
            changes[name] = _begin(value.encode() if isinstance(value, str) else orjson.dumps(value), _BEGIN_BYTES)
            cuts.append(Cut(path=name, bytes=size))
    if meaning.tool_calls and (size := _size(meaning.tool_calls)) > MOST_UNDERSTOOD_BYTES:
        calls = meaning.tool_calls[:_MOST_CUTS]
        changes["tool_calls"] = tuple(replace(call, name=call.name[:_LONGEST_NAME], arguments=None) for call in calls)
        cuts.append(Cut(path="toolCalls", bytes=size))
    return (replace(meaning, **changes) if changes else meaning), cuts


def told(cuts: Sequence[Cut]) -> tuple[Cut, ...]:
    """Return the cuts that a span tells; where there are too many, the last stands for the others."""
    if len(cuts) <= _MOST_CUTS:
        return tuple(cuts)
    others = cuts[_MOST_CUTS - 1 :]
    return (*cuts[: _MOST_CUTS - 1], Cut(path=f"{len(others)} others", bytes=sum(cut.bytes for cut in others)))


def _with_short_names(span: ReceivedSpan) -> ReceivedSpan:
    message, scope = span.status_message, span.scope
    if len(span.name) > _LONGEST_NAME:
        span = replace(span, name=span.name[:_LONGEST_NAME])
    if message is not None and len(message) > _LONGEST_MESSAGE:
        span = replace(span, status_message=message[:_LONGEST_MESSAGE])
    if len(scope.name) + len(scope.version) > _LONGEST_NAME:
        scope = replace(scope, name=scope.name[:_LONGEST_NAME], version=scope.version[:_LONGEST_NAME])
        span = replace(span, scope=scope)
    return span


def _with_short_texts(span: ReceivedSpan, cuts: list[Cut]) -> ReceivedSpan:
    return replace(
        span,
        attributes=_shortened(span.attributes, "attributes", cuts),
        resource=_shortened(span.resource, "resource", cuts),
        events=tuple(
            replace(
                event,
                name=event.name[:_LONGEST_NAME],
                attributes=_shortened(event.attributes, f"events[{place}].attributes", cuts),
            )
            for place, event in enumerate(span.events)
        ),
        links=tuple(
            replace(link, attributes=_shortened(link.attributes, f"links[{place}].attributes", cuts))
            for place, link in enumerate(span.links)
        ),
    )


def _shortened(value: Any, path: str, cuts: list[Cut]) -> Any:
    if isinstance(value, dict):
        return {key: _shortened(entry, f"{path}.{key[:_LONGEST_NAME]}", cuts) for key, entry in value.items()}
    if isinstance(value, list):
        return [_shortened(entry, f"{path}[{place}]", cuts) for place, entry in enumerate(value)]
    if isinstance(value, str) and len(value) > MOST_TEXT_BYTES // 4 and len(text := value.encode()) > MOST_TEXT_BYTES:
        cuts.append(Cut(path=path, bytes=len(text)))
        return _begin(text, MOST_TEXT_BYTES)
    return value


def _without_largest_parts(span: ReceivedSpan, cuts: list[Cut]) -> ReceivedSpan:
    """Leave out attributes, events and links, the largest first, until the others have room."""
    sizes = dict(_sizes(span))
    excess = sum(sizes.values()) - MOST_SENT_BYTES
    left_out: set[tuple[str, str | int]] = set()
    for part in sorted(sizes, key=sizes.__getitem__, reverse=True):
        if excess <= 0:
            break
        excess -= sizes[part]
        left_out.add(part)
        kind, key = part
        path = f"{kind}[{key}]" if isinstance(key, int) else f"{kind}.{key[:_LONGEST_NAME]}"
        cuts.append(Cut(path=path, bytes=sizes[part]))
    return span if not left_out else _without(span, left_out)


def _without(span: ReceivedSpan, left_out: set[tuple[str, str | int]]) -> ReceivedSpan:
    return replace(
        span,
        attributes={key: value for key, value in span.attributes.items() if ("attributes", key) not in left_out},
        resource={key: value for key, value in span.resource.items() if ("resource", key) not in left_out},
        events=tuple(event for place, event in enumerate(span.events) if ("events", place) not in left_out),
        links=tuple(link for place, link in enumerate(span.links) if ("links", place) not in left_out),
    )


def _sizes(span: ReceivedSpan) -> Iterator[tuple[tuple[str, str | int], int]]:
    for kind, values in (("attributes", span.attributes), ("resource", span.resource)):
        for key, value in values.items():
            yield (kind, key), _size({key: value})
    for kind, parts in (("events", span.events), ("links", span.links)):
        for place, part in enumerate(parts):
            yield (kind, place), _size(part)


def _size(value: Any) -> int:
    return len(orjson.dumps(value))


def _begin(text: bytes, most: int) -> str:
    """Return the begin of a text in UTF-8, without the half of a character."""
    return text[:most].decode(errors="ignore") + "…"
