"""Monitors: traces of a project, sampled as they come in and scored."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from .filters import TraceFilter
from .ids import record_id
from .payload import now
from .records import Problem, Record, RecordStatus, Verdict
from .runs import Run
from .schedules import StartError
from .scores import skipped_scores
from .traces.spans import Span, SpanStatus, span_key
from .traces.trace import Trace

SHORTEST_INTERVAL_SECONDS: Final = 60
LONGEST_INTERVAL_SECONDS: Final = 7 * 86_400
SHORTEST_QUIET_SECONDS: Final = 10
LONGEST_QUIET_SECONDS: Final = 86_400

#: How far behind what was looked at a cycle looks again: traces are dated before they are stored, and storing them may
#: be tried again for two minutes by the database's driver.
OVERLAP: Final = timedelta(minutes=5)
#: How many traces one run has at most; what is left is the next cycle's, which comes at once.
MOST_TRACES: Final = 10_000

_DIGEST_BYTES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """Scores a share of a project's new traces; `rate` is that share in per cent.

    A cycle comes every `interval_seconds` and makes one run of the traces of which nothing has come in for
    `quiet_seconds`. `since` is when it was made or resumed: older traces are none of its own. `looked_until` is the
    time of the newest last span among those that were looked at. `next_at` is None while it is paused; `revision` grows
    with each change.
    """

    id: str
    project_id: str
    name: str
    rate: float
    evaluator_ids: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    since: datetime
    wanted: TraceFilter = field(default_factory=TraceFilter)
    interval_seconds: int = 3_600
    quiet_seconds: int = 60
    tags: tuple[str, ...] = ()
    paused: bool = False
    next_at: datetime | None = None
    looked_until: datetime | None = None
    last_run_id: str | None = None
    last_error: StartError | None = None
    revision: int = 0

    def samples(self, trace_id: str) -> bool:
        """Tell whether it scores a trace, whoever asks and however often.

        Monitors agree: what is in a sample is in every larger one.
        """
        digest = hashlib.blake2b(trace_id.encode(), digest_size=_DIGEST_BYTES).digest()
        return int.from_bytes(digest, "big") < self.rate / 100 * (1 << 8 * _DIGEST_BYTES)

    def window(self, moment: datetime) -> "Window | None":
        """Return what it looks at in a cycle, None where there is nothing yet."""
        until = moment - timedelta(seconds=self.quiet_seconds)
        after = self.since if self.looked_until is None else max(self.since, self.looked_until - OVERLAP)
        return Window(after, until) if after < until else None

    def next_after(self, moment: datetime) -> datetime:
        """Return when its next cycle comes: at a whole number of intervals after the last, and after a moment."""
        interval = timedelta(seconds=self.interval_seconds)
        begin = self.next_at or moment
        return begin + interval * ((moment - begin) // interval + 1)


@dataclass(frozen=True, slots=True)
class Window:
    """Traces whose last span came in after the one time and not after the other."""

    after: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A trace that a monitor has taken, once and for all, for its place `seq` in a run."""

    id: str
    monitor_id: str
    project_id: str
    run_id: str
    seq: int
    trace: str
    taken_at: datetime


def sighting_key(monitor_id: str, trace: str) -> str:
    """Return the one id that a monitor's sighting of a trace can have."""
    return f"{monitor_id}/{trace}"


def head_key(trace: Trace) -> str:
    """Return the id of the span that a trace goes by."""
    return span_key(trace.project_id, trace.trace_id, trace.head.span_id)


def trace_record(run: Run, sighting: Sighting, trace: Trace | None, head: Span | None) -> Record:
    """Return the record of a trace: what went into its first root span and what came out, waiting for its scores.

    One that has been deleted since, or that has failed without an output, is an error of its own.
    """
    moment = now()
    problem = _problem(trace, head)
    raw = sighting.trace.rpartition(".")[2]
    return Record(
        id=record_id(run.id, f"~{raw}", 1),
        run_id=run.id,
        project_id=run.project_id,
        dataset_id=None,
        item_id=None,
        system_version_id=None,
        seq=sighting.seq,
        lane=sighting.seq % run.settings.lanes,
        trial=1,
        input={} if head is None or head.meaning.input is None else head.meaning.input,
        expected_output=None,
        metadata=None if trace is None else _metadata(trace),
        tags=() if trace is None else trace.tags,
        status=RecordStatus.SCORING if problem is None else RecordStatus.ERRORED,
        verdict=None if problem is None else Verdict.ERRORED,
        scores=() if problem is None else skipped_scores(run.evaluators, moment),
        created_at=moment,
        output=None if head is None else head.meaning.output,
        error=problem,
        attempts=1,
        latency_ms=None if trace is None else trace.duration_ms,
        cost_usd=None if trace is None else trace.usage.cost_usd,
        prompt_tokens=None if trace is None else trace.usage.prompt_tokens,
        completion_tokens=None if trace is None else trace.usage.completion_tokens,
        trace_id=raw,
        finished_at=None if problem is None else moment,
    )


def _problem(trace: Trace | None, head: Span | None) -> Problem | None:
    if trace is None or head is None or trace.hidden:
        return Problem("TRACE_DELETED", "The trace was deleted before it was scored.")
    if trace.status is SpanStatus.ERROR and head.meaning.output is None:
        said = head.meaning.error.message if head.meaning.error else head.received.status_message
        return Problem("TRACE_FAILED", f"The traced call failed: {said or 'its span says no more'}.")
    return None


def _metadata(trace: Trace) -> dict[str, str]:
    """Return what failing records can be told apart by."""
    said = {"session": trace.session, "user": trace.user}
    return {"name": trace.name} | {name: one.value for name, one in said.items() if one is not None}
