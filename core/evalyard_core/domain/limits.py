"""The limits that every request is held to, and the sentences that say so."""

from collections.abc import Sequence
from typing import Final, TypeVar

from .errors import BadInput, LimitExceeded

MOST_ON_A_PAGE: Final = 100
MOST_ITEMS_A_CALL: Final = 1_000
MOST_RECORDS_A_RUN: Final = 1_000_000
LONGEST_NAME: Final = 200
LONGEST_TEXT: Final = 20_000
MOST_TAGS: Final = 50

Number = TypeVar("Number", int, float)


def check_first(first: int) -> int:
    """Return the size of a page, or refuse it outside 1..100."""
    if not 1 <= first <= MOST_ON_A_PAGE:
        raise BadInput(f"first must be 1 to {MOST_ON_A_PAGE}, not {first}.", field="first")
    return first


def check_name(name: str, *, field: str) -> str:
    """Return a name without outer white space, or refuse an empty, long or unprintable one."""
    trimmed = name.strip()
    if not trimmed:
        raise BadInput("A name can't be empty.", field=field)
    if len(trimmed) > LONGEST_NAME:
        raise BadInput(f"A name may have {LONGEST_NAME} characters at most, not {len(trimmed)}.", field=field)
    if not trimmed.isprintable():
        raise BadInput("A name may hold printable characters only.", field=field)
    return trimmed


def check_text(text: str, *, field: str) -> str:
    """Return a longer text, or refuse one that is too long."""
    if len(text) > LONGEST_TEXT:
        raise LimitExceeded(f"A text may have {LONGEST_TEXT:,} characters at most, not {len(text):,}.", field=field)
    return text


def check_tags(tags: Sequence[str] | None, *, field: str) -> tuple[str, ...]:
    """Return tags without repetitions, or refuse too many, empty or long ones."""
    unique = tuple(dict.fromkeys(tags or ()))
    if len(unique) > MOST_TAGS:
        raise LimitExceeded(f"An object may have {MOST_TAGS} tags at most, not {len(unique)}.", field=field)
    return tuple(check_name(tag, field=f"{field}[{index}]") for index, tag in enumerate(unique))


def check_range(value: Number, low: Number, high: Number, *, field: str) -> Number:
    """Return a number, or refuse it outside low..high."""
    if not low <= value <= high:
        raise BadInput(f"{field.rpartition('.')[2]} must be {low:,} to {high:,}, not {value}.", field=field)
    return value


def check_count(values: Sequence[object], most: int, *, field: str) -> None:
    """Refuse a list that is too long."""
    if len(values) > most:
        raise LimitExceeded(f"At most {most:,} at once, not {len(values):,}; send them in several calls.", field=field)
