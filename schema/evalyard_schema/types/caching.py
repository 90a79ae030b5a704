"""What a run uses again."""

from typing import Self

import strawberry

from evalyard_core.domain import caching as domain
from evalyard_schema.described import object_type


@object_type
class RunCache:
    """How old what a run uses again of earlier runs may be."""

    answers_max_age_seconds: float | None = strawberry.field(description="Null where the system is always called.")
    scores_max_age_seconds: float | None = strawberry.field(description="Null where everything is scored anew.")

    @classmethod
    def of(cls, cache: domain.RunCache) -> Self:
        """Return what a run uses again."""
        return cls(
            answers_max_age_seconds=cache.answers_max_age_seconds,
            scores_max_age_seconds=cache.scores_max_age_seconds,
        )
