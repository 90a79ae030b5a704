"""What people say of spans."""

import strawberry
from strawberry import UNSET

from evalyard_schema.context import Info
from evalyard_schema.described import mutation
from evalyard_schema.given import given
from evalyard_schema.ids import decode
from evalyard_schema.inputs.span import AddSpanScoreInput
from evalyard_schema.types.span import Span
from evalyard_schema.types.span_score import SpanScore


@strawberry.type
class SpanMutation:
    """What people say of spans."""

    @mutation
    async def add_span_score(self, info: Info, input: AddSpanScoreInput) -> SpanScore:
        """Give a span a person's score; it replaces the one of the same name, which stays readable."""
        span, score = await info.context.services.span_noting.add_score(
            actor=info.context.actor,
            span_id=decode(input.span_id, "Span", field="input.spanId"),
            name=input.name,
            value=input.value,
            passed=input.passed,
            explanation=input.explanation,
        )
        return SpanScore.current(score, span)

    @mutation
    async def annotate_span(
        self, info: Info, span_id: strawberry.ID, rating: int | None = UNSET, comment: str | None = UNSET
    ) -> Span:
        """Note something about a span: a rating of 1 to 5, a comment, or both."""
        noted = await info.context.services.span_noting.annotate(
            actor=info.context.actor,
            span_id=decode(span_id, "Span", field="spanId"),
            rating=given(rating),
            comment=given(comment),
        )
        return Span.of(noted)
