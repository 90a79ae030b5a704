"""When a run stops asking a system or an evaluator that fails for good: the circuit breaker.

Only errors count that say something of whoever is asked, and nothing of what it was asked: a key that is wrong, a host
that does not exist. A dataset may well have twenty inputs in a row that a system refuses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from .records import Problem

#: What stands for the system where evaluators have their ids.
SYSTEM: Final = "system"

#: Errors of targets and evaluators that the next record would meet as well; but for those that may pass.
PERMANENT: Final = frozenset(
    {
        *("HTTP_401", "HTTP_402", "HTTP_403", "HTTP_404", "HTTP_405", "HTTP_407", "HTTP_410", "HTTP_429"),
        *("HTTP_301", "HTTP_302", "HTTP_303", "HTTP_307", "HTTP_308"),
        *("UNKNOWN_HOST", "TLS", "ADDRESS_REFUSED", "SECRET_MISSING", "SECRET_INVALID"),
    }
)

CIRCUIT_OPEN: Final = "CIRCUIT_OPEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """Who is not asked any more in a run, a system or the evaluator of this id, and the error that it ended with."""

    key: str
    code: str
    message: str
    failures: int
    opened_at: datetime

    def warning(self, whom: str) -> str:
        """Return what is told of the run."""
        return (
            f"{whom} was not asked any more after {self.failures} failures in a row ({self.code}: {self.message}) "
            "Mend that, and retry the errored records."
        )

    def problem(self) -> Problem:
        """Return what is told of a record that was not asked for."""
        whom = "The system" if self.key == SYSTEM else "The evaluator"
        return Problem(
            CIRCUIT_OPEN,
            f"{whom} was not asked: it had failed {self.failures} times in a row with {self.code}. "
            "Mend that, and retry the errored records.",
            retryable=True,
        )


def is_permanent(problem: Problem) -> bool:
    """Tell whether the next record would meet the same problem."""
    return problem.code in PERMANENT and not problem.retryable


@dataclass(frozen=True, slots=True)
class Streak:
    """How many failures of one code, the latest of them with this message, end a row of answers.

    `unbroken` tells that the row holds nothing else.
    """

    code: str | None = None
    message: str = ""
    length: int = 0
    unbroken: bool = True

    def then(self, problem: Problem | None) -> "Streak":
        """Return the streak after another answer, which is a problem or not."""
        if problem is None or not is_permanent(problem):
            return Streak(unbroken=False)
        if problem.code == self.code:
            return Streak(self.code, problem.message, self.length + 1, unbroken=self.unbroken)
        return Streak(problem.code, problem.message, 1, unbroken=self.unbroken and self.code is None)

    def on_top_of(self, earlier: Mapping[str, int]) -> Mapping[str, int]:
        """Return how long streaks are, by code, after an earlier row of answers and this one."""
        if self.code is None:
            return {} if not self.unbroken else earlier
        return {self.code: self.length + (earlier.get(self.code, 0) if self.unbroken else 0)}
