"""Runs that were started elsewhere."""

from datetime import datetime
from typing import Self

import strawberry

from evalyard_core.domain import runs as domain
from evalyard_schema.described import object_type


@object_type
class RunDispatch:
    """What was started elsewhere to carry out a run."""

    at: datetime = strawberry.field(description="When it was started.")
    deadline_at: datetime = strawberry.field(
        description="Until when its records are waited for; those missing then are errored, and the run ends."
    )
    url: str | None = strawberry.field(description="Where a person can watch it, where that is known.")

    @classmethod
    def of(cls, dispatch: domain.Dispatch | None) -> Self | None:
        """Return what was started, if anything."""
        if dispatch is None:
            return None
        return cls(at=dispatch.at, deadline_at=dispatch.deadline_at, url=dispatch.url)
