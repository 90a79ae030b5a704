"""What people say of spans."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry.scalars import JSON

from evalyard_core.domain import records as domain
from evalyard_core.services.traces.reading import SpanOfTrace
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.ids import encode
from evalyard_schema.types import span
from evalyard_schema.types.lazy import LazySpan, LazySpanScore
from evalyard_schema.types.node import Node


@object_type
class SpanScore(Node):
    """A person's score of a span."""

    score: strawberry.Private[domain.Score]
    of_span: strawberry.Private[SpanOfTrace]
    raw_id: strawberry.Private[str]
    name: str
    value: JSON | None
    number: float | None = strawberry.field(description="The value where it is a number; 1 or 0 for true or false.")
    label: str | None = strawberry.field(description="The value where it is a text of at most 200 characters.")
    passed: bool | None = strawberry.field(description="Null where nothing is asked of the score.")
    explanation: str | None
    author: str | None
    created_at: datetime

    @classmethod
    def current(cls, score: domain.Score, of_span: SpanOfTrace) -> Self:
        """Return a score that a span has."""
        return cls._of(score, of_span, f"{of_span.span.id}/{score.key}")

    @classmethod
    def replaced(cls, score: domain.Score, of_span: SpanOfTrace) -> Self:
        """Return a score that a span had."""
        return cls._of(score, of_span, f"{of_span.span.id}/{score.key}@{score.created_at.timestamp() * 1000:.0f}")

    @classmethod
    def _of(cls, score: domain.Score, of_span: SpanOfTrace, raw_id: str) -> Self:
        return cls(
            id=encode("SpanScore", raw_id),
            score=score,
            of_span=of_span,
            raw_id=raw_id,
            name=score.name,
            value=score.value,
            number=score.number,
            label=score.label,
            passed=score.passed,
            explanation=score.explanation,
            author=score.author,
            created_at=score.created_at,
        )

    @field
    def span(self) -> LazySpan:
        """The span that was scored."""
        return span.Span.of(self.of_span)

    @field
    async def history(self, info: Info) -> list[LazySpanScore]:
        """The scores that this one replaced, newest first."""
        notes = await info.context.loaders.span_notes.load(self.of_span.span.id)
        older = [old for old in notes.replaced if old.key == self.score.key] if notes is not None else []
        return [SpanScore.replaced(old, self.of_span) for old in older if old.created_at < self.created_at]
