"""Records and scores."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from .caching import AnswerOrigin
from .payload import Json


class RecordStatus(StrEnum):
    """Where a record stands."""

    PENDING = "PENDING"  #: not called yet
    RUNNING = "RUNNING"  #: the system is being called; shown for calls of a second and more
    SCORING = "SCORING"  #: the output is stored, its scores are not
    COMPLETED = "COMPLETED"  #: output and scores are stored
    ERRORED = "ERRORED"  #: the system gave no output; `error` says why
    CANCELLED = "CANCELLED"  #: the run was stopped first


RECORD_TERMINAL = frozenset({RecordStatus.COMPLETED, RecordStatus.ERRORED, RecordStatus.CANCELLED})


class Verdict(StrEnum):
    """Whether a record met its thresholds."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    ERRORED = "ERRORED"


class ScoreStatus(StrEnum):
    """Whether a score could be computed."""

    OK = "OK"
    ERROR = "ERROR"
    SKIPPED = "SKIPPED"


class ScoreSource(StrEnum):
    """Who gave a score."""

    PLUGIN = "PLUGIN"
    HUMAN = "HUMAN"
    API = "API"


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, in a stable code and a sentence; `retryable` tells whether trying again may help."""

    code: str
    message: str
    retryable: bool = False


def score_key(evaluator_id: str | None, name: str, part_of: str | None = None) -> str:
    """Return what tells a score from the others of its record: its evaluator, or else its name.

    It is part of paths in the database, where dots and dollars mean something else.
    """
    return evaluator_id or (part_of or "") + "~" + name.replace("%", "%25").replace(".", "%2E").replace("$", "%24")


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What one evaluator version said of one record.

    `number` and `label` repeat `value` where it is one (a boolean is 1.0 or 0.0), so that scores can be ranged and
    counted; `passed` is None where nothing is asked of the score. An evaluator has one score of a record; where its
    plugin gives more than that, the others have no `evaluator_id`, and name the evaluator as the one they are part of.
    `cache_key` is by what later runs find it; `cached_from` is the record whose score it repeats.
    """

    name: str
    status: ScoreStatus
    source: ScoreSource
    created_at: datetime
    evaluator_id: str | None = None
    part_of: str | None = None
    evaluator_version: int | None = None
    plugin: str | None = None
    plugin_version: str | None = None
    config_hash: str | None = None
    value: Json = None
    number: float | None = None
    label: str | None = None
    passed: bool | None = None
    explanation: str | None = None
    metadata: Json = None
    error: Problem | None = None
    cost_usd: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    duration_ms: float | None = None
    author: str | None = None
    cache_key: str | None = None
    cached_from: str | None = None

    @property
    def cached(self) -> bool:
        """Whether it was made for another record."""
        return self.cached_from is not None

    @property
    def key(self) -> str:
        """What tells this score from the record's others."""
        return score_key(self.evaluator_id, self.name, self.part_of)

    @property
    def given_by(self) -> str | None:
        """The evaluator that gave it, as its one score of the record or beside that."""
        return self.evaluator_id or self.part_of

    @property
    def tokens(self) -> int:
        """What the scoring used."""
        return (self.prompt_tokens or 0) + (self.completion_tokens or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunScore:
    """What an evaluator said of a run as a whole: its score, and those that its plugin gave beside it.

    `cases` counts the records that it is over, `left_out` those with an output that lacked what the evaluator needs,
    for instance `left_out_reason`.
    """

    score: Score
    others: tuple[Score, ...] = ()
    cases: int = 0
    left_out: int = 0
    left_out_reason: str | None = None

    @property
    def scores(self) -> tuple[Score, ...]:
        """All of them, the evaluator's own first."""
        return (self.score, *self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What calling the system gave: an output, or an error; `response` is what the target says of the answer.

    `cache_key` is by what later runs find the output; `cached_from` is where it comes from instead of a call.
    """

    output: Any = None
    response: Any = None
    error: Problem | None = None
    attempts: int = 1
    latency_ms: float | None = None
    cost_usd: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    trace_id: str | None = None
    cache_key: str | None = None
    cached_from: AnswerOrigin | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What one record came to: the outcome of its call, its scores, and the verdict that follows from them."""

    record_id: str
    outcome: Outcome
    status: RecordStatus
    verdict: Verdict | None
    scores: tuple[Score, ...]

    @property
    def latency_ms(self) -> float | None:
        """How long the call took."""
        return self.outcome.latency_ms

    @property
    def cost_usd(self) -> float | None:
        """What the call cost."""
        return self.outcome.cost_usd

    @property
    def prompt_tokens(self) -> int | None:
        """What the call read."""
        return self.outcome.prompt_tokens

    @property
    def completion_tokens(self) -> int | None:
        """What the call wrote."""
        return self.outcome.completion_tokens

    @property
    def cached_from(self) -> AnswerOrigin | None:
        """Where the output comes from instead of a call."""
        return self.outcome.cached_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """What a person noted about a record; `rating` is 1 to 5."""

    id: str
    author: str
    created_at: datetime
    rating: int | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One execution of one item in a run; `seq` is its place in the run, `lane` the part of the run it belongs to.

    `response` is what the target says of the answer besides the output: why a model stopped, where it comes from.
    `cached_from` is the record whose output it has, where the system was not called.
    """

    id: str
    run_id: str
    project_id: str
    dataset_id: str | None
    item_id: str | None
    system_version_id: str | None
    seq: int
    lane: int
    trial: int
    input: Json
    expected_output: Json
    metadata: Json
    tags: tuple[str, ...]
    status: RecordStatus
    created_at: datetime
    output: Json = None
    response: Json = None
    verdict: Verdict | None = None
    error: Problem | None = None
    attempts: int = 0
    latency_ms: float | None = None
    cost_usd: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    trace_id: str | None = None
    cached_from: AnswerOrigin | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    scores: tuple[Score, ...] = ()
    annotations: tuple[Annotation, ...] = ()


def stored_outcome(record: Record) -> Outcome:
    """Return what calling the system for a record gave, as it was stored."""
    return Outcome(
        output=record.output,
        response=record.response,
        error=record.error,
        attempts=record.attempts,
        latency_ms=record.latency_ms,
        cost_usd=record.cost_usd,
        prompt_tokens=record.prompt_tokens,
        completion_tokens=record.completion_tokens,
        trace_id=record.trace_id,
        cached_from=record.cached_from,
        started_at=record.started_at,
        finished_at=record.finished_at,
    )


def verdict_of(scores: Iterable[Score]) -> Verdict | None:
    """Return what the scores say of a record.

    A score that could not be computed makes it ERRORED, never PASSED; then one that did not pass makes it FAILED;
    without a score that could pass or fail there is no verdict.
    """
    verdict = None
    for score in scores:
        if score.status is ScoreStatus.ERROR:
            return Verdict.ERRORED
        if score.passed is False:
            verdict = Verdict.FAILED
        elif score.passed and verdict is None:
            verdict = Verdict.PASSED
    return verdict
