"""Records as they are exported: all of a list, one after the other, however many there are."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final

from pymongo.errors import AutoReconnect, CursorNotFound

from evalyard_core.domain.errors import LimitExceeded
from evalyard_core.domain.exports import MOST_SCORES, StoredScore, ValueKind
from evalyard_core.domain.lists import RecordList
from evalyard_core.domain.records import Record

from .codec import Document
from .pages import place_of
from .records import RecordRepository

#: Records are decoded and written in one go between two answers of the database, and nobody else is served meanwhile.
_BATCH: Final = 100
#: Newest first. Left to choose, the database may rather sort all that a filter finds.
_BY_PLACE: Final = [("run_id", 1), ("seq", 1), ("_id", 1)]
_BY_AGE: Final = [("project_id", 1), ("created_at", -1), ("_id", -1)]

#: Numbers begin with each digit and a sign, so that a score is found a dozen times.
_MOST_FOUND: Final = 20 * MOST_SCORES

#: What the JSON text of a value begins with; all else is a number.
_KINDS: Final = {
    "t": ValueKind.BOOLEAN,
    "f": ValueKind.BOOLEAN,
    '"': ValueKind.TEXT,
    "{": ValueKind.JSON,
    "[": ValueKind.JSON,
}


class ExportRepository(RecordRepository):
    """Records, read from the first to the last."""

    async def stream(self, wanted: RecordList) -> AsyncGenerator[Record, None]:
        """Yield the records of a list in order, of which a batch at most is in memory.

        A cursor that the database has lost, because the reader was slow or a server failed, is taken up where it was.
        """
        selection, hint = self.selection(wanted), _hint(wanted)
        place: tuple[Any, str] | None = None
        while True:
            begun_at = place
            stages = selection.behind(self.name, place)
            rows = await self._rows.aggregate(stages, batchSize=_BATCH, **hint)
            try:
                async with rows:
                    async for row in rows:
                        place = place_of(row, selection.order)
                        yield self._decode(row)
            except (CursorNotFound, AutoReconnect):
                if place == begun_at:
                    raise
            else:
                return

    async def ids(self, run_id: str) -> AsyncGenerator[str, None]:
        """Yield the ids of a run's records in its order, out of the index alone."""
        rows = self._rows.find({"run_id": run_id}, projection={"seq": 1}, batch_size=1000)
        async for row in rows.sort([("seq", 1), ("_id", 1)]).hint(_BY_PLACE):
            yield row["_id"]

    async def existing(self, identifiers: Sequence[str]) -> set[str]:
        """Return those of the ids that records have."""
        rows = self._rows.find({"_id": {"$in": list(identifiers)}}, projection={"_id": 1})
        return {row["_id"] async for row in rows}

    async def scores(self, wanted: RecordList) -> list[StoredScore]:
        """Return which scores the records of a list have, and of what kinds, in no order; or refuse too many."""
        first = {"$substrBytes": [{"$ifNull": ["$scores.value", ""]}, 0, 1]}
        told_apart = {name: f"$scores.{name}" for name in ("evaluator_id", "part_of", "name")}
        rows = await self._rows.aggregate(
            [
                {"$match": self.selection(wanted).query},
                {"$project": {f"scores.{name}": 1 for name in (*told_apart, "value")}},
                {"$unwind": "$scores"},
                {"$group": {"_id": {**told_apart, "first": first}}},
                {"$limit": _MOST_FOUND},
            ]
        )
        found = [_stored(row["_id"]) async for row in rows]
        if len(found) == _MOST_FOUND:
            raise LimitExceeded(f"These records have more than {MOST_SCORES} different scores; export fewer at once.")
        return list(set(found))


def _hint(wanted: RecordList) -> dict[str, Any]:
    is_narrow = wanted.run_id is not None or wanted.item_id is not None or wanted.wanted.item_ids
    return {} if is_narrow else {"hint": dict(_BY_AGE)}


def _stored(part: Document) -> StoredScore:
    first = part["first"]
    kind = _KINDS.get(first, ValueKind.NUMBER) if first else None
    return StoredScore(evaluator_id=part.get("evaluator_id"), name=part["name"], kind=kind, part_of=part.get("part_of"))
