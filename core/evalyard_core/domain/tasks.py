"""Tasks: the parts of a run's work, each held by one worker at a time under a lease."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class TaskKind(StrEnum):
    """PLAN lays down the records of a run; EXECUTE carries out and scores those of one lane.

    SCORE_RUN scores the run as a whole, when every record is done with. FIGURES makes the exact figures of an ended run
    anew, after people have scored its records.
    """

    PLAN = "PLAN"
    EXECUTE = "EXECUTE"
    SCORE_RUN = "SCORE_RUN"
    FIGURES = "FIGURES"


#: What stands behind the run's id in that of its only task of a kind.
_SUFFIXES: Final = {TaskKind.PLAN: "plan", TaskKind.SCORE_RUN: "score", TaskKind.FIGURES: "figures"}


class TaskState(StrEnum):
    """READY has work to do, IDLE waits for records to come in, DONE never has work again."""

    READY = "READY"
    IDLE = "IDLE"
    DONE = "DONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A part of a run's work.

    `ticket` grows with every turn, and a message names the ticket that it is for: one that comes late, twice or out
    of order names an old ticket and does nothing. `due_at` is when somebody should have acted: the end of a lease, or
    of the time that a message may take. `owner` names the claim that holds it.
    """

    id: str
    run_id: str
    project_id: str
    kind: TaskKind
    lane: int
    state: TaskState
    due_at: datetime
    ticket: int = 1
    owner: str | None = None
    takeovers: int = 0


def run_task(kind: TaskKind, run_id: str, project_id: str, due_at: datetime) -> Task:
    """Return the one task of a kind that a run has; lanes are several."""
    return Task(
        id=f"{run_id}.{_SUFFIXES[kind]}",
        run_id=run_id,
        project_id=project_id,
        kind=kind,
        lane=0,
        state=TaskState.READY,
        due_at=due_at,
    )


def lane_task(run_id: str, project_id: str, lane: int, state: TaskState, due_at: datetime) -> Task:
    """Return the task that carries out a lane."""
    return Task(
        id=f"{run_id}.{lane}",
        run_id=run_id,
        project_id=project_id,
        kind=TaskKind.EXECUTE,
        lane=lane,
        state=state,
        due_at=due_at,
    )
