"""Runs: a point-in-time snapshot of what was executed, with its state, progress and summary."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final, NamedTuple

import orjson

from evalyard import TargetMode

from .caching import RunCache
from .circuits import Circuit
from .errors import Conflict
from .evaluators import EvaluatorSnapshot
from .payload import AsText, Json
from .records import RunScore


class RunSource(StrEnum):
    """What started a run."""

    API = "API"
    MONITOR = "MONITOR"
    PLAYGROUND = "PLAYGROUND"
    KICKOFF = "KICKOFF"
    SCHEDULE = "SCHEDULE"
    CI = "CI"


class RunStatus(StrEnum):
    """Where a run stands."""

    PENDING = "PENDING"  #: accepted; its records are being laid down
    RUNNING = "RUNNING"  #: records are carried out, or taken in
    SCORING = "SCORING"  #: no more outputs come; the last scores do
    COMPLETED = "COMPLETED"  #: everything is done, its summary is exact
    FAILED = "FAILED"  #: stopped by itself; `status_reason` says why
    CANCELLED = "CANCELLED"  #: stopped by a person


#: Which status may follow which. A run that has ended comes back to work when it is scored again or retried.
TRANSITIONS: Final[Mapping[RunStatus, frozenset[RunStatus]]] = MappingProxyType(
    {
        RunStatus.PENDING: frozenset({RunStatus.RUNNING, RunStatus.FAILED, RunStatus.CANCELLED}),
        RunStatus.RUNNING: frozenset({RunStatus.SCORING, RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED}),
        RunStatus.SCORING: frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED}),
        RunStatus.COMPLETED: frozenset({RunStatus.RUNNING, RunStatus.SCORING}),
        RunStatus.FAILED: frozenset({RunStatus.RUNNING, RunStatus.SCORING}),
        RunStatus.CANCELLED: frozenset({RunStatus.SCORING}),
    }
)
TERMINAL: Final = frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED})
#: A worker carries out records only of runs with one of these.
ACTIVE: Final = frozenset({RunStatus.RUNNING, RunStatus.SCORING})
STOPPABLE: Final = frozenset({RunStatus.PENDING, *ACTIVE})


def check_transitions(before: Collection[RunStatus], after: RunStatus) -> None:
    """Raise ValueError for a transition that the table does not have."""
    for status in before:
        if after not in TRANSITIONS[status]:
            raise ValueError(f"a run never goes from {status} to {after}")


class ScoringStatus(StrEnum):
    """How far an evaluator has come in a run."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    COMPLETED_WITH_ERRORS = "COMPLETED_WITH_ERRORS"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """How a run is carried out; evaluators wait `trace_wait_seconds` for the trace of a call that has ended."""

    trials: int = 1
    concurrency: int = 16
    max_attempts: int = 3
    timeout_seconds: float = 60.0
    sample_size: int | None = None
    item_tags: tuple[str, ...] = ()
    max_cost_usd: float | None = None
    max_duration_seconds: float | None = None
    max_consecutive_failures: int = 20
    trace_wait_seconds: float = 60.0
    cache: RunCache = field(default_factory=RunCache)

    @property
    def lanes(self) -> int:
        """How many parts of the run workers may hold at once; their shares of `concurrency` add up to it."""
        return min(4, self.concurrency)

    def lane_concurrency(self, lane: int) -> int:
        """Return how many calls the lane may have in flight."""
        share, left = divmod(self.concurrency, self.lanes)
        return share + (lane < left)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetPin:
    """The dataset version that a run uses."""

    id: str
    name: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemPin:
    """The system version that a run calls, as it stood at the start; `replays` is the run whose outputs it takes."""

    system_id: str
    system_name: str
    version_id: str
    version_name: str
    target: str
    config: Json
    mode: TargetMode = TargetMode.CALL
    replays: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """What was started elsewhere to carry out a run: when, until when its records are waited for, and where it is."""

    at: datetime
    deadline_at: datetime
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How an evaluator's scores stand; `scored` counts those with a value."""

    scored: int = 0
    passed: int = 0
    failed: int = 0
    errored: int = 0
    skipped: int = 0
    cost_usd: float = 0.0
    tokens: int = 0

    @property
    def done(self) -> int:
        """Records that this evaluator has finished with."""
        return self.scored + self.errored + self.skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How a run's records stand.

    `completed` counts the records that were carried out, whatever came of it; `passed`, `failed` and `errored` are
    their verdicts (ERRORED: the system gave no output or a score could not be computed). `cached_answers` counts the
    records whose outputs, and `cached_scores` the scores, that were used again.
    """

    total: int = 0
    running: int = 0
    completed: int = 0
    passed: int = 0
    failed: int = 0
    errored: int = 0
    cancelled: int = 0
    cost_usd: float = 0.0
    tokens: int = 0
    cached_answers: int = 0
    cached_scores: int = 0

    @property
    def pending(self) -> int:
        """Records that nobody has begun."""
        return max(0, self.total - self.running - self.completed - self.cancelled)

    @property
    def percent(self) -> float:
        """Share of the records that are done with, 0 to 100."""
        return 100.0 * min(1.0, (self.completed + self.cancelled) / self.total) if self.total else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A confidence interval."""

    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class PassAtK:
    """Chance that any, and that every one, of k trials of an item passes."""

    k: int
    any_passes: float
    all_pass: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """The exact figures of a run that ended; durations are milliseconds.

    It is `outdated` between a person's scoring one of the records and the making of the figures that follow from it.
    """

    total_cost_usd: float = 0.0
    total_tokens: int = 0
    total_duration_ms: float | None = None
    average_latency_ms: float | None = None
    p50_latency_ms: float | None = None
    p95_latency_ms: float | None = None
    pass_rate: float | None = None
    pass_rate_interval: Interval | None = None
    passed: int = 0
    failed: int = 0
    errored: int = 0
    pass_at_k: tuple[PassAtK, ...] = ()
    outdated: bool = False


class Bin(NamedTuple):
    """A bar of a histogram: low <= score < high, the last one closed."""

    low: float
    high: float
    count: int  # type: ignore[assignment]  # nobody counts the members of a bin


def _dump_bins(bins: tuple[Bin, ...]) -> str:
    return orjson.dumps([tuple(bar) for bar in bins]).decode()


#: Stored as one JSON text: a page of runs has thousands of bars, and lists show none of them.
Histogram = Annotated[tuple[Bin, ...], AsText(_dump_bins, orjson.loads)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelCount:
    """How often a label was given."""

    label: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """The exact figures of an evaluator's scores in a run that ended."""

    pass_rate: float | None = None
    pass_rate_interval: Interval | None = None
    mean: float | None = None
    median: float | None = None
    standard_deviation: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    mean_interval: Interval | None = None
    histogram: Histogram = ()
    labels: tuple[LabelCount, ...] = ()
    first_error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One execution of a system version over a dataset version, scored by evaluators.

    `rescoring` holds the ids of the evaluators that score again what they scored before; `run_scores` holds what
    evaluators said of the run as a whole, by their ids; `resumed_at` is when it was brought back to work; `circuits`
    holds whom it does not ask any more; `stopping` is why it is to end as FAILED once its calls in flight are answered;
    `hidden` runs are being deleted. A run that a schedule started is that of its tick `scheduled_for`; one of a monitor
    has records of traces.
    """

    id: str
    project_id: str
    number: int
    name: str
    source: RunSource
    status: RunStatus
    settings: RunSettings
    created_at: datetime
    status_reason: str | None = None
    dataset: DatasetPin | None = None
    system: SystemPin | None = None
    evaluators: tuple[EvaluatorSnapshot, ...] = ()
    notes: str = ""
    tags: tuple[str, ...] = ()
    metadata: Json = None
    idempotency_key: str | None = None
    rerun_of: str | None = None
    schedule_id: str | None = None
    scheduled_for: datetime | None = None
    monitor_id: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    resumed_at: datetime | None = None
    revision: int = 0
    progress: Progress = field(default_factory=Progress)
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    summary: RunSummary | None = None
    distributions: Mapping[str, Distribution] = field(default_factory=dict)
    run_scores: Mapping[str, RunScore] = field(default_factory=dict)
    rescoring: tuple[str, ...] = ()
    dispatch: Dispatch | None = None
    circuits: tuple[Circuit, ...] = ()
    stopping: str | None = None
    hidden: bool = False

    def run_number(self, evaluator_id: str) -> float | None:
        """Return the number that an evaluator gave the run as a whole, None where there is none."""
        said = self.run_scores.get(evaluator_id)
        return said.score.number if said else None

    @property
    def is_external(self) -> bool:
        """Whether its system runs elsewhere and outputs are submitted."""
        return (self.system is None and self.monitor_id is None) or self.is_dispatched

    @property
    def is_dispatched(self) -> bool:
        """Whether workers start what carries it out elsewhere; its records are laid down before they are submitted."""
        return self.system is not None and self.system.mode is TargetMode.DISPATCH

    @property
    def called_system(self) -> SystemPin | None:
        """The system that workers call for each record."""
        return self.system if self.system is not None and self.system.mode is TargetMode.CALL else None

    @property
    def is_terminal(self) -> bool:
        """Whether it has ended."""
        return self.status in TERMINAL

    @property
    def unscored_by(self) -> tuple[EvaluatorSnapshot, ...]:
        """The evaluators that are yet to score it as a whole."""
        return tuple(e for e in self.evaluators if e.scores_runs and e.evaluator_id not in self.run_scores)

    def require(self, *allowed: RunStatus, action: str, field: str = "runId") -> None:
        """Refuse an action that the run's status does not allow; `field` is the argument that names the run."""
        if self.status not in allowed:
            names = " or ".join(status for status in RunStatus if status in allowed)
            raise Conflict(f"Run {self.number} is {self.status}; to {action} it must be {names}.", field=field)
