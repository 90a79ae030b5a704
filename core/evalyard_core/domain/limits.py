"""The limits that every request is held to, and the sentences that say so."""

from collections.abc import Sequence
from typing import Final, TypeVar

from .errors import BadInput, LimitExceeded

MOST_ON_A_PAGE: Final = 100
MOST_ITEMS_A_CALL: Final = 1_000
MOST_RECORDS_A_RUN: Final = 1_000_000
LONGEST_NAME: Final = 200
LONGEST_TEXT: Final = 20_000
LONGEST_SEARCH: Final = 1_000
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
    """Return a longer text, or refuse one that is too long or no Unicode."""
    if len(text) > LONGEST_TEXT:
        raise LimitExceeded(f"A text may have {LONGEST_TEXT:,} characters at most, not {len(text):,}.", field=field)
    return check_unicode(text, field=field)


def check_unicode(text: str, *, field: str) -> str:
    """Return a text, or refuse half of a surrogate pair, which JSON lets through and UTF-8 can't express."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadInput(
            f"Character {error.start + 1} is half of a surrogate pair; send it whole.", field=field
        ) from error
    return text


def check_search(search: str | None, *, field: str) -> str | None:
    """Return a text to look for, or refuse one that no database search takes."""
    if search is not None and len(search) > LONGEST_SEARCH:
        raise LimitExceeded(
            f"A search may have {LONGEST_SEARCH:,} characters at most, not {len(search):,}.", field=field
        )
    if search is not None and "\0" in search:
        raise BadInput("A search can't hold the character U+0000.", field=field)
    return None if search is None else check_unicode(search, field=field)


def check_tags(tags: Sequence[str] | None, *, field: str) -> tuple[str, ...]:
    """Return tags without repetitions, or refuse too many, empty or long ones."""
    names = [check_name(tag, field=f"{field}[{index}]") for index, tag in enumerate(tags or ())]
    unique = tuple(dict.fromkeys(names))
    if len(unique) > MOST_TAGS:
        raise LimitExceeded(f"An object may have {MOST_TAGS} tags at most, not {len(unique)}.", field=field)
    return unique


def check_range(value: Number, low: Number, high: Number, *, field: str) -> Number:
    """Return a number, or refuse it outside low..high."""
    if not low <= value <= high:
        raise BadInput(f"{field.rpartition('.')[2]} must be {low:,} to {high:,}, not {value}.", field=field)
    return value


def check_count(values: Sequence[object], most: int, *, field: str) -> None:
    """Refuse a list that is too long."""
    if len(values) > most:
        raise LimitExceeded(f"At most {most:,} at once, not {len(values):,}; send them in several calls.", field=field)
