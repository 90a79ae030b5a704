"""Spans. A document also keeps `trace`, the id of its trace, by which they are found."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from pymongo import ReplaceOne
from pymongo.asynchronous.database import AsyncDatabase

from evalyard_core.domain.lists import SpanList
from evalyard_core.domain.traces.spans import Cut, Meaning, ReceivedSpan, Span, SpanKind
from evalyard_core.domain.traces.tree import Step

from .codec import SCHEMA_VERSION, Document, PartCodec
from .collection import Session
from .listed import Listed, Selection
from .pages import Order

_BY_START: Final = Order("received.start_ns")

#: What the figures of a trace are not made of, and most of a span.
_UNCOUNTED: Final = dict.fromkeys(
    ("received.attributes", "received.events", "received.links", "received.resource", "meaning.tool_calls"), 0
)
#: What tells where a span stands.
_PLACED: Final = dict.fromkeys(
    ("trace", "received.span_id", "received.parent_span_id", "received.start_ns", "received.end_ns", "meaning.kind"), 1
)
#: What evaluators do not read.
_UNMAPPED: Final = dict.fromkeys(("received.events", "received.links", "received.resource"), 0)
_AT_ONCE: Final = 1_000
_MOST_ROWS: Final = 10_000

_RECEIVED: Final = PartCodec(ReceivedSpan)
_MEANING: Final = PartCodec(Meaning)
_TRUNCATED: Final = PartCodec(tuple[Cut, ...])


class SpanRepository(Listed[Span, SpanList]):
    """Spans, of which (project, trace, span) has exactly one, because its id is made of them."""

    name = "spans"

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        super().__init__(database, Span)

    def selection(self, wanted: SpanList) -> Selection:
        """Return the spans of a trace by their start."""
        return Selection({"trace": wanted.trace}, _BY_START)

    async def add(self, spans: Sequence[Span], *, session: Session) -> None:
        """Store spans, none of which is there."""
        await self._rows.insert_many([self._document(span) for span in spans], ordered=False, session=session)

    async def put(self, spans: Sequence[Span], *, session: Session) -> None:
        """Store spans in the place of those with their ids."""
        writes = [ReplaceOne({"_id": span.id}, self._document(span)) for span in spans]
        await self._rows.bulk_write(writes, ordered=False, session=session)

    async def figures(self, trace: str, *, session: Session) -> AsyncIterator[list[Span]]:
        """Yield the spans of a trace, some at a time, without what its figures are not made of."""
        rows = self._rows.find({"trace": trace}, projection=_UNCOUNTED, batch_size=_AT_ONCE, session=session)
        while batch := await rows.to_list(_AT_ONCE):
            yield [self._codec.decode(row) for row in batch]

    async def steps(self, traces: Sequence[str]) -> Mapping[str, Sequence[Step]]:
        """Return where the spans of traces stand, by trace."""
        found: defaultdict[str, list[Step]] = defaultdict(list)
        rows = self._rows.find({"trace": {"$in": list(traces)}}, projection=_PLACED, batch_size=_MOST_ROWS)
        for row in await rows.to_list():
            found[row["trace"]].append(_step(row))
        return found

    async def of_traces(self, traces: Sequence[str]) -> list[Span]:
        """Return the spans of traces as far as evaluators read them, in any order."""
        rows = self._rows.find({"trace": {"$in": list(traces)}}, projection=_UNMAPPED, batch_size=_MOST_ROWS)
        return [self._codec.decode(row) for row in await rows.to_list()]

    async def remove_of(self, traces: Sequence[str], *, most: int, session: Session) -> int:
        """Remove spans of traces, `most` at most, and return how many."""
        found = self._rows.find({"trace": {"$in": list(traces)}}, projection={"_id": 1}, session=session).limit(most)
        ids = [row["_id"] async for row in found]
        return (await self._rows.delete_many({"_id": {"$in": ids}}, session=session)).deleted_count if ids else 0

    async def delete_of_project(self, project_id: str) -> None:
        """Remove all spans of a project, with which their ids begin."""
        await self._rows.delete_many({"_id": {"$gte": f"{project_id}.", "$lt": f"{project_id}/"}})

    def _document(self, span: Span) -> Document:
        """Return a span's document, without what is not said: most of what a span may say never is."""
        document: Document = {
            "_id": span.id,
            "project_id": span.project_id,
            "trace": span.trace,
            "received": _RECEIVED.encode(span.received),
            "meaning": _MEANING.encode(span.meaning),
            "schema_version": SCHEMA_VERSION,
        }
        if span.truncated:
            document["truncated"] = _TRUNCATED.encode(span.truncated)
        return document


def _step(row: Document) -> Step:
    received, kind = row["received"], row.get("meaning", {}).get("kind", SpanKind.UNKNOWN)
    return Step(
        span_id=received["span_id"],
        parent_span_id=received.get("parent_span_id"),
        start_ns=received["start_ns"],
        end_ns=received["end_ns"],
        kind=SpanKind(kind),
    )
