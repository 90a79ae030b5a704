"""JSON as all exports write it."""

from datetime import datetime
from typing import Any, Final

import orjson

_OPTIONS: Final = orjson.OPT_PASSTHROUGH_DATETIME


def dump(value: Any) -> bytes:
    """Return the JSON text of a value in UTF-8; moments are RFC 3339 in UTC with milliseconds, as the API has them."""
    return orjson.dumps(value, default=_time, option=_OPTIONS)


def moment(value: datetime) -> str:
    """Return a moment in UTC as text."""
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _time(value: Any) -> str:
    if isinstance(value, datetime):
        return moment(value)
    raise TypeError(f"{type(value).__name__} is no JSON")
