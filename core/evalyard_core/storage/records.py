"""Records with their current scores. Writes of the run engine go in bulk and name the status they come from."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from pymongo import InsertOne, ReplaceOne, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from evalyard_core.domain.caching import AnswerOrigin
from evalyard_core.domain.facets import facets_of
from evalyard_core.domain.lists import RecordList
from evalyard_core.domain.mapping import Context, figures_of
from evalyard_core.domain.payload import dump_json, load_json, now
from evalyard_core.domain.records import (
    RECORD_TERMINAL,
    Annotation,
    Outcome,
    Problem,
    Record,
    RecordStatus,
    Retrying,
    Score,
    ScoreSource,
    ScoreStatus,
    Settled,
    Verdict,
)
from evalyard_core.domain.runs import Run
from evalyard_core.domain.summaries import RecordFigures

from .codec import Document, PartCodec
from .collection import Session, insert_new
from .listed import Listed, Selection
from .planned_records import Trial, blank_record, planned
from .record_figures import FIGURES, record_figures
from .record_queries import select_records

_DUPLICATE_KEY: Final = 11000
_OPEN: Final = [RecordStatus.PENDING, RecordStatus.RUNNING, RecordStatus.SCORING]
_UNCALLED: Final = [RecordStatus.PENDING, RecordStatus.RUNNING]

#: What a mapping calls the parts of a record.
_ROOTS: Final = {"input": "input", "expected": "expected_output", "output": "output", "metadata": "metadata"}
#: The arguments of `figures_of`.
_TOOK: Final = ("latency_ms", "cost_usd", "prompt_tokens", "completion_tokens", "attempts")
_MAPPED: Final[Document] = dict.fromkeys(("seq", "trace_id", *_ROOTS.values(), *_TOOK, "cached_from"), 1)
_PAGE_CHARACTERS: Final = 16 * 1024 * 1024

#: How many records a summary reads at once.
_AT_ONCE: Final = 1000

_UNTOUCHED: Final[Document] = {
    "verdict": None,
    "error": None,
    "scores": [],
    "retrying": None,
    "started_at": None,
    "finished_at": None,
}

_PROBLEM = PartCodec(Problem)
_OUTCOME = PartCodec(Outcome)
_ORIGIN = PartCodec(AnswerOrigin)
_SCORES = PartCodec(tuple[Score, ...])
_ANNOTATION = PartCodec(Annotation)
_RETRYING = PartCodec(Retrying)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The scores of one record and what they come to."""

    record_id: str
    scores: tuple[Score, ...]
    verdict: Verdict | None
    finished_at: datetime


class CompletedCase(NamedTuple):
    """A record's place in its run, what a mapping reads of it, and its trace."""

    seq: int
    context: Context
    trace_id: str | None = None


class RecordRepository(Listed[Record, RecordList]):
    """Records, of which (run, item, trial) has exactly one, because its id is made of them."""

    name = "records"

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        super().__init__(database, Record)

    def _document(self, record: Record) -> Document:
        # Scores are written in one way everywhere: `set_scores` looks for them as it would write them.
        scores = _SCORES.encode(record.scores)
        return self._codec.encode(record) | {"scores": scores, "facets": facets_of(record.metadata)}

    async def add(self, records: Sequence[Record]) -> set[str]:
        """Store records and return the ids of those that were there already, which stay as they are."""
        return await insert_new(self._rows, [self._document(record) for record in records])

    async def lay_down(self, run: Run, trials: Sequence[Trial]) -> None:
        """Store the PENDING records of trials; those that are there already stay as they are."""
        blank = self._document(blank_record(run))
        await insert_new(self._rows, [blank | planned(run, trial) for trial in trials])

    async def put(self, new: Sequence[Record], better: Sequence[Record], *, session: Session) -> None:
        """Store new records, and better ones in the place of those with their ids."""
        writes: list[InsertOne[Document] | ReplaceOne[Document]] = [
            *(InsertOne(self._document(record)) for record in new),
            *(ReplaceOne({"_id": record.id}, self._document(record)) for record in better),
        ]
        await self._rows.bulk_write(writes, session=session)

    async def open_in_lane(self, run_id: str, lane: int, *, from_seq: int, most: int) -> list[Record]:
        """Return records of a lane that are to be worked at now, in order from place `from_seq` on."""
        query = {
            "run_id": run_id,
            "lane": lane,
            "seq": {"$gte": from_seq},
            "status": {"$in": _OPEN},
            "score_at": {"$not": {"$gt": now()}},
        }
        rows = await self._rows.find(query).sort("seq", 1).limit(most).to_list()
        return [self._codec.decode(row) for row in rows]

    async def store_outcomes(
        self,
        outcomes: Mapping[str, Outcome],
        if_errored: tuple[Score, ...],
        put_off: Mapping[str, datetime] | None = None,
    ) -> int:
        """Store what calling the system gave, by record id, and return how many were not stored before.

        The first outcome of a record stays: a second worker, or a cancelled run, changes nothing. A record with an
        output is SCORING then, and one that is `put_off` is not to be scored before that time; one without is ERRORED
        and gets the scores `if_errored`.
        """
        looks = put_off or {}
        at_error = {"status": RecordStatus.ERRORED, "verdict": Verdict.ERRORED, "scores": _SCORES.encode(if_errored)}
        at_output = {"status": RecordStatus.SCORING}
        return await self._store_first(
            {
                identifier: _outcome_fields(outcome)
                | (at_output if outcome.error is None else at_error)
                | ({"score_at": looks[identifier]} if identifier in looks else {})
                for identifier, outcome in outcomes.items()
            }
        )

    async def store_whole(self, settled: Sequence[Settled]) -> int:
        """Store outcomes together with what they came to; otherwise like `store_outcomes`."""
        return await self._store_first(
            {
                entry.record_id: _outcome_fields(entry.outcome)
                | {"status": entry.status, "verdict": entry.verdict, "scores": _SCORES.encode(entry.scores)}
                for entry in settled
            }
        )

    async def _store_first(self, changes: Mapping[str, Document]) -> int:
        writes = [
            UpdateOne({"_id": identifier, "status": {"$in": _UNCALLED}}, {"$set": fields})
            for identifier, fields in changes.items()
        ]
        return (await self._rows.bulk_write(writes, ordered=False)).modified_count

    async def store_scores(self, scored: Sequence[Scored]) -> int:
        """Store the scores of records that wait for them, which completes them; return how many waited."""
        writes = [
            UpdateOne(
                {"_id": entry.record_id, "status": RecordStatus.SCORING},
                {
                    "$set": {
                        "status": RecordStatus.COMPLETED,
                        "scores": _SCORES.encode(entry.scores),
                        "verdict": entry.verdict,
                        "finished_at": entry.finished_at,
                    }
                },
            )
            for entry in scored
        ]
        return (await self._rows.bulk_write(writes, ordered=False)).modified_count

    async def mark_running(self, identifiers: Sequence[str], started_at: datetime) -> None:
        """Show that the system is being called for these records."""
        await self._rows.update_many(
            {"_id": {"$in": list(identifiers)}, "status": RecordStatus.PENDING},
            {"$set": {"status": RecordStatus.RUNNING, "started_at": started_at}},
        )

    async def mark_pending(self, identifiers: Sequence[str]) -> None:
        """Take `mark_running` back."""
        await self._rows.update_many(
            {"_id": {"$in": list(identifiers)}, "status": RecordStatus.RUNNING},
            {"$set": {"status": RecordStatus.PENDING, "started_at": None}},
        )

    async def keep_retrying(self, retrying: Mapping[str, Retrying]) -> None:
        """Note how far the calls for records have come that wait for another turn, by their ids."""
        writes = [
            UpdateOne(
                {"_id": identifier, "status": {"$in": _UNCALLED}},
                {"$set": {"retrying": _RETRYING.encode(entry), "attempts": entry.attempts}},
            )
            for identifier, entry in retrying.items()
        ]
        await self._rows.bulk_write(writes, ordered=False)

    async def annotate(self, identifier: str, annotation: Annotation, *, most: int) -> Record | None:
        """Add an annotation; None where the record is gone or has `most` of them."""
        with_room = {"_id": identifier, f"annotations.{most - 1}": {"$exists": False}}
        return await self._update(with_room, {"$push": {"annotations": _ANNOTATION.encode(annotation)}})

    async def set_scores(
        self,
        record: Record,
        scores: tuple[Score, ...],
        verdict: Verdict | None,
        *,
        judged: str | None = None,
        session: Session,
    ) -> Record | None:
        """Replace the scores of a record, unless they are no longer those that `record` has.

        `judged` names the evaluator for which a person has now scored it: by that such records are found.
        """
        update: Document = {"$set": {"scores": _SCORES.encode(scores), "verdict": verdict}}
        if judged is not None:
            update["$set"]["judged_at"] = now()
            update["$addToSet"] = {"judged": judged}
        there = {"_id": record.id, "status": record.status, "scores": _SCORES.encode(record.scores)}
        return await self._update(there, update, session=session)

    async def reopen_for_scoring(self, run_id: str) -> None:
        """Make every record of a run that was carried out ready to be scored again."""
        carried_out = [{"status": RecordStatus.COMPLETED}, {"status": RecordStatus.CANCELLED, "output": {"$ne": None}}]
        await self._rows.update_many({"run_id": run_id, "$or": carried_out}, {"$set": {"status": RecordStatus.SCORING}})

    async def said_of_errored(self, run_id: str) -> list[tuple[str, Score]]:
        """Return people's scores of a run's errored records, each with its record's id."""
        query = {"run_id": run_id, "status": RecordStatus.ERRORED, "scores.source": ScoreSource.HUMAN}
        said = [
            (row["_id"], score)
            async for row in self._rows.find(query, projection={"scores": 1})
            for score in _SCORES.decode(row["scores"])
        ]
        return [(record_id, score) for record_id, score in said if score.source is ScoreSource.HUMAN]

    async def reopen_errored(self, run_id: str) -> None:
        """Make the errored records of a run ready again: to be called where there is no output, else to be scored."""
        await self._rows.update_many(
            {"run_id": run_id, "status": RecordStatus.ERRORED},
            {"$set": {**_UNTOUCHED, "status": RecordStatus.PENDING}},
        )
        await self._rows.update_many(
            {"run_id": run_id, "status": RecordStatus.COMPLETED, "verdict": Verdict.ERRORED},
            {
                "$set": {"status": RecordStatus.SCORING, "verdict": None},
                "$pull": {"scores": {"status": ScoreStatus.ERROR}},
            },
        )

    async def completed(self, run_id: str, *, from_seq: int, most: int) -> list[CompletedCase]:
        """Return completed records of a run, in order from place `from_seq` on, as far as a mapping reads them.

        There are fewer than `most` where they are large, and none only at the end.
        """
        query = {"run_id": run_id, "seq": {"$gte": from_seq}, "status": RecordStatus.COMPLETED}
        found: list[CompletedCase] = []
        size = 0
        async with self._rows.find(query, projection=_MAPPED, batch_size=most).sort("seq", 1).limit(most) as rows:
            async for row in rows:
                parts = {root: load_json(row[name]) for root, name in _ROOTS.items()}
                figures = figures_of(**_took(row))
                found.append(CompletedCase(row["seq"], {**parts, "record": figures}, row["trace_id"]))
                size += sum(len(row[name] or "") for name in _ROOTS.values())
                if size > _PAGE_CHARACTERS:
                    break
        return found

    async def cancel_open(self, run_id: str, at: datetime) -> int:
        """End every record of a run that is not done with; outputs that are there stay."""
        return await self._cancel(run_id, _OPEN, at)

    async def cancel_uncalled(self, run_id: str, at: datetime) -> int:
        """End every record of a run for which there is nothing yet."""
        return await self._cancel(run_id, _UNCALLED, at)

    async def _cancel(self, run_id: str, statuses: Sequence[RecordStatus], at: datetime) -> int:
        result = await self._rows.update_many(
            {"run_id": run_id, "status": {"$in": statuses}},
            {"$set": {"status": RecordStatus.CANCELLED, "finished_at": at}},
        )
        return result.modified_count

    async def give_up(self, run_id: str, problem: Problem, scores: tuple[Score, ...], at: datetime) -> None:
        """Make errors of the records of a run that nobody has begun, with these scores."""
        await self._rows.update_many(
            {"run_id": run_id, "status": RecordStatus.PENDING},
            {
                "$set": {
                    "status": RecordStatus.ERRORED,
                    "verdict": Verdict.ERRORED,
                    "error": _PROBLEM.encode(problem),
                    "scores": _SCORES.encode(scores),
                    "finished_at": at,
                }
            },
        )

    async def done_since(self, run_id: str, since: datetime) -> list[str]:
        """Return the ids of the records of a run that were done with at `since` or later, in their order."""
        query = {"run_id": run_id, "status": {"$in": sorted(RECORD_TERMINAL)}, "finished_at": {"$gte": since}}
        return [row["_id"] async for row in self._rows.find(query, projection={"_id": 1}).sort("seq", 1)]

    async def figures(self, run_id: str) -> AsyncIterator[RecordFigures]:
        """Yield what a summary needs of each record of a run."""
        rows = self._rows.find({"run_id": run_id}, projection=FIGURES, batch_size=_AT_ONCE)
        while batch := await rows.to_list(_AT_ONCE):
            for row in batch:
                yield record_figures(row)

    def selection(self, wanted: RecordList) -> Selection:
        """Return the records of a project, run or item, or refuse an order."""
        return select_records(wanted)

    async def delete_of_run(self, run_id: str) -> None:
        """Remove the records of a run."""
        await self._rows.delete_many({"run_id": run_id})


def encode_outcome(outcome: Outcome) -> Any:
    """Return an outcome as JSON, for a question that is answered by it."""
    return _OUTCOME.encode(outcome)


def decode_outcome(part: Any) -> Outcome:
    """Return the outcome of an answer."""
    return _OUTCOME.decode(part)


def _took(row: Document) -> Document:
    """Return what answering took: of an output that was used again, where it was made."""
    took = row.get("cached_from") or row
    return {name: took.get(name) for name in _TOOK}


def _outcome_fields(outcome: Outcome) -> Document:
    # Only what later runs may use has a key: an index holds nothing else.
    keyed = {} if outcome.cache_key is None else {"answer_key": outcome.cache_key}
    return keyed | {
        "output": dump_json(outcome.output),
        "response": dump_json(outcome.response),
        "error": None if outcome.error is None else _PROBLEM.encode(outcome.error),
        "attempts": outcome.attempts,
        "latency_ms": outcome.latency_ms,
        "cost_usd": outcome.cost_usd,
        "prompt_tokens": outcome.prompt_tokens,
        "completion_tokens": outcome.completion_tokens,
        "trace_id": outcome.trace_id,
        "cached_from": None if outcome.cached_from is None else _ORIGIN.encode(outcome.cached_from),
        "started_at": outcome.started_at,
        "finished_at": outcome.finished_at,
    }
