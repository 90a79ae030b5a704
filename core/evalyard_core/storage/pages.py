"""Keyset pages: a cursor holds the sort values of its row, so that a page costs the same wherever it is."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import orjson
from pymongo import ASCENDING, DESCENDING
from pymongo.asynchronous.collection import AsyncCollection

from evalyard_core.domain.errors import BadInput
from evalyard_core.domain.lists import Page

from .codec import Document

T = TypeVar("T")

#: Counting stops here; a larger total is shown as this number.
MOST_COUNTED: Final = 100_000
#: Enough for a cursor that holds a name. The database refuses to look for what is much longer.
_LONGEST_CURSOR: Final = 4_000


@dataclass(frozen=True, slots=True)
class Order:
    """A total order of a collection: one field and then `_id`, both in the same direction.

    `basis` is what the values of a computed field depend on beside the row.
    """

    field: str = "_id"
    descending: bool = False
    nullable: bool = False
    basis: str = ""

    def sort(self) -> list[tuple[str, int]]:
        """Return the driver's sort."""
        direction = DESCENDING if self.descending else ASCENDING
        return [(self.field, direction)] if self.field == "_id" else [(self.field, direction), ("_id", direction)]

    def after(self, value: Any, identifier: str) -> list[Document]:
        """Return the predicates of the rows behind the one with this value and id: stretches of the order, in turn.

        Each is one stretch of an index, to be read by itself: the database has no better way for all of them in one
        predicate than to read the list from its beginning. A comparison in MongoDB stays within one type and null
        sorts before everything, so the null rows of a nullable field are a stretch of their own.
        """
        beyond = "$lt" if self.descending else "$gt"
        if self.field == "_id":
            return [{"_id": {beyond: identifier}}]
        tie = {self.field: value, "_id": {beyond: identifier}}
        if value is None:
            return [tie] if self.descending else [tie, {self.field: {"$ne": None}}]
        last: list[Document] = [{self.field: None}] if self.nullable and self.descending else []
        return [tie, {self.field: {beyond: value}}, *last]

    @property
    def label(self) -> str:
        """What a cursor of this order carries, so that it is refused by another one."""
        return f"{'-' if self.descending else '+'}{self.field}{self.basis}"


def as_page(
    rows: Sequence[Document], order: Order, first: int, after: str | None, decode: Callable[[Document], T]
) -> Page[T]:
    """Return the page of sorted rows behind the cursor `after`; a row more than `first` tells that there is more."""
    shown = rows[:first]
    cursors = [write_cursor(*place_of(row, order), order) for row in shown]
    return Page([decode(row) for row in shown], cursors, len(rows) > first, after is not None)


def place_of(row: Document, order: Order) -> tuple[Any, str]:
    """Return where a row stands in an order: its sort value and its id."""
    return _value(row, order.field), row["_id"]


async def count(collection: AsyncCollection[Document], query: Mapping[str, Any]) -> int:
    """Return how many documents there are, `MOST_COUNTED` at most."""
    return await collection.count_documents(query, limit=MOST_COUNTED)


def write_cursor(value: Any, identifier: str, order: Order) -> str:
    """Return the opaque cursor of a row."""
    shown = {"at": value.isoformat()} if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(orjson.dumps([order.label, shown, identifier])).decode()


def read_cursor(cursor: str, order: Order) -> tuple[Any, str]:
    """Return the sort value and the id in a cursor, or refuse one that is not of this list and order."""
    try:
        label, shown, identifier = orjson.loads(base64.urlsafe_b64decode(cursor))
        value = datetime.fromisoformat(shown["at"]).astimezone(UTC) if isinstance(shown, dict) else shown
    except (binascii.Error, ValueError, TypeError, KeyError, OverflowError) as error:
        raise _no_cursor() from error
    if not isinstance(identifier, str) or not _is_sortable(value) or len(cursor) > _LONGEST_CURSOR:
        raise _no_cursor()
    if label != order.label:
        raise BadInput("This cursor is of another order; start again without one.", field="after")
    return value, identifier


def _no_cursor() -> BadInput:
    return BadInput("This is no cursor of this list; pass an endCursor that it returned.", field="after")


def _is_sortable(value: Any) -> bool:
    """Tell whether a value is one that the database sorts by; it takes integers of 64 bits with a sign."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return value is None or isinstance(value, str | float | datetime)


def _value(row: Document, path: str) -> Any:
    value: Any = row
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
