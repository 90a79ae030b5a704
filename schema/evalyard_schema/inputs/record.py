"""Scores as people give them."""

import strawberry
from strawberry.scalars import JSON

from evalyard_schema.described import input_type


@input_type
class AddScoreInput:
    """A person's score of a record: for an evaluator, or under a name of its own."""

    record_id: strawberry.ID
    evaluator_id: strawberry.ID | None
    name: str | None
    value: JSON
    passed: bool | None = strawberry.field(description="What follows from a boolean value unless given.")
    explanation: str | None
