"""What came of the records of whole runs: their verdicts and numbers, without inputs and outputs."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from pymongo.asynchronous.database import AsyncDatabase

from evalyard_core.domain.comparing.outcomes import Outcome
from evalyard_core.domain.failure_groups import FailureTrait, Trait, Traits
from evalyard_core.domain.ids import case_of_record
from evalyard_core.domain.records import ScoreStatus, Verdict, score_key

from .codec import Document
from .record_figures import VERDICTS
from .records import RecordRepository

T = TypeVar("T")

#: How many rows come at once: a run of usual size in one answer, and none that holds up everybody else.
_BATCH: Final = 5_000

_OUTCOME: Final = dict.fromkeys(
    (
        *("run_id", "item_id", "trial", "verdict"),
        *(f"scores.{name}" for name in ("evaluator_id", "part_of", "name", "status", "passed", "number")),
    ),
    1,
)
_TRAITS: Final = dict.fromkeys(
    (
        *("run_id", "verdict", "tags", "facets", "error.code"),
        *(f"scores.{name}" for name in ("evaluator_id", "status", "passed")),
    ),
    1,
)


class OutcomeRepository:
    """Reads the collection of the records a run at a time."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._rows = database[RecordRepository.name]

    async def of_runs(self, run_ids: Sequence[str]) -> dict[str, list[Outcome]]:
        """Return what came of each record of runs, in each run's order; one round trip for each 5,000 records."""
        return await self._read(run_ids, _OUTCOME, _outcome)

    async def traits_of_runs(self, run_ids: Sequence[str]) -> dict[str, list[Traits]]:
        """Return what each record of runs has, in the same way; those without a verdict have nothing."""
        return await self._read(run_ids, _TRAITS, _traits)

    async def _read(
        self, run_ids: Sequence[str], projection: Document, make: Callable[[Document], T | None]
    ) -> dict[str, list[T]]:
        found: dict[str, list[T]] = {run_id: [] for run_id in run_ids}
        query = {"run_id": {"$in": list(run_ids)}}
        rows = self._rows.find(query, projection=projection, batch_size=_BATCH).sort([("run_id", 1), ("seq", 1)])
        while batch := await rows.to_list(_BATCH):
            for row in batch:
                if (made := make(row)) is not None:
                    found[row["run_id"]].append(made)
        return found


def _outcome(row: Document) -> Outcome:
    return Outcome(
        row["_id"],
        row["item_id"],
        row["trial"],
        VERDICTS[row["verdict"]],
        {
            score_key(score.get("evaluator_id"), score["name"], score.get("part_of")): value
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


def _traits(row: Document) -> Traits | None:
    verdict = VERDICTS[row["verdict"]]
    if verdict is None:
        return None
    traits = [Trait(FailureTrait.TAG, tag) for tag in row["tags"]]
    traits += [Trait(FailureTrait.METADATA, facet) for facet in row.get("facets", ())]
    if error := row.get("error"):
        traits.append(Trait(FailureTrait.ERROR, error["code"]))
    for score in row["scores"]:
        key = score.get("evaluator_id")
        if key and score["status"] == ScoreStatus.ERROR:
            traits.append(Trait(FailureTrait.ERRORED_SCORE, key))
        elif key and score.get("passed") is False:
            traits.append(Trait(FailureTrait.FAILED_SCORE, key))
    return Traits(case_of_record(row["_id"]), verdict is not Verdict.PASSED, traits)
