"""What lists of runs, records and traces can be asked for."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .records import RecordStatus, ScoreStatus, Verdict
from .runs import RunSource, RunStatus
from .traces.spans import SpanStatus


class OrderDirection(StrEnum):
    """Up or down."""

    ASC = "ASC"
    DESC = "DESC"


class RunOrderField(StrEnum):
    """What runs are sorted by."""

    STARTED_AT = "STARTED_AT"
    STATUS = "STATUS"
    DATASET = "DATASET"
    SYSTEM = "SYSTEM"
    PASS_RATE = "PASS_RATE"
    COST = "COST"
    DURATION = "DURATION"


class RecordOrderField(StrEnum):
    """What records are sorted by."""

    CREATED_AT = "CREATED_AT"
    LATENCY = "LATENCY"
    COST = "COST"
    SCORE = "SCORE"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOrder:
    """The order of a list of runs."""

    field: RunOrderField = RunOrderField.STARTED_AT
    direction: OrderDirection = OrderDirection.DESC


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOrder:
    """The order of a list of records; SCORE names the evaluator."""

    field: RecordOrderField
    direction: OrderDirection = OrderDirection.DESC
    evaluator_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs are meant; all that is given must hold. `search` looks in run, system and dataset names.

    A run of `evaluator_ids` has one of them.
    """

    search: str | None = None
    status: tuple[RunStatus, ...] = ()
    source: tuple[RunSource, ...] = ()
    dataset_id: str | None = None
    system_id: str | None = None
    system_version_id: str | None = None
    evaluator_id: str | None = None
    evaluator_ids: tuple[str, ...] = ()
    started_after: datetime | None = None
    started_before: datetime | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreFilter:
    """What a record's score by an evaluator must be; bounds include their ends."""

    evaluator_id: str
    passed: bool | None = None
    min: float | None = None
    max: float | None = None
    label: str | None = None
    status: ScoreStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFilter:
    """Which records are meant; all that is given must hold. `search` looks in input, expected output and output.

    `facets` are what their metadata says (`facets.facet`), all of them.
    """

    search: str | None = None
    run_ids: tuple[str, ...] = ()
    dataset_ids: tuple[str, ...] = ()
    item_ids: tuple[str, ...] = ()
    system_version_ids: tuple[str, ...] = ()
    status: tuple[RecordStatus, ...] = ()
    verdict: tuple[Verdict, ...] = ()
    tags: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    error_codes: tuple[str, ...] = ()
    min_latency_ms: float | None = None
    max_latency_ms: float | None = None
    finished_after: datetime | None = None
    finished_before: datetime | None = None
    scores: tuple[ScoreFilter, ...] = ()


class TraceOrderField(StrEnum):
    """What traces are sorted by."""

    STARTED_AT = "STARTED_AT"
    DURATION = "DURATION"


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceOrder:
    """The order of a list of traces."""

    field: TraceOrderField = TraceOrderField.STARTED_AT
    direction: OrderDirection = OrderDirection.DESC


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceFilter:
    """Which traces are meant; all that is given must hold. `search` looks in a trace's texts, `name` is all of one."""

    search: str | None = None
    started_after: datetime | None = None
    started_before: datetime | None = None
    status: SpanStatus | None = None
    name: str | None = None
    min_duration_ms: float | None = None
    session: str | None = None
    user: str | None = None
    tags: tuple[str, ...] = ()
