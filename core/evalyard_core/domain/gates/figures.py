"""What a run is judged by."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .regressions import Regressions


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatorFigures:
    """What an evaluator made of the `owed` records of a run, or of the run where it scores runs as a whole.

    `skipped` are those that it found nothing to score in; `scored` those that it gave a value, of which `unasked`
    neither pass nor fail. `mean` is that of its numbers.
    """

    name: str
    owed: int
    passed: int
    failed: int
    scored: int
    skipped: int = 0
    unasked: int = 0
    mean: float | None = None
    noun: str = "record"

    @property
    def expected(self) -> int:
        """Of how many it should say whether they pass."""
        return max(0, self.owed - self.skipped - self.unasked)

    @property
    def not_scored(self) -> int:
        """To how many it should have given a value, and did not."""
        return max(0, self.owed - self.skipped - self.scored)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFigures:
    """What came of a run.

    `planned` counts the records that should be there. Those that have a verdict passed, failed or errored;
    `without_verdict` were carried out and nothing was asked of them; the others are missing. `error_codes` counts what
    errored by why. `regressions` is None where there is no baseline.
    """

    planned: int
    passed: int
    failed: int
    errored: int
    without_verdict: int = 0
    error_codes: Mapping[str, int] = field(default_factory=dict)
    average_latency_ms: float | None = None
    total_cost_usd: float = 0.0
    evaluators: Mapping[str, EvaluatorFigures] = field(default_factory=dict)
    regressions: Regressions | None = None

    @property
    def missing(self) -> int:
        """Records that were planned and never carried out, or are not there."""
        return max(0, self.planned - self.passed - self.failed - self.errored - self.without_verdict)

    @property
    def not_judged(self) -> int:
        """Records of which nobody can tell whether they pass."""
        return self.errored + self.missing

    @property
    def expected(self) -> int:
        """Records that should pass."""
        return self.passed + self.failed + self.not_judged
