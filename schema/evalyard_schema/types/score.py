"""Scores, current, replaced and tried."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry.scalars import JSON

from evalyard_core.domain import records as domain
from evalyard_core.domain.errors import NotFound
from evalyard_core.domain.ids import new_id
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.enums import ScoreSource, ScoreStatus
from evalyard_schema.ids import encode
from evalyard_schema.types import evaluator, record
from evalyard_schema.types.edges import follow_if_there
from evalyard_schema.types.lazy import LazyEvaluator, LazyRecord, LazyScore
from evalyard_schema.types.node import Node
from evalyard_schema.types.problem import Problem


@object_type
class Score(Node):
    """What one evaluator version, or a person, said of one record."""

    score: strawberry.Private[domain.Score]
    of_record: strawberry.Private[domain.Record | None]
    raw_id: strawberry.Private[str]
    beside: strawberry.Private[tuple[domain.Score, ...] | None]
    name: str
    evaluator_version: int | None
    plugin_version: str | None
    config_hash: str | None
    status: ScoreStatus
    source: ScoreSource
    value: JSON | None
    number: float | None = strawberry.field(description="The value where it is a number; 1 or 0 for true or false.")
    label: str | None = strawberry.field(description="The value where it is a text of at most 200 characters.")
    passed: bool | None = strawberry.field(description="Null where nothing is asked of the score.")
    explanation: str | None
    metadata: JSON | None
    cost_usd: float | None
    prompt_tokens: int | None
    completion_tokens: int | None
    duration_ms: float | None
    author: str | None = strawberry.field(description="Who gave it, where a person did.")
    cached: bool = strawberry.field(description="Whether it was used again, and cost nothing.")
    created_at: datetime

    @classmethod
    def current(cls, score: domain.Score, record: domain.Record) -> Self:
        """Return a score that a record has."""
        return cls._of(score, record, f"{record.id}/{score.key}", None)

    @classmethod
    def replaced(cls, score: domain.Score, record: domain.Record) -> Self:
        """Return a score that a record had."""
        return cls._of(score, record, f"{record.id}/{score.key}@{score.created_at.timestamp() * 1000:.0f}")

    @classmethod
    def tried(cls, score: domain.Score, record: domain.Record | None, beside: tuple[domain.Score, ...] = ()) -> Self:
        """Return a score that is stored nowhere, of a record or of made-up values, and what was given beside it."""
        return cls._of(score, record, f"~tried/{new_id()}", beside)

    @classmethod
    def _of(
        cls,
        score: domain.Score,
        of_record: domain.Record | None,
        raw_id: str,
        beside: tuple[domain.Score, ...] | None = (),
    ) -> Self:
        return cls(
            beside=beside,
            id=encode("Score", raw_id),
            score=score,
            of_record=of_record,
            raw_id=raw_id,
            name=score.name,
            evaluator_version=score.evaluator_version,
            plugin_version=score.plugin_version,
            config_hash=score.config_hash,
            status=score.status,
            source=score.source,
            value=score.value,
            number=score.number,
            label=score.label,
            passed=score.passed,
            explanation=score.explanation,
            metadata=score.metadata,
            cost_usd=score.cost_usd,
            prompt_tokens=score.prompt_tokens,
            completion_tokens=score.completion_tokens,
            duration_ms=score.duration_ms,
            author=score.author,
            cached=score.cached,
            created_at=score.created_at,
        )

    @field
    def record(self) -> LazyRecord:
        """The record that was scored; a score of made-up values has none."""
        if self.of_record is None:
            raise NotFound("This score is of made-up values, so it has no record.")
        return record.Record.of(self.of_record)

    @field
    def evaluator(self, info: Info) -> LazyEvaluator | None:
        """The evaluator as it is now; null for a person's score that is for none."""
        return follow_if_there(info.context.loaders.evaluators, self.score.given_by, evaluator.Evaluator.of)

    @field
    def cached_from(self, info: Info) -> LazyRecord | None:
        """The record that it was made for; null where that is its own, or was deleted since."""
        return follow_if_there(info.context.loaders.records, self.score.cached_from, record.Record.of)

    @field
    def error(self) -> Problem | None:
        """Why it could not be computed."""
        return Problem.of(self.score.error)

    @field
    def others(self) -> list[LazyScore]:
        """What the plugin gave beside this score, each with its name; they pass or fail nothing."""
        if self.beside is not None or self.of_record is None or self.score.evaluator_id is None:
            return [Score.tried(score, self.of_record) for score in self.beside or ()]
        beside = [score for score in self.of_record.scores if score.part_of == self.score.evaluator_id]
        return [Score.current(score, self.of_record) for score in beside]

    @field
    async def history(self, info: Info) -> list[LazyScore]:
        """The scores that this one replaced, newest first."""
        if self.of_record is None:
            return []
        replaced = await info.context.loaders.score_history.load(self.of_record.id)
        older = [old for old in replaced if old.key == self.score.key and old.created_at < self.created_at]
        return [Score.replaced(old, self.of_record) for old in older]
