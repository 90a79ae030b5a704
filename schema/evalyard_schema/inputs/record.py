"""Records and scores as they come in."""

import strawberry
from strawberry.scalars import JSON

from evalyard_core.services.submissions import Submitted
from evalyard_schema.described import input_type
from evalyard_schema.ids import decode_given


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
        )


@input_type
class AddScoreInput:
    """A person's score of a record: for an evaluator, or under a name of its own."""

    record_id: strawberry.ID
    evaluator_id: strawberry.ID | None
    name: str | None
    value: JSON
    passed: bool | None = strawberry.field(description="What follows from a boolean value unless given.")
    explanation: str | None
