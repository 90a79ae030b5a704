"""What people say of spans, as it comes in."""

import strawberry
from strawberry.scalars import JSON

from evalyard_schema.described import input_type


@input_type
class AddSpanScoreInput:
    """A person's score of a span, under a name of its own."""

    span_id: strawberry.ID
    name: str
    value: JSON
    passed: bool | None = strawberry.field(description="What follows from a boolean value unless given.")
    explanation: str | None
