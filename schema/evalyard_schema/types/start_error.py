"""What schedules and monitors say of the runs that they start."""

from datetime import datetime
from typing import Self

import strawberry

from evalyard_core.domain import runs
from evalyard_core.domain import schedules as domain
from evalyard_schema.described import object_type
from evalyard_schema.types import run
from evalyard_schema.types.lazy import LazyRun


@object_type
class StartError:
    """Why a tick of a schedule, or a cycle of a monitor, started no run."""

    at: datetime = strawberry.field(description="The tick or cycle.")
    code: str = strawberry.field(
        description="The code that startRun would have answered, or SKIPPED: by the schedule's own missedTicks or "
        "overlap."
    )
    message: str = strawberry.field(description="For a person.")
    field: str | None = strawberry.field(
        description="The part that is at fault of what the schedule or monitor was made with."
    )

    @classmethod
    def of(cls, error: domain.StartError | None) -> Self | None:
        """Return an error, None for none."""
        return None if error is None else cls(at=error.at, code=error.code, message=error.message, field=error.field)


def started_run(found: runs.Run) -> LazyRun | None:
    """Return a run that was started, None where it is being deleted."""
    return None if found.hidden else run.Run.of(found)
