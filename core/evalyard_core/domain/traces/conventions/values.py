"""What is read of one attribute: a value of the type that is asked for, or None. Nothing here raises."""

from collections.abc import Iterable
from typing import Any, Final

import orjson

from evalyard_core.domain.payload import MAX_DEPTH

#: JavaScript's largest exact integer; no model counts more tokens than that, and each database can hold it.
_MOST: Final = 2**53 - 1
_STARTS: Final = ("{", "[")


def text_of(value: Any) -> str | None:
    """Return a text that says something; numbers, as some applications give the ids of users, become one."""
    if isinstance(value, str):
        return value if value and not value.isspace() else None
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number and -_MOST <= value <= _MOST else None


def count_of(value: Any) -> int | None:
    """Return a number of tokens; applications in JavaScript send whole numbers as floating-point ones."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return value if is_count and 0 <= value <= _MOST else None


def amount_of(value: Any) -> float | None:
    """Return a sum of money."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= _MOST else None


def decoded(value: Any) -> Any:
    """Return what a JSON text says, any other value as it is; a text that is no JSON stays one."""
    if not isinstance(value, str):
        return value
    try:
        found = orjson.loads(value)
    except ValueError:
        return value or None
    return value if _too_deep(value, found) else found


def structured(value: Any) -> Any:
    """Return the object or the list that a text is as JSON; any other text stays one: "42" is no number here."""
    if isinstance(value, str) and value.lstrip().startswith(_STARTS):
        return decoded(value)
    return None if value == "" else value


def texts_of(value: Any) -> tuple[str, ...]:
    """Return the texts of a list, or of a JSON text that is one; one text alone is a list of one."""
    found = structured(value)
    entries: Iterable[Any] = found if isinstance(found, list) else (found,)
    return tuple(text for text in map(text_of, entries) if text is not None)


def _too_deep(text: str, value: Any) -> bool:
    """Tell whether a value can't be stored; the brackets of most texts are too few for that, so few are walked."""
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return False
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [entry for part in level for entry in _entries(part)]
        if not level:
            return False
    return True


def _entries(part: Any) -> Iterable[Any]:
    if isinstance(part, dict):
        return [entry for entry in part.values() if isinstance(entry, dict | list)]
    return [entry for entry in part if isinstance(entry, dict | list)] if isinstance(part, list) else ()
