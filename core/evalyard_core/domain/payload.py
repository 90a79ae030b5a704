"""JSON values of users: kept as JSON text, so that nothing of them is lost or reinterpreted by the database."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

import orjson
from pydantic import BeforeValidator, PlainSerializer

from .errors import BadInput, LimitExceeded

#: The most bytes that one payload may have; MongoDB takes 16 MB a document, which holds several.
MAX_PAYLOAD_BYTES: Final = 12 * 1024 * 1024
MAX_DEPTH: Final = 100


def dump_json(value: Any) -> str | None:
    """Return the JSON text that stands for a value in the store; None stays None."""
    return None if value is None else orjson.dumps(value).decode()


def load_json(text: str | None) -> Any:
    """Return the value of a JSON text out of the store."""
    return None if text is None else orjson.loads(text)


#: A JSON value of a user. A dataclass field of this type is stored as JSON text.
Json = Annotated[Any, PlainSerializer(dump_json), BeforeValidator(load_json)]


def payload_size(value: Any, *, field: str, most: int = MAX_PAYLOAD_BYTES) -> int:
    """Return a payload's size in bytes, or refuse one that is too large, too deep or no JSON."""
    if _deeper_than(value, MAX_DEPTH):
        raise LimitExceeded(f"A value may be nested {MAX_DEPTH} levels deep at most; flatten it.", field=field)
    try:
        size = len(orjson.dumps(value))
    except TypeError as error:
        raise BadInput(f"The value can't be stored as JSON: {error}.", field=field) from error
    if size > most:
        raise LimitExceeded(
            f"A payload may have {most:,} bytes at most; this one has {size:,}. Store a reference.", field=field
        )
    return size


def _deeper_than(value: Any, levels: int) -> bool:
    if levels < 0:
        return True
    if isinstance(value, dict):
        return any(_deeper_than(entry, levels - 1) for entry in value.values() if isinstance(entry, dict | list))
    if isinstance(value, list):
        return any(_deeper_than(entry, levels - 1) for entry in value if isinstance(entry, dict | list))
    return False


def now() -> datetime:
    """Return the present time in UTC, to the millisecond that the store keeps."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
