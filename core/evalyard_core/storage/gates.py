"""What judging a run needs beside its stored figures, counted by the database."""

from collections import Counter
from typing import Final

from pymongo.asynchronous.database import AsyncDatabase

from evalyard_core.domain.records import RecordStatus, ScoreStatus, Verdict
from evalyard_core.domain.runs import Run, RunStatus

from .codec import Document
from .collection import Repository

#: Why a record errored: its own error, or else that of its first score that could not be computed.
_WHY: Final[Document] = {"$ifNull": ["$error.code", {"$ifNull": [{"$first": "$scores.error.code"}, "UNKNOWN"]}]}
#: An evaluator asks neither pass nor fail of a record that it skipped, or gave a value alone.
_ASKS_NOTHING: Final[Document] = {
    "$or": [{"scores.status": ScoreStatus.SKIPPED}, {"scores.status": ScoreStatus.OK, "scores.passed": None}]
}


class GateRepository(Repository[Run]):
    """Runs and their records, as gates look at them."""

    name = "runs"

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        super().__init__(database, Run)
        self._records = database["records"]

    async def newest_of_version(self, run: Run, system_version_id: str) -> Run | None:
        """Return the newest completed run of a system version over the dataset of `run`, other than that, or None."""
        query = {**_comparable(run), "system.version_id": system_version_id}
        return await self._first(query, [("at", -1), ("_id", -1)])

    async def newest_before(self, run: Run) -> Run | None:
        """Return the newest completed run before `run` of its dataset and system, or of none as well; or None."""
        system_id = run.system.system_id if run.system else None
        query = {**_comparable(run), "system.system_id": system_id, "number": {"$lt": run.number}}
        return await self._first(query, [("number", -1)])

    async def error_codes(self, run_id: str) -> dict[str, int]:
        """Return how many records of a run errored for which reason, by its code."""
        query = {"run_id": run_id, "verdict": Verdict.ERRORED}
        rows = await self._records.aggregate([{"$match": query}, {"$group": {"_id": _WHY, "count": {"$sum": 1}}}])
        return {row["_id"]: row["count"] async for row in rows}

    async def unasked(self, run_id: str) -> Counter[tuple[str, ScoreStatus]]:
        """Return of how many records that were carried out each evaluator asks neither pass nor fail.

        By its id and status: SKIPPED, or OK where it gave a value alone.
        """
        rows = await self._records.aggregate(
            [
                {"$match": {"run_id": run_id, "status": RecordStatus.COMPLETED}},
                {"$project": {"scores.evaluator_id": 1, "scores.status": 1, "scores.passed": 1}},
                {"$unwind": "$scores"},
                {"$match": {"scores.evaluator_id": {"$ne": None}, **_ASKS_NOTHING}},
                {"$group": {"_id": ["$scores.evaluator_id", "$scores.status"], "count": {"$sum": 1}}},
            ]
        )
        return Counter({(row["_id"][0], ScoreStatus(row["_id"][1])): row["count"] async for row in rows})

    async def _first(self, query: Document, order: list[tuple[str, int]]) -> Run | None:
        rows = await self._rows.find(query).sort(order).limit(1).to_list()
        return self._codec.decode(rows[0]) if rows else None


def _comparable(run: Run) -> Document:
    return {
        "dataset.id": run.dataset.id if run.dataset else None,
        "status": RunStatus.COMPLETED,
        "hidden": False,
        "_id": {"$ne": run.id},
    }
