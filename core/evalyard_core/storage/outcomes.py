"""What came of the records of whole runs: their verdicts and numbers, without inputs and outputs."""

from collections.abc import Sequence
from typing import Final

from pymongo.asynchronous.database import AsyncDatabase

from evalyard_core.domain.comparing.outcomes import Outcome
from evalyard_core.domain.records import ScoreStatus, Verdict, score_key

from .codec import Document
from .records import RecordRepository

#: How many rows come at once: a run of usual size in one answer, and none that holds up everybody else.
_BATCH: Final = 5_000

_OUTCOME: Final = dict.fromkeys(
    (
        *("run_id", "item_id", "trial", "verdict"),
        *(f"scores.{name}" for name in ("evaluator_id", "name", "status", "passed", "number")),
    ),
    1,
)
_VERDICTS: Final = {None: None} | {verdict.value: verdict for verdict in Verdict}


class OutcomeRepository:
    """Reads the collection of the records a run at a time."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._rows = database[RecordRepository.name]

    async def of_runs(self, run_ids: Sequence[str]) -> dict[str, list[Outcome]]:
        """Return what came of each record of runs, in each run's order; one round trip for each 5,000 records."""
        outcomes: dict[str, list[Outcome]] = {run_id: [] for run_id in run_ids}
        query = {"run_id": {"$in": list(run_ids)}}
        rows = self._rows.find(query, projection=_OUTCOME, batch_size=_BATCH).sort([("run_id", 1), ("seq", 1)])
        while batch := await rows.to_list(_BATCH):
            for row in batch:
                outcomes[row["run_id"]].append(_outcome(row))
        return outcomes


def _outcome(row: Document) -> Outcome:
    return Outcome(
        row["_id"],
        row["item_id"],
        row["trial"],
        _VERDICTS[row["verdict"]],
        {
            score_key(score.get("evaluator_id"), score["name"]): value
            for score in row["scores"]
            if score["status"] == ScoreStatus.OK and (value := _value(score)) is not None
        },
    )


def _value(score: Document) -> float | None:
    """Return a score's number; 1 or 0 for one that has none and passes or fails."""
    number = score.get("number")
    if number is None and (passed := score.get("passed")) is not None:
        return float(passed)
    return number
