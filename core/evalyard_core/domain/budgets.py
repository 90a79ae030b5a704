"""Budgets of runs: what they may cost, and how long they may take.

The lanes of a run share what it may cost, so that together they spend no more than that, but for calls in flight.

Nobody knows what a call costs before it is answered. So each lane is allowed a share of what is left, and begins calls
as long as what its answers cost is less than that. What the lanes are allowed and what was counted never come to more
than the budget.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from .runs import Run, RunStatus

#: Shares get smaller as less is left, but no smaller than this part of the budget.
LEAST_SHARE: Final = 0.002
#: What is less than this part of the budget is nothing: sums of many costs are not exact.
ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a lane may spend before it asks again, and what of that it had spent when it last asked; not yet counted."""

    allowed: float = 0.0
    spent: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a lane may spend beyond what it has spent, and what is left of the budget for all lanes together.

    Nothing is left when what was answered costs the budget; where something is left but the share is 0, others have it.
    """

    share: float
    left: float


def allot(budget: float, counted: float, others: Iterable[Account], *, lanes: int, spent: float) -> Allowance:
    """Return the new allowance of a lane whose answers cost `spent` dollars that are not yet counted.

    Storage does the same in the database.
    """
    nothing = budget * ROUNDING
    accounts = list(others)
    left = budget - counted - spent - sum(max(0.0, account.spent) for account in accounts)
    free = budget - counted - spent - sum(max(0.0, account.allowed) for account in accounts)
    share = min(free, max(free / (2 * lanes), budget * LEAST_SHARE))
    return Allowance(share=share if free > nothing else 0.0, left=left if left > nothing else 0.0)


def seconds_left(run: Run, at: datetime) -> float | None:
    """Return how long a run may still take, less than 0 where it has taken too long; None where nobody minds.

    Scoring again is not limited: what is scored was carried out in time.
    """
    limit, since = run.settings.max_duration_seconds, run.resumed_at or run.started_at
    if run.status is not RunStatus.RUNNING or limit is None or since is None:
        return None
    return limit - (at - since).total_seconds()


def took_too_long(run: Run) -> str:
    """Return why a run ends that has no time left."""
    return f"The run took longer than its limit of {run.settings.max_duration_seconds or 0:g} s."


def spent_too_much(run: Run) -> str:
    """Return why a run ends whose budget is spent."""
    return f"The run reached its cost limit of {run.settings.max_cost_usd or 0:g} USD."
