"""What records can share: the plain values at the top of their metadata, to be counted and filtered by."""

from typing import Any, Final, TypeGuard

import orjson

_MOST: Final = 50
_LONGEST: Final = 200

#: A plain value of JSON.
Plain = str | int | float | bool


def facets_of(metadata: Any) -> list[str]:
    """Return the facets of metadata: the first 50 texts of at most 200 characters, numbers and booleans at its top.

    Null, lists and objects are none; metadata that is no object has none.
    """
    if not isinstance(metadata, dict):
        return []
    return [facet(key, value) for key, value in metadata.items() if len(key) <= _LONGEST and is_plain(value)][:_MOST]


def facet(key: str, value: Plain) -> str:
    """Return the text that stands for a key with a value; 1 and 1.0 are the same."""
    same = int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value
    return orjson.dumps([key, same]).decode()


def read_facet(text: str) -> tuple[str, Plain]:
    """Return the key and the value that a facet stands for."""
    key, value = orjson.loads(text)
    return key, value


def is_plain(value: Any) -> TypeGuard[Plain]:
    """Tell whether a value is short and has no parts."""
    return isinstance(value, int | float) or (isinstance(value, str) and len(value) <= _LONGEST)
