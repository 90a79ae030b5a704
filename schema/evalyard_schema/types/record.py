"""Records and what people noted about them."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry.scalars import JSON

from evalyard_core.domain import records as domain
from evalyard_core.domain.traces.spans import trace_key
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.enums import RecordStatus, Verdict
from evalyard_schema.ids import encode
from evalyard_schema.types import item, run, score, trace
from evalyard_schema.types.edges import follow, follow_if_there
from evalyard_schema.types.lazy import LazyDatasetItem, LazyRecord, LazyRun, LazyScore, LazyTrace
from evalyard_schema.types.node import Node
from evalyard_schema.types.problem import Problem


@object_type
class Annotation(Node):
    """What a person noted about a record."""

    author: str
    rating: int | None = strawberry.field(description="1 to 5.")
    comment: str | None
    created_at: datetime

    @classmethod
    def of(cls, annotation: domain.Annotation, record_id: str) -> Self:
        """Return an annotation of a record."""
        return cls(
            id=encode("Annotation", f"{record_id}/{annotation.id}"),
            author=annotation.author,
            rating=annotation.rating,
            comment=annotation.comment,
            created_at=annotation.created_at,
        )


@object_type
class Record(Node):
    """One execution of one item, or of one submitted input, in a run."""

    record: strawberry.Private[domain.Record]
    trial: int = strawberry.field(description="1, 2, 3 … where the run repeats each item.")
    input: JSON
    expected_output: JSON | None
    metadata: JSON | None
    tags: list[str]
    output: JSON | None
    response: JSON | None = strawberry.field(
        description="What the target says of the answer besides the output: why a model stopped, where it comes from."
    )
    status: RecordStatus
    verdict: Verdict | None = strawberry.field(
        description="Null while it is not known, and where no score could pass or fail."
    )
    attempts: int = strawberry.field(description="How often the system was called.")
    cached: bool = strawberry.field(
        description="Whether the output was used again: nobody was called, so that there is no latency and no cost."
    )
    latency_ms: float | None
    cost_usd: float | None
    prompt_tokens: int | None
    completion_tokens: int | None
    trace_id: str | None = strawberry.field(description="The id of its trace, whether or not spans of it have come in.")
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, record: domain.Record) -> Self:
        """Return a record."""
        return cls(
            id=encode("Record", record.id),
            record=record,
            trial=record.trial,
            input=record.input,
            expected_output=record.expected_output,
            metadata=record.metadata,
            tags=list(record.tags),
            output=record.output,
            response=record.response,
            status=record.status,
            verdict=record.verdict,
            attempts=record.attempts,
            cached=record.cached_from is not None,
            latency_ms=record.latency_ms,
            cost_usd=record.cost_usd,
            prompt_tokens=record.prompt_tokens,
            completion_tokens=record.completion_tokens,
            trace_id=record.trace_id,
            started_at=record.started_at,
            finished_at=record.finished_at,
        )

    @field
    def run(self, info: Info) -> LazyRun:
        """The run that it belongs to."""
        return follow(info.context.loaders.runs, self.record.run_id, run.Run.of, what="run")

    @field
    def item(self, info: Info) -> LazyDatasetItem | None:
        """The dataset item as it is now; null when there was none, or the dataset was deleted since."""
        return follow_if_there(info.context.loaders.items, self.record.item_id, item.DatasetItem.of)

    @field
    def cached_from(self, info: Info) -> LazyRecord | None:
        """The record whose output it has, with what that took; null where it is its own, or that was deleted since."""
        origin = self.record.cached_from
        return follow_if_there(info.context.loaders.records, origin.record_id if origin else None, Record.of)

    @field
    def error(self) -> Problem | None:
        """Why the system gave no output."""
        return Problem.of(self.record.error)

    @field
    def scores(self) -> list[LazyScore]:
        """The current scores."""
        return [score.Score.current(entry, self.record) for entry in self.record.scores]

    @field
    def trace(self, info: Info) -> LazyTrace | None:
        """What was recorded of the call; null where nothing was, or nothing has come in yet."""
        record = self.record
        key = None if record.trace_id is None else trace_key(record.project_id, record.trace_id)
        return follow_if_there(info.context.loaders.traces, key, trace.Trace.of)

    @field
    def annotations(self) -> list[Annotation]:
        """What people noted, oldest first."""
        return [Annotation.of(annotation, self.record.id) for annotation in self.record.annotations]
