"""Schedules as they are made and changed."""

from typing import Any

import strawberry
from strawberry import UNSET

from evalyard_core.domain.schedules import DEFAULT_NAME, RunTemplate
from evalyard_core.services.schedules import NewSchedule
from evalyard_schema.described import input_type
from evalyard_schema.given import changes
from evalyard_schema.ids import decode, decode_given
from evalyard_schema.schedule_enums import MissedTicks, OverlapPolicy

from .run import RunParts

_CRON = (
    "Five fields, as crontab(5) has them: minute, hour, day of month, month, day of week. `30 2 * * 1-5` is half past "
    "two on working days."
)
_TIME_ZONE = (
    "An IANA name, Europe/Berlin. Where its clocks are put forward, a time that the day lacks comes at the first "
    "moment after the gap; where they are put back, a time that the day has twice comes the first time only. An "
    "expression whose minute or hour begins with a star goes by the clock on the wall: it leaves out or repeats."
)


@input_type
class RunTemplateInput(RunParts):
    """What a schedule's runs are started with: a dataset, and a system version or a system."""

    system_id: strawberry.ID | None = strawberry.field(
        description="Instead of a systemVersionId: the production version of that time is called."
    )
    name: str | None = strawberry.field(
        default=DEFAULT_NAME,
        description="The runs' name; {schedule}, {date} and {time} are replaced, by the schedule's time zone.",
    )

    def to_domain(self) -> RunTemplate:
        """Return the template with raw ids, or refuse an id."""
        return RunTemplate(
            system_id=decode_given(self.system_id, "System", field="input.run.systemId"),
            name=DEFAULT_NAME if self.name is None else self.name,
            **self.parts(field="input.run"),
        )


@input_type
class CreateScheduleInput:
    """A new schedule; it is accepted where its run could be started at once."""

    project_id: strawberry.ID
    name: str = strawberry.field(description="Unique in the project.")
    cron: str = strawberry.field(description=_CRON)
    time_zone: str | None = strawberry.field(default="UTC", description=_TIME_ZONE)
    run: RunTemplateInput
    missed_ticks: MissedTicks | None = MissedTicks.RUN_LATEST
    overlap: OverlapPolicy | None = OverlapPolicy.ALLOW
    paused: bool | None = strawberry.field(default=False, description="Whether it waits for resumeSchedule.")

    def to_domain(self) -> NewSchedule:
        """Return what is made, with raw ids, or refuse an id."""
        return NewSchedule(
            project_id=decode(self.project_id, "Project", field="input.projectId"),
            name=self.name,
            cron=self.cron,
            time_zone="UTC" if self.time_zone is None else self.time_zone,
            template=self.run.to_domain(),
            missed_ticks=self.missed_ticks or MissedTicks.RUN_LATEST,
            overlap=self.overlap or OverlapPolicy.ALLOW,
            paused=bool(self.paused),
        )


@input_type
class UpdateScheduleInput:
    """What is left out stays."""

    name: str | None = UNSET
    cron: str | None = UNSET
    time_zone: str | None = UNSET
    run: RunTemplateInput | None = strawberry.field(default=UNSET, description="The whole template.")
    missed_ticks: MissedTicks | None = UNSET
    overlap: OverlapPolicy | None = UNSET

    def changes(self) -> dict[str, Any]:
        """Return what is to be changed, with raw ids, or refuse an id."""
        wanted = changes(self, clearable=())
        template = wanted.pop("run", None)
        return wanted if template is None else {**wanted, "template": template.to_domain()}
