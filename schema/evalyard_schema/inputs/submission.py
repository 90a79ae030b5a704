"""Records as systems elsewhere submit them, with the scores that come along."""

import strawberry
from strawberry.scalars import JSON

from evalyard_core.domain.client_scores import SubmittedScore
from evalyard_core.services.submissions import Submitted
from evalyard_schema.described import input_type
from evalyard_schema.ids import decode, decode_given


@input_type
class SubmittedScoreInput:
    """What an evaluator said that runs beside the system: a value, or an error, or why it was skipped.

    The evaluator is one of the run whose plugin is `evalyard/client_boolean`, `client_numeric`, `client_categorical`
    or `client_text`.
    """

    evaluator_id: strawberry.ID
    value: JSON | None
    passed: bool | None = strawberry.field(
        description="Counts where the evaluator has no threshold; what follows from a boolean value unless given."
    )
    explanation: str | None
    metadata: JSON | None
    error: str | None
    skipped: str | None
    cost_usd: float | None
    prompt_tokens: int | None
    completion_tokens: int | None
    duration_ms: float | None

    def to_domain(self, *, field: str) -> SubmittedScore:
        """Return the score with a raw id, or refuse the id."""
        return SubmittedScore(
            evaluator_id=decode(self.evaluator_id, "Evaluator", field=f"{field}.evaluatorId"),
            value=self.value,
            passed=self.passed,
            explanation=self.explanation,
            metadata=self.metadata,
            error=self.error,
            skipped=self.skipped,
            cost_usd=self.cost_usd,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            duration_ms=self.duration_ms,
        )


@input_type
class SubmittedRecordInput:
    """What a system elsewhere did with an item, or with an input that is no item.

    It has either an output or an error. What is left out of input, expectedOutput and metadata is the item's.
    """

    item_id: strawberry.ID | None
    trial: int | None = 1
    input: JSON | None
    expected_output: JSON | None
    metadata: JSON | None
    output: JSON | None
    error: str | None
    latency_ms: float | None
    cost_usd: float | None
    prompt_tokens: int | None
    completion_tokens: int | None
    trace_id: str | None = strawberry.field(description="The trace in which the system recorded what it did.")
    scores: list[SubmittedScoreInput] | None = strawberry.field(
        description="Of the run's evaluators that run beside the system; a worker gives those of the others."
    )

    def to_domain(self, *, field: str) -> Submitted:
        """Return the record with a raw id, or refuse the id."""
        return Submitted(
            item_id=decode_given(self.item_id, "DatasetItem", field=f"{field}.itemId"),
            trial=1 if self.trial is None else self.trial,
            input=self.input,
            expected_output=self.expected_output,
            metadata=self.metadata,
            output=self.output,
            error=self.error,
            latency_ms=self.latency_ms,
            cost_usd=self.cost_usd,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            trace_id=self.trace_id,
            scores=[score.to_domain(field=f"{field}.scores[{place}]") for place, score in enumerate(self.scores or ())],
        )
