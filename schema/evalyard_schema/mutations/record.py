"""What people say of records."""

import strawberry
from strawberry import UNSET

from evalyard_schema.context import Info
from evalyard_schema.described import mutation
from evalyard_schema.given import given
from evalyard_schema.ids import decode, decode_given
from evalyard_schema.inputs.record import AddScoreInput
from evalyard_schema.types.record import Record
from evalyard_schema.types.score import Score


@strawberry.type
class RecordMutation:
    """What people say of records."""

    @mutation
    async def add_score(self, info: Info, input: AddScoreInput) -> Score:
        """Give a record a person's score; it replaces the one of the same evaluator or name, which stays readable."""
        record, score = await info.context.services.records.add_score(
            actor=info.context.actor,
            record_id=decode(input.record_id, "Record", field="input.recordId"),
            evaluator_id=decode_given(input.evaluator_id, "Evaluator", field="input.evaluatorId"),
            name=input.name,
            value=input.value,
            passed=input.passed,
            explanation=input.explanation,
        )
        return Score.current(score, record)

    @mutation
    async def annotate_record(
        self, info: Info, record_id: strawberry.ID, rating: int | None = UNSET, comment: str | None = UNSET
    ) -> Record:
        """Note something about a record: a rating of 1 to 5, a comment, or both."""
        noted = await info.context.services.records.annotate(
            actor=info.context.actor,
            record_id=decode(record_id, "Record", field="recordId"),
            rating=given(rating),
            comment=given(comment),
        )
        return Record.of(noted)
