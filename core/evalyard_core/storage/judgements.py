"""What an evaluator and people have said of the same records, whether it is current or was replaced."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from pymongo.asynchronous.database import AsyncDatabase

from evalyard_core.domain.agreement import Judged, Judgement
from evalyard_core.domain.records import ScoreSource, ScoreStatus

from .codec import Document
from .records import RecordRepository
from .scores import ScoreHistoryRepository

_BATCH: Final = 1_000
_PARTS: Final = (
    *("evaluator_id", "source", "status", "author", "created_at"),
    *("passed", "number", "label", "evaluator_version"),
)
_CURRENT: Final = dict.fromkeys(("started_at", *(f"scores.{name}" for name in _PARTS)), 1)
_REPLACED: Final = {"record_id": 1} | dict.fromkeys((f"score.{name}" for name in _PARTS), 1)


class JudgementRepository:
    """Reads the scores of the records that people have judged for an evaluator."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._records = database[RecordRepository.name]
        self._history = database[ScoreHistoryRepository.name]

    async def of_evaluator(
        self, evaluator_id: str, *, run_ids: Sequence[str] | None = None, version: int | None = None, most: int
    ) -> list[Judged]:
        """Return the newest judgements of each record that people have judged for an evaluator.

        The records that people have scored last come first, `most` of them. `run_ids` and `version` keep to records of
        those runs and to that version of the evaluator.
        """
        query: Document = {"judged": evaluator_id}
        if run_ids is not None:
            query["run_id"] = {"$in": list(run_ids)}
        rows = self._records.find(query, projection=_CURRENT, batch_size=_BATCH)
        found = {row["_id"]: row async for row in rows.sort([("judged_at", -1), ("_id", -1)]).limit(most)}
        replaced = await self._replaced(list(found), evaluator_id)
        return [_judged(row, replaced[record_id], evaluator_id, version) for record_id, row in found.items()]

    async def _replaced(self, record_ids: Sequence[str], evaluator_id: str) -> defaultdict[str, list[Document]]:
        found: defaultdict[str, list[Document]] = defaultdict(list)
        for begin in range(0, len(record_ids), _BATCH):
            these = {"record_id": {"$in": list(record_ids[begin : begin + _BATCH])}, "score.evaluator_id": evaluator_id}
            async for row in self._history.find(these, projection=_REPLACED, batch_size=_BATCH):
                found[row["record_id"]].append(row["score"])
        return found


def _judged(record: Document, replaced: Sequence[Document], evaluator_id: str, version: int | None) -> Judged:
    """Return the evaluator's newest judgement of a record, and each person's.

    What was said before the record was retried was said of another output.
    """
    judge: Judgement | None = None
    people: dict[str, Judgement] = {}
    for score in sorted((*record["scores"], *replaced), key=lambda score: score["created_at"]):
        if score.get("evaluator_id") != evaluator_id or score["status"] != ScoreStatus.OK:
            continue
        judgement = _judgement(score)
        if record["started_at"] is not None and judgement.at < record["started_at"]:
            continue
        if score["source"] == ScoreSource.HUMAN:
            people[judgement.author or ""] = judgement
        elif version is None or judgement.version == version:
            judge = judgement
    return Judged(record["_id"], judge, tuple(people.values()))


def _judgement(score: Document) -> Judgement:
    return Judgement(
        score.get("author"),
        score["created_at"],
        score.get("passed"),
        score.get("number"),
        score.get("label"),
        score.get("evaluator_version"),
    )
