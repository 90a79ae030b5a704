"""What went wrong with a record or a score."""

from typing import Self

import strawberry

from evalyard_core.domain import records as domain
from evalyard_schema.described import object_type


@object_type
class Problem:
    """What went wrong."""

    code: str = strawberry.field(description="Stable, for programs: TIMEOUT, HTTP_429, EXCEPTION …")
    message: str = strawberry.field(description="For a person.")
    retryable: bool = strawberry.field(description="Whether trying again may help.")

    @classmethod
    def of(cls, problem: domain.Problem | None) -> Self | None:
        """Return a problem, None for none."""
        if problem is None:
            return None
        return cls(code=problem.code, message=problem.message, retryable=problem.retryable)
