"""Traces: the figures of their spans. A document also keeps what lists sort by and search in."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from pymongo import InsertOne, ReplaceOne
from pymongo.asynchronous.database import AsyncDatabase

from evalyard_core.domain.filters import OrderDirection, TraceFilter, TraceOrderField
from evalyard_core.domain.lists import TraceList
from evalyard_core.domain.monitors import Window
from evalyard_core.domain.traces.spans import LAST_NS, NANOSECONDS_A_MILLISECOND
from evalyard_core.domain.traces.trace import Trace, nanoseconds_of

from .codec import Document
from .collection import Session
from .listed import Listed, Selection
from .pages import Order
from .runs import between
from .search import in_text

_ORDERS: Final = {TraceOrderField.STARTED_AT: "start_ns", TraceOrderField.DURATION: "duration_ns"}
_MOST_ARRIVALS: Final = 5_000
_NEWEST: Final = {"start_ns": -1, "_id": -1}


class Arrival(NamedTuple):
    """A trace, by its id in the store and its own, and when its last span came in."""

    trace: str
    trace_id: str
    received_at: datetime


class TraceRepository(Listed[Trace, TraceList]):
    """Traces. There is one whenever there is a span of it; those that are hidden are being deleted."""

    name = "traces"

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        super().__init__(database, Trace)

    async def put(self, new: Sequence[Trace], changed: Sequence[Trace], *, session: Session) -> None:
        """Store new traces, and changed ones in the place of those with their ids."""
        writes: list[InsertOne[Document] | ReplaceOne[Document]] = [
            *(InsertOne(_with_lists(self._codec.encode(trace))) for trace in new),
            *(ReplaceOne({"_id": trace.id}, _with_lists(self._codec.encode(trace))) for trace in changed),
        ]
        await self._rows.bulk_write(writes, ordered=False, session=session)

    def selection(self, wanted: TraceList) -> Selection:
        """Return the traces of a project; those of a filter are counted among the newest only."""
        scope = {"project_id": wanted.project_id}
        order = Order(_ORDERS[wanted.order.field], descending=wanted.order.direction is OrderDirection.DESC)
        query = {**scope, "hidden": False, **_query(wanted.wanted)}
        counted_among = scope if wanted.wanted != TraceFilter() else None
        return Selection(query, order, counted_among=counted_among, newest=_NEWEST)

    async def arrived(self, project_id: str, window: Window, wanted: TraceFilter) -> AsyncIterator[Arrival]:
        """Yield the traces of a filter whose last span came in within a window, in that order."""
        received = {"$gt": window.after, "$lte": window.until}
        query = {"project_id": project_id, "received_at": received, "hidden": False, **_query(wanted)}
        rows = self._rows.find(query, projection={"trace_id": 1, "received_at": 1}, batch_size=_MOST_ARRIVALS)
        async for row in rows.sort("received_at").hint("project_id_1_received_at_1"):
            yield Arrival(row["_id"], row["trace_id"], row["received_at"])

    async def hide(self, identifiers: Sequence[str]) -> None:
        """Make traces invisible before their spans are removed."""
        await self._rows.update_many({"_id": {"$in": list(identifiers)}}, {"$set": {"hidden": True}})

    async def hide_old(self, project_id: str, before: datetime) -> int:
        """Make traces invisible whose last span came in before a time; return how many."""
        old = {"project_id": project_id, "received_at": {"$lt": before}, "hidden": False}
        return (await self._rows.update_many(old, {"$set": {"hidden": True}})).modified_count

    async def hidden(self, most: int) -> list[str]:
        """Return the ids of traces whose removal was begun, `most` at most."""
        rows = self._rows.find({"hidden": True}, projection={"_id": 1}).limit(most)
        return [row["_id"] async for row in rows]

    async def hold_hidden(self, identifiers: Sequence[str], *, session: Session) -> list[str]:
        """Return those of the traces that are still hidden; whoever else writes them waits for the transaction."""
        still = {"_id": {"$in": list(identifiers)}, "hidden": True}
        await self._rows.update_many(still, {"$inc": {"purges": 1}}, session=session)
        return [row["_id"] async for row in self._rows.find(still, projection={"_id": 1}, session=session)]

    async def remove(self, identifiers: Sequence[str], *, session: Session) -> None:
        """Remove traces, of which no span is left."""
        await self._rows.delete_many({"_id": {"$in": list(identifiers)}}, session=session)


def _with_lists(document: Document) -> Document:
    """Add to a trace's document what lists sort by and search in, and leave out who is not named."""
    head, said = document["head"], [document[name] for name in ("session", "user") if document[name]]
    texts = (document["trace_id"], head["name"], *(one["value"] for one in said), *document["tags"])
    document["text"] = "\n".join((*texts, *document["models"], *document["texts"], head["text"]))
    document["duration_ns"] = document["end_ns"] - document["start_ns"]
    return {name: value for name, value in document.items() if value is not None}


def _query(wanted: TraceFilter) -> Document:
    least = wanted.min_duration_ms
    query: dict[str, Any] = {
        "head.status": wanted.status,
        "head.name": wanted.name,
        "session.value": wanted.session,
        "user.value": wanted.user,
        "tags": {"$all": list(wanted.tags)} if wanted.tags else None,
        "text": in_text(wanted.search) if wanted.search else None,
        "duration_ns": None if least is None else {"$gte": least * NANOSECONDS_A_MILLISECOND},
        "start_ns": between(
            None if wanted.started_after is None else nanoseconds_of(wanted.started_after),
            # A time has no nanoseconds: up to the end of its microsecond.
            None if wanted.started_before is None else min(LAST_NS, nanoseconds_of(wanted.started_before) + 999),
        ),
    }
    return {name: condition for name, condition in query.items() if condition}
