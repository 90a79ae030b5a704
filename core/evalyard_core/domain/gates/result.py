"""What came of judging a run."""

from dataclasses import dataclass
from enum import StrEnum

from evalyard_core.domain.records import Record, ScoreStatus
from evalyard_core.domain.runs import Run

from .figures import GateFigures
from .judging import GateCheck
from .policy import GatePolicy


class BaselineChoice(StrEnum):
    """Why a run is the baseline."""

    NAMED = "NAMED"  #: the policy names it
    PRODUCTION = "PRODUCTION"  #: the newest completed one of the system's production version over the dataset
    PREVIOUS = "PREVIOUS"  #: the newest completed one before, of the same dataset and system


@dataclass(frozen=True, slots=True)
class Baseline:
    """The run that regressions are counted against, and why it."""

    run: Run
    choice: BaselineChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """A run judged by a policy; `baseline` is None where none was wanted or there is none."""

    run: Run
    policy: GatePolicy
    figures: GateFigures
    checks: tuple[GateCheck, ...]
    baseline: Baseline | None = None

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)


class CaseKind(StrEnum):
    """What is wrong with a case, worst first."""

    REGRESSED = "REGRESSED"
    FAILED = "FAILED"
    ERRORED = "ERRORED"


@dataclass(frozen=True, slots=True)
class WorstCase:
    """A record that did not pass."""

    kind: CaseKind
    record: Record


def reason_of(record: Record) -> str:
    """Say in a line why a record did not pass, as far as the record tells."""
    if record.error is not None:
        return f"{record.error.code}: {record.error.message}"
    for score in record.scores:
        if score.status is ScoreStatus.ERROR and score.error is not None:
            return f"{score.name} could not score: {score.error.code}: {score.error.message}"
    for score in record.scores:
        if score.passed is False:
            return f"{score.name}: {score.explanation or 'did not pass'}"
    return ""
