"""Values as tools write them, which may be anything."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any


def mapping(value: Any) -> Mapping[str, Any]:
    """Return an object, an empty one for what is none."""
    return value if isinstance(value, dict) else {}


def number(value: Any) -> float | None:
    """Return a number that is 0 or more, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        return None
    return float(value)


def count(value: Any) -> int | None:
    """Return a count of tokens, or None."""
    found = number(value)
    return None if found is None or found >= 2**31 else int(found)


def text_of(content: Any) -> str:
    """Return the text of a message, whose content may be a text or a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(str(mapping(part).get("text") or "") for part in parts)


def content_key(*content: Any) -> str:
    """Return a key that tells the content of a case."""
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


def present(**values: Any) -> dict[str, Any]:
    """Return the values that are not None."""
    return {name: value for name, value in values.items() if value is not None}
