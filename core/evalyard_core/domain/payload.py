"""JSON values of users: kept as JSON text, so that nothing of them is lost or reinterpreted by the database."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import orjson

from .errors import BadInput, LimitExceeded

#: The most bytes that a payload may have: a record holds two, its case and its output, with its scores beside them, in
#: the 16 MB that MongoDB takes a document.
MAX_PAYLOAD_BYTES: Final = 6 * 1024 * 1024
MAX_DEPTH: Final = 100


def dump_json(value: Any) -> str | None:
    """Return the JSON text that stands for a value in the store; None stays None."""
    return None if value is None else orjson.dumps(value).decode()


def load_json(text: str | None) -> Any:
    """Return the value of a JSON text out of the store."""
    return None if text is None else orjson.loads(text)


@dataclass(frozen=True, slots=True)
class AsText:
    """Marks a type that is stored as one text: how it becomes that, and the plain lists and objects that it was."""

    dump: Callable[[Any], str | None]
    load: Callable[[str], Any]


#: A JSON value of a user. A dataclass field of this type is stored as JSON text.
Json = Annotated[Any, AsText(dump_json, load_json)]


def payload_size(value: Any, *, field: str, most: int = MAX_PAYLOAD_BYTES) -> int:
    """Return a payload's size in bytes, or refuse one that is too large, too deep or no JSON."""
    if _deeper_than(value, MAX_DEPTH):
        raise LimitExceeded(f"A value may be nested {MAX_DEPTH} levels deep at most; flatten it.", field=field)
    try:
        encoded = orjson.dumps(value)
    except TypeError as error:
        raise BadInput(f"The value can't be stored as JSON: {error}.", field=field) from error
    # The encoder writes null for numbers that JSON does not have: they would come back as something else.
    if b"null" in encoded and _has_endless_number(value):
        raise BadInput("NaN and infinity are no JSON; send null, or a text.", field=field)
    _check_size(len(encoded), most, field=field)
    return len(encoded)


def check_together(parts: Mapping[str, Any]) -> int:
    """Return the size in bytes of payloads, given by their fields, that share the room of one; or refuse them."""
    sizes = {field: payload_size(value, field=field) for field, value in parts.items()}
    total = sum(sizes.values())
    _check_size(total, MAX_PAYLOAD_BYTES, field=max(sizes, key=sizes.__getitem__))
    return total


def _check_size(size: int, most: int, *, field: str) -> None:
    if size > most:
        raise LimitExceeded(
            f"A payload may have {most:,} bytes at most; this one has {size:,}. Store a reference.", field=field
        )


def _deeper_than(value: Any, levels: int) -> bool:
    """Tell whether lists and objects are nested deeper than `levels`; a scalar has none, an empty list has one."""
    if not isinstance(value, dict | list):
        return False
    entries = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper_than(entry, levels - 1) for entry in entries if isinstance(entry, dict | list))


def _has_endless_number(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_endless_number, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_has_endless_number, value))
    return isinstance(value, float) and not math.isfinite(value)


def now() -> datetime:
    """Return the present time in UTC, to the millisecond that the store keeps."""
    return datetime.fromtimestamp(time.time_ns() // 1_000_000 / 1000, UTC)
