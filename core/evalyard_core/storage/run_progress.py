"""How a run that is at work grows: its counters, and what whoever works at it is told in return."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Final

from evalyard_core.domain.circuits import Circuit, Streak
from evalyard_core.domain.runs import Progress, RunStatus, Tally

from .codec import Document, PartCodec

_PROGRESS = PartCodec(Progress)
_CIRCUITS = PartCodec(tuple[Circuit, ...])

#: The fields of a run that make its pulse.
PULSE: Final = dict.fromkeys(("status", "progress", "started_at", "failures", "circuits", "stopping"), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPulse:
    """What a worker that holds a lane must know of its run from moment to moment.

    `failures` tells how often whoever is asked has failed for good in a row, by `SYSTEM` or evaluator and then by code;
    `stopping` why the run is to end once its calls in flight are answered.
    """

    status: RunStatus
    progress: Progress
    started_at: datetime | None
    failures: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    circuits: tuple[Circuit, ...] = ()
    stopping: str | None = None


def growth(
    progress: Progress,
    tallies: Mapping[str, Tally],
    *,
    streaks: Mapping[str, Streak],
    spent_by: int | None,
    outdates: bool,
) -> Document:
    """Return the update of a run to which something was added.

    `streaks` are how the answers of those who were asked end, in the order of what is counted; `spent_by` is the lane
    whose allowance it was spent of; `outdates` marks the summary.
    """
    increments: Document = {f"progress.{name}": value for name, value in _nonzero(progress)}
    for key, tally in tallies.items():
        increments |= {f"tallies.{key}.{name}": value for name, value in _nonzero(tally)}
    if spent_by is not None and progress.cost_usd:
        increments |= {f"accounts.{spent_by}.{name}": -progress.cost_usd for name in ("allowed", "spent")}
    changes: Document = {"summary.outdated": True} if outdates else {}
    for key, streak in streaks.items():
        if streak.code is not None and streak.unbroken:
            increments[f"failures.{key}.{streak.code}"] = streak.length
        else:
            changes[f"failures.{key}"] = dict(streak.on_top_of({}))
    return {"$inc": {**increments, "revision": 1}, **({"$set": changes} if changes else {})}


def read_pulse(row: Document | None) -> RunPulse | None:
    """Return the pulse in a run's document, None where there is none."""
    if row is None:
        return None
    return RunPulse(
        status=RunStatus(row["status"]),
        progress=_PROGRESS.decode(row["progress"]),
        started_at=row["started_at"],
        failures=row.get("failures", {}),
        circuits=_CIRCUITS.decode(row.get("circuits", ())),
        stopping=row.get("stopping"),
    )


def _nonzero(part: Progress | Tally) -> list[tuple[str, float]]:
    return [(entry.name, value) for entry in fields(part) if (value := getattr(part, entry.name))]
