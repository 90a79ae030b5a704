"""Runs. A document also keeps `at`, by which lists are sorted: the start, or until then the creation."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from evalyard_core.domain.circuits import Circuit, Streak
from evalyard_core.domain.evaluators import EvaluatorSnapshot
from evalyard_core.domain.filters import OrderDirection, RunFilter, RunOrder, RunOrderField
from evalyard_core.domain.lists import RunList
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import RunScore
from evalyard_core.domain.runs import (
    ACTIVE,
    TERMINAL,
    Dispatch,
    Distribution,
    Progress,
    Run,
    RunStatus,
    RunSummary,
    Tally,
    check_transitions,
)

from .codec import Document, PartCodec
from .collection import Session
from .listed import Listed, Selection
from .pages import Order
from .run_progress import PULSE, RunPulse, growth, read_pulse
from .search import in_text

_FIELDS: Final = {
    RunOrderField.STARTED_AT: "at",
    RunOrderField.STATUS: "status",
    RunOrderField.DATASET: "dataset.name",
    RunOrderField.SYSTEM: "system.system_name",
    RunOrderField.PASS_RATE: "summary.pass_rate",
    RunOrderField.COST: "progress.cost_usd",
    RunOrderField.DURATION: "summary.total_duration_ms",
}
_NULLABLE: Final = {RunOrderField.DATASET, RunOrderField.SYSTEM, RunOrderField.PASS_RATE, RunOrderField.DURATION}

#: The newest run before one, by what is its own.
_OWN: Final = {"dataset": "$dataset.id", "system": "$system.system_id", "number": "$number"}
_BEFORE: Final[list[Document]] = [
    {
        "$match": {
            "$expr": {
                "$and": [
                    {"$eq": ["$dataset.id", "$$dataset"]},
                    {"$eq": ["$system.system_id", "$$system"]},
                    {"$lt": ["$number", "$$number"]},
                ]
            },
            "hidden": False,
        }
    },
    {"$sort": {"number": -1}},
    {"$limit": 1},
]

_PROGRESS = PartCodec(Progress)
_SNAPSHOTS = PartCodec(tuple[EvaluatorSnapshot, ...])
_TALLIES = PartCodec(dict[str, Tally])
_SUMMARY = PartCodec(RunSummary)
_DISPATCH = PartCodec(Dispatch)
_DISTRIBUTIONS = PartCodec(dict[str, Distribution])
_RUN_SCORE = PartCodec(RunScore)
_RUN_SCORES = PartCodec(dict[str, RunScore])
_CIRCUITS = PartCodec(tuple[Circuit, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The exact figures of a run, as aggregated from its records."""

    progress: Progress
    tallies: Mapping[str, Tally]
    summary: RunSummary | None = None
    distributions: Mapping[str, Distribution] | None = None


class RunRepository(Listed[Run, RunList]):
    """Runs; numbers count up in a project, idempotency keys are unique in it."""

    name = "runs"

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        super().__init__(database, Run)

    async def add(self, run: Run, *, session: Session | None = None) -> None:
        """Store a new run; raises `RepeatedKey` where its idempotency key, or its schedule's tick, was used before."""
        document = self._codec.encode(run) | {"at": run.created_at, "next_seq": 0}
        try:
            await self._rows.insert_one(document, session=session)
        except DuplicateKeyError as error:
            raise RepeatedKey from error

    async def get(self, identifier: str) -> Run | None:
        """Return a run unless it is being deleted."""
        return await self._one({"_id": identifier, "hidden": False})

    async def by_idempotency_key(self, project_id: str, key: str) -> Run | None:
        """Return the run that a key started, or None."""
        return await self._one({"project_id": project_id, "idempotency_key": key})

    def selection(self, wanted: RunList) -> Selection:
        """Return the runs of a project, dataset, system version, schedule or monitor."""
        scope = in_project(wanted.project_id)
        if wanted.dataset_id is not None:
            scope = of_dataset(wanted.dataset_id)
        if wanted.system_version_id is not None:
            scope = of_system_version(wanted.system_version_id)
        if wanted.schedule_id is not None:
            scope = {"schedule_id": wanted.schedule_id}
        if wanted.monitor_id is not None:
            scope = {"monitor_id": wanted.monitor_id}
        return Selection(_query(scope, wanted.wanted), _order(wanted.order))

    async def previous_of(self, runs: Sequence[Run]) -> dict[str, Run]:
        """Return for each run, by id, the newest earlier one of the same dataset and system; in one round trip."""
        if not runs:
            return {}
        rows = await self._rows.aggregate(
            [
                {"$match": {"_id": {"$in": [run.id for run in runs]}, "system": {"$ne": None}}},
                {"$project": {"dataset.id": 1, "system.system_id": 1, "number": 1}},
                {"$lookup": {"from": self.name, "let": _OWN, "pipeline": _BEFORE, "as": "before"}},
                {"$unwind": "$before"},
            ]
        )
        return {row["_id"]: self._codec.decode(row["before"]) async for row in rows}

    async def change(self, identifier: str, changes: Mapping[str, Any]) -> Run | None:
        """Set plain fields: name, notes or tags."""
        return await self._update({"_id": identifier, "hidden": False}, _changed(changes))

    async def hide(self, identifier: str) -> None:
        """Make a run invisible before its records are removed."""
        await self._rows.update_one({"_id": identifier}, {"$set": {"hidden": True}})

    async def hide_old(self, project_id: str, before: datetime) -> int:
        """Make runs invisible that ended before a time; return how many."""
        old = {
            "project_id": project_id,
            "finished_at": {"$lt": before},
            "status": {"$in": sorted(TERMINAL)},
            "hidden": False,
        }
        return (await self._rows.update_many(old, {"$set": {"hidden": True}})).modified_count

    async def hidden(self) -> list[str]:
        """Return the ids of runs whose removal was begun."""
        return [row["_id"] async for row in self._rows.find({"hidden": True}, projection={"_id": 1})]

    async def move(
        self,
        identifier: str,
        status: RunStatus,
        *,
        of: Collection[RunStatus],
        at: datetime,
        reason: str | None = None,
        total: int | None = None,
    ) -> Run | None:
        """Bring a run of one of the statuses `of` to `status`; None where it has another one."""
        check_transitions(of, status)
        changes: Document = {"status": status}
        if reason is not None:
            changes["status_reason"] = reason
        if status is RunStatus.RUNNING:
            changes |= {"started_at": at, "at": at}
        if status in TERMINAL:
            changes["finished_at"] = at
        if total is not None:
            # Records that are submitted beyond those that were laid down get the places behind them.
            changes |= {"progress.total": total, "next_seq": total}
        return await self._update({"_id": identifier, "status": {"$in": list(of)}}, _changed(changes))

    async def note_dispatch(self, identifier: str, dispatch: Dispatch) -> Run | None:
        """Note what was started elsewhere to carry out a run."""
        return await self._update({"_id": identifier}, _changed({"dispatch": _DISPATCH.encode(dispatch)}))

    async def reopen(self, run: Run, status: RunStatus, *, rescoring: Sequence[str]) -> Run | None:
        """Bring an ended run back to work with the evaluators, the run scores and the circuits of `run`.

        None where it has changed since `run` was read.
        """
        changes: Document = {
            "status": status,
            "status_reason": None,
            "finished_at": None,
            "resumed_at": now(),
            "rescoring": list(rescoring),
            "run_scores": _RUN_SCORES.encode(dict(run.run_scores)),
            "evaluators": _SNAPSHOTS.encode(run.evaluators),
            "circuits": _CIRCUITS.encode(run.circuits),
            "failures": {},
            "stopping": None,
            "accounts": {},
        }
        ended = {"_id": run.id, "status": run.status, "revision": run.revision, "hidden": False}
        return await self._update(ended, _changed(changes))

    async def reserve_places(self, identifier: str, count: int, *, session: Session) -> int | None:
        """Reserve `count` places for submitted records and return the first; None where the run takes no more."""
        row = await self._rows.find_one_and_update(
            {"_id": identifier, "status": RunStatus.RUNNING},
            {"$inc": {"next_seq": count}},
            projection={"next_seq": 1},
            session=session,
        )
        return int(row["next_seq"]) if row else None

    async def add_progress(
        self,
        identifier: str,
        progress: Progress,
        tallies: Mapping[str, Tally],
        *,
        of: Collection[RunStatus] | None = None,
        streaks: Mapping[str, Streak] = MappingProxyType({}),
        spent_by: int | None = None,
        outdates: bool = False,
        session: Session | None = None,
    ) -> RunPulse | None:
        """Add to a run's counters in one round trip, and return how it stands; see `growth`.

        None where the run is gone, or has none of the statuses `of`.
        """
        there: Document = {"_id": identifier} if of is None else {"_id": identifier, "status": {"$in": list(of)}}
        update = growth(progress, tallies, streaks=streaks, spent_by=spent_by, outdates=outdates)
        return read_pulse(
            await self._rows.find_one_and_update(there, update, return_document=True, projection=PULSE, session=session)
        )

    async def pulse(self, identifier: str) -> RunPulse | None:
        """Return how a run stands."""
        return read_pulse(await self._rows.find_one({"_id": identifier}, projection=PULSE))

    async def store_figures(self, identifier: str, figures: Figures) -> Run | None:
        """Replace a run's counters, and its summary where given, by exact ones."""
        return await self._update({"_id": identifier}, _changed(_figures(figures)))

    async def conclude(self, run: Run, figures: Figures, *, at: datetime) -> Run | None:
        """Give a run its exact figures and, if it is at work, the status COMPLETED; None where it has changed since."""
        changes = _figures(figures)
        if run.status in ACTIVE:
            changes |= {"status": RunStatus.COMPLETED, "finished_at": at}
        return await self._update({"_id": run.id, "revision": run.revision}, _changed(changes))

    async def store_outdated_summary(self, run: Run, figures: Figures) -> None:
        """Give a run newer figures that are outdated as well, unless it is back at work; its counters are right."""
        made = _figures(figures)
        changes = {"summary": made["summary"] | {"outdated": True}, "distributions": made["distributions"]}
        ended = {"_id": run.id, "status": run.status, "finished_at": run.finished_at}
        await self._rows.update_one(ended, _changed(changes))

    async def store_run_score(self, identifier: str, evaluator_id: str, run_score: RunScore) -> bool:
        """Store what an evaluator says of a run as a whole; False where it has said so, or the run was stopped."""
        where = {"_id": identifier, "status": RunStatus.SCORING, f"run_scores.{evaluator_id}": None}
        spent = {
            "progress.cost_usd": sum(score.cost_usd or 0.0 for score in run_score.scores),
            "progress.tokens": sum(score.tokens for score in run_score.scores),
        }
        changes = {
            "$set": {f"run_scores.{evaluator_id}": _RUN_SCORE.encode(run_score)},
            "$inc": {**spent, "revision": 1},
        }
        return (await self._rows.update_one(where, changes)).modified_count == 1

    async def newest(self, project_id: str, most: int) -> list[str]:
        """Return the ids of the newest runs of a project."""
        rows = self._rows.find({"project_id": project_id, "hidden": False}, projection={"_id": 1})
        return [row["_id"] async for row in rows.sort([("at", -1), ("_id", -1)]).limit(most)]

    async def count_unfinished(self) -> dict[RunStatus, int]:
        """Return how many runs have each of the statuses that are not terminal."""
        unfinished = [status for status in RunStatus if status not in TERMINAL]
        counts = await self._rows.aggregate(
            [{"$match": {"status": {"$in": unfinished}}}, {"$group": {"_id": "$status", "count": {"$sum": 1}}}]
        )
        return dict.fromkeys(unfinished, 0) | {RunStatus(row["_id"]): row["count"] async for row in counts}

    async def without_end(self) -> list[str]:
        """Return the ids of runs that are at work, or were stopped and have no summary yet."""
        query = {
            "$or": [
                {"status": {"$in": sorted(ACTIVE)}},
                {"status": {"$in": [RunStatus.FAILED, RunStatus.CANCELLED]}, "summary.passed": None},
            ],
            "hidden": False,
        }
        return [row["_id"] async for row in self._rows.find(query, projection={"_id": 1})]


class RepeatedKey(Exception):
    """A run with this idempotency key, or of this tick of a schedule, is there already."""


def in_project(project_id: str) -> Mapping[str, str]:
    """Scope: the runs of a project."""
    return {"project_id": project_id}


def of_dataset(dataset_id: str) -> Mapping[str, str]:
    """Scope: the runs over a dataset."""
    return {"dataset.id": dataset_id}


def of_system_version(version_id: str) -> Mapping[str, str]:
    """Scope: the runs of a system version."""
    return {"system.version_id": version_id}


def _order(order: RunOrder) -> Order:
    descending = order.direction is OrderDirection.DESC
    return Order(_FIELDS[order.field], descending=descending, nullable=order.field in _NULLABLE)


def _query(scope: Mapping[str, str], wanted: RunFilter) -> Document:
    query: Document = {**scope, "hidden": False}
    if wanted.search:
        names = ("name", "system.system_name", "dataset.name")
        query["$or"] = [{name: in_text(wanted.search)} for name in names]
    given = {
        "status": wanted.status and {"$in": list(wanted.status)},
        "source": wanted.source and {"$in": list(wanted.source)},
        "dataset.id": wanted.dataset_id,
        "system.system_id": wanted.system_id,
        "system.version_id": wanted.system_version_id,
        "evaluators.evaluator_id": wanted.evaluator_id,
        "tags": wanted.tags and {"$all": list(wanted.tags)},
        "started_at": between(wanted.started_after, wanted.started_before),
    }
    conditions = [{name: condition} for name, condition in given.items() if condition]
    if wanted.evaluator_ids:
        conditions.append({"evaluators.evaluator_id": {"$in": list(wanted.evaluator_ids)}})
    return {**query, "$and": conditions} if conditions else query


def _figures(figures: Figures) -> Document:
    changes: Document = {
        "progress": _PROGRESS.encode(figures.progress),
        "tallies": _TALLIES.encode(dict(figures.tallies)),
    }
    if figures.summary is not None:
        changes["summary"] = _SUMMARY.encode(figures.summary)
        changes["distributions"] = _DISTRIBUTIONS.encode(dict(figures.distributions or {}))
    return changes


def between(low: Any, high: Any) -> Document:
    """Return the predicate of a range whose ends are included, empty where neither is given."""
    bounds = {"$gte": low, "$lte": high}
    return {operator: bound for operator, bound in bounds.items() if bound is not None}


def _changed(changes: Mapping[str, Any]) -> Document:
    return {**({"$set": dict(changes)} if changes else {}), "$inc": {"revision": 1}}
