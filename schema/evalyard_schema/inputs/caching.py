"""What a run may use again."""

import strawberry

from evalyard_core.domain.caching import RunCache
from evalyard_schema.described import input_type


@input_type
class RunCacheInput:
    """What a run may use again of earlier runs of its project; what it pays for may be used by later ones.

    An age is 0 to 31,622,400 seconds. With 0 everything is paid for anew, and left for later runs.
    """

    answers_max_age_seconds: float | None = strawberry.field(
        description="The output of a call that is at most so old stands for a new call with the same target, config, "
        "input, metadata and trial. Null: the system is called for each record."
    )
    scores_max_age_seconds: float | None = strawberry.field(
        description="A score that is at most so old stands for a new one by the same plugin version and config of the "
        "same values. Null: everything is scored anew."
    )

    def to_domain(self) -> RunCache:
        """Return what may be used again."""
        return RunCache(
            answers_max_age_seconds=self.answers_max_age_seconds,
            scores_max_age_seconds=self.scores_max_age_seconds,
        )


def given_cache(cache: RunCacheInput | None) -> RunCache | None:
    """Return what was said of the cache, None where nothing was."""
    return None if cache is None else cache.to_domain()
