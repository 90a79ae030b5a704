"""Runs and records as they change."""

from collections.abc import AsyncIterator

import strawberry
from strawberry import UNSET

from evalyard_core.domain.access import Role
from evalyard_schema.context import Info
from evalyard_schema.described import subscription
from evalyard_schema.given import given
from evalyard_schema.ids import decode
from evalyard_schema.subscriptions.stream import stream
from evalyard_schema.types.record import Record
from evalyard_schema.types.run import Run


@strawberry.type
class RunSubscription:
    """Runs and records as they change.

    Access is checked before the stream begins, so that a refusal is one and no event.
    """

    @subscription
    async def run_progress(
        self, info: Info, run_id: strawberry.ID, after_revision: int | None = UNSET
    ) -> AsyncIterator[Run]:
        """The state at once, then at most ten changes a second, the last one always, then complete."""
        raw = await _readable_run(info, run_id)
        return stream(info.context.live.watch_run(raw, given(after_revision)), Run.of)

    @subscription
    async def record_completed(self, info: Info, run_id: strawberry.ID) -> AsyncIterator[Record]:
        """Each record as it is completed."""
        raw = await _readable_run(info, run_id)
        return stream(info.context.live.watch_records(raw), Record.of)

    @subscription
    async def run_changed(self, info: Info, project_id: strawberry.ID) -> AsyncIterator[Run]:
        """Each run of the project that is new or changed."""
        raw = decode(project_id, "Project", field="projectId")
        await info.context.services.projects.require(actor=info.context.actor, project_id=raw, field="projectId")
        return stream(info.context.live.watch_project(raw), Run.of)


async def _readable_run(info: Info, run_id: str) -> str:
    """Return the raw id of a run that the actor may read, or refuse."""
    raw = decode(run_id, "Run", field="runId")
    await info.context.services.runs.require(actor=info.context.actor, run_id=raw, role=Role.VIEWER, field="runId")
    return raw
