"""What an evaluator said of a run as a whole."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry.scalars import JSON

from evalyard_core.domain import records as domain
from evalyard_core.domain.runs import Run
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.enums import ScoreStatus
from evalyard_schema.types.problem import Problem


@object_type
class RunScore:
    """What one evaluator version said of a run as a whole, as corpus metrics do."""

    score: strawberry.Private[domain.Score]
    of_run: strawberry.Private[Run]
    beside: strawberry.Private[tuple[domain.Score, ...]]
    name: str
    evaluator_version: int | None
    plugin_version: str | None
    config_hash: str | None
    status: ScoreStatus
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
    created_at: datetime
    cases: int | None = strawberry.field(description="Records that it is over; null for one that was replaced.")
    left_out: int | None = strawberry.field(description="Records that lacked what the evaluator needs.")
    left_out_reason: str | None = strawberry.field(description="Why the first of them was left out.")

    @classmethod
    def current(cls, run: Run, evaluator_id: str) -> Self | None:
        """Return what an evaluator says of a run, None where it has said nothing yet."""
        said = run.run_scores.get(evaluator_id)
        return None if said is None else cls._of(run, said.score, said)

    @classmethod
    def _of(cls, run: Run, score: domain.Score, said: domain.RunScore | None = None) -> Self:
        return cls(
            score=score,
            of_run=run,
            beside=said.others if said else (),
            name=score.name,
            evaluator_version=score.evaluator_version,
            plugin_version=score.plugin_version,
            config_hash=score.config_hash,
            status=score.status,
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
            created_at=score.created_at,
            cases=said.cases if said else None,
            left_out=said.left_out if said else None,
            left_out_reason=said.left_out_reason if said else None,
        )

    @field
    def error(self) -> Problem | None:
        """Why it could not be computed."""
        return Problem.of(self.score.error)

    @field
    def others(self) -> list["RunScore"]:
        """What the plugin gave beside this score, each with its name."""
        return [RunScore._of(self.of_run, score) for score in self.beside]

    @field
    async def history(self, info: Info) -> list["RunScore"]:
        """The scores of the run that this one replaced, newest first."""
        replaced = await info.context.loaders.score_history.load(self.of_run.id)
        older = [old for old in replaced if old.key == self.score.key and old.created_at < self.created_at]
        return [RunScore._of(self.of_run, old) for old in older]
