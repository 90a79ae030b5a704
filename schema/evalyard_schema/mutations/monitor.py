"""Monitors."""

import strawberry

from evalyard_schema.context import Info
from evalyard_schema.described import mutation
from evalyard_schema.ids import decode
from evalyard_schema.inputs.monitor import CreateMonitorInput, UpdateMonitorInput
from evalyard_schema.types.monitor import Monitor


@strawberry.type
class MonitorMutation:
    """What makes and changes monitors."""

    @mutation
    async def create_monitor(self, info: Info, input: CreateMonitorInput) -> Monitor:
        """Score a share of the traces that come in from now on, in a run a cycle; nothing is called."""
        monitors = info.context.services.monitors
        return Monitor.of(await monitors.create(actor=info.context.actor, new=input.to_domain()))

    @mutation
    async def update_monitor(self, info: Info, id: strawberry.ID, input: UpdateMonitorInput) -> Monitor:
        """Change a monitor; it counts for traces that are not yet taken."""
        changed = await info.context.services.monitors.update(
            actor=info.context.actor, monitor_id=decode(id, "Monitor", field="id"), changes=input.changes()
        )
        return Monitor.of(changed)

    @mutation
    async def pause_monitor(self, info: Info, id: strawberry.ID) -> Monitor:
        """Take no traces until resumeMonitor; runs that go on do so."""
        paused = await info.context.services.monitors.pause(
            actor=info.context.actor, monitor_id=decode(id, "Monitor", field="id")
        )
        return Monitor.of(paused)

    @mutation
    async def resume_monitor(self, info: Info, id: strawberry.ID) -> Monitor:
        """Take the traces that come in from now on; those of the pause are left out."""
        resumed = await info.context.services.monitors.resume(
            actor=info.context.actor, monitor_id=decode(id, "Monitor", field="id")
        )
        return Monitor.of(resumed)

    @mutation
    async def delete_monitor(self, info: Info, id: strawberry.ID) -> strawberry.ID:
        """Remove a monitor; its runs stay."""
        await info.context.services.monitors.delete(
            actor=info.context.actor, monitor_id=decode(id, "Monitor", field="id")
        )
        return id
