"""What comes of trying a system out."""

from typing import Self

import strawberry
from strawberry.scalars import JSON

from evalyard_core.domain.records import Outcome
from evalyard_core.services import trials as domain
from evalyard_schema.described import object_type
from evalyard_schema.types.problem import Problem


@object_type
class TriedTarget:
    """An answer to one input, of which nothing is stored."""

    text: str = strawberry.field(description="What has come in of the answer's text; empty where nothing is streamed.")
    done: bool = strawberry.field(description="Whether this is all: the fields below are set then.")
    output: JSON | None
    response: JSON | None = strawberry.field(
        description="What the target says of the answer besides the output, as in Record.response."
    )
    error: Problem | None = strawberry.field(description="Why the system gave no output.")
    latency_ms: float | None
    cost_usd: float | None
    prompt_tokens: int | None
    completion_tokens: int | None

    @classmethod
    def of(cls, tried: domain.TriedTarget) -> Self:
        """Return what there is of an answer."""
        outcome = tried.outcome or Outcome()
        return cls(
            text=tried.text,
            done=tried.outcome is not None,
            output=outcome.output,
            response=outcome.response,
            error=Problem.of(outcome.error),
            latency_ms=outcome.latency_ms,
            cost_usd=outcome.cost_usd,
            prompt_tokens=outcome.prompt_tokens,
            completion_tokens=outcome.completion_tokens,
        )
