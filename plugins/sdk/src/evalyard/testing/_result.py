"""What a check of the contract suite found."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a check went."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found; `remedy` tells the author what to do about a failure."""

    check: str
    outcome: Outcome
    detail: str = ""
    remedy: str = ""


def passed(check: str, detail: str = "") -> CheckResult:
    """Return that all is well."""
    return CheckResult(check, Outcome.PASSED, detail)


def failed(check: str, problems: Sequence[str], remedy: str) -> CheckResult:
    """Return what is wrong, the first few of many."""
    shown = [problem.rstrip(".") for problem in problems[:3]]
    more = [f"and {len(problems) - 3} more"] if len(problems) > 3 else []
    return CheckResult(check, Outcome.FAILED, "; ".join([*shown, *more]) + ".", remedy)


def skipped(check: str, reason: str) -> CheckResult:
    """Return why a check has nothing to try."""
    return CheckResult(check, Outcome.SKIPPED, reason)
