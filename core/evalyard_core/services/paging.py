"""Pages of lists that were worked out in memory; the cursors are like those of lists in the database."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import TypeVar

from evalyard_core.domain.errors import BadInput
from evalyard_core.domain.lists import Page
from evalyard_core.storage.pages import Order, read_cursor, write_cursor

T = TypeVar("T")


def page_of(
    entries: Sequence[T],
    key: Callable[[T], str],
    *,
    first: int,
    after: str | None,
    wanted: Callable[[T], bool] = lambda _: True,
) -> Page[T]:
    """Return the wanted ones of entries that keep their order, each with a key of its own, or refuse the cursor.

    A cursor is good whatever is wanted.
    """
    order = Order("key")
    behind = _behind(entries, key, read_cursor(after, order)[1]) if after is not None else entries
    return _page([*islice(filter(wanted, behind), first + 1)], lambda entry: (None, key(entry)), order, first, after)


def ranked_page(
    entries: Sequence[T], rank: Callable[[T], tuple[float, str]], *, first: int, after: str | None
) -> Page[T]:
    """Return a page of entries that are sorted by rank, the highest first, or refuse the cursor.

    Where ranks have changed since the cursor was made, the page has those that are now below it.
    """
    order = Order("rank", descending=True)
    last = read_cursor(after, order) if after is not None else None
    if last is not None and not isinstance(last[0], int | float):
        raise BadInput("This is no cursor of this list; pass an endCursor that it returned.", field="after")
    behind = (entry for entry in entries if last is None or rank(entry) < last)
    return _page([*islice(behind, first + 1)], rank, order, first, after)


def _behind(entries: Sequence[T], key: Callable[[T], str], last: str) -> Sequence[T]:
    for place, entry in enumerate(entries):
        if key(entry) == last:
            return entries[place + 1 :]
    raise BadInput("This cursor is of another list; start again without one.", field="after")


def _page(
    rows: Sequence[T], cursor: Callable[[T], tuple[float | None, str]], order: Order, first: int, after: str | None
) -> Page[T]:
    shown = rows[:first]
    return Page(shown, [write_cursor(*cursor(row), order) for row in shown], len(rows) > first, after is not None)
