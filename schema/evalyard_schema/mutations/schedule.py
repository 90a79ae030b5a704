"""Schedules."""

import strawberry

from evalyard_schema.context import Info
from evalyard_schema.described import mutation
from evalyard_schema.ids import decode
from evalyard_schema.inputs.schedule import CreateScheduleInput, UpdateScheduleInput
from evalyard_schema.types.schedule import Schedule


@strawberry.type
class ScheduleMutation:
    """What makes and changes schedules."""

    @mutation
    async def create_schedule(self, info: Info, input: CreateScheduleInput) -> Schedule:
        """Start runs at the times of a cron expression; the workers do, which need no crontab."""
        schedules = info.context.services.schedules
        return Schedule.of(await schedules.create(actor=info.context.actor, new=input.to_domain()))

    @mutation
    async def update_schedule(self, info: Info, id: strawberry.ID, input: UpdateScheduleInput) -> Schedule:
        """Change a schedule; runs that it has started stay as they are."""
        changed = await info.context.services.schedules.update(
            actor=info.context.actor, schedule_id=decode(id, "Schedule", field="id"), changes=input.changes()
        )
        return Schedule.of(changed)

    @mutation
    async def pause_schedule(self, info: Info, id: strawberry.ID) -> Schedule:
        """Start no runs until resumeSchedule; runs that go on do so."""
        paused = await info.context.services.schedules.pause(
            actor=info.context.actor, schedule_id=decode(id, "Schedule", field="id")
        )
        return Schedule.of(paused)

    @mutation
    async def resume_schedule(self, info: Info, id: strawberry.ID) -> Schedule:
        """Start runs again, from the next tick on: those of the pause are not caught up."""
        resumed = await info.context.services.schedules.resume(
            actor=info.context.actor, schedule_id=decode(id, "Schedule", field="id")
        )
        return Schedule.of(resumed)

    @mutation
    async def delete_schedule(self, info: Info, id: strawberry.ID) -> strawberry.ID:
        """Remove a schedule; its runs stay."""
        await info.context.services.schedules.delete(
            actor=info.context.actor, schedule_id=decode(id, "Schedule", field="id")
        )
        return id
