"""Runs made from the templates of schedules."""

from datetime import datetime

from evalyard_core.domain.errors import BadInput, Conflict, NotFound, Refusal
from evalyard_core.domain.runs import Run, RunSource
from evalyard_core.domain.schedules import Schedule, run_name
from evalyard_core.storage import Store

from .starting import NewRun, Starter


class Templates:
    """Makes the run of a tick, or refuses it; the field of a refusal is a path of a schedule's input."""

    def __init__(self, store: Store, starter: Starter) -> None:
        self._store = store
        self._starter = starter

    async def prepare(self, schedule: Schedule, tick: datetime) -> Run:
        """Return the run that a schedule's tick is to start, checked as startRun would; nothing is stored."""
        version_id = await self._system_version(schedule)
        template = schedule.template
        new = NewRun(
            project_id=schedule.project_id,
            dataset_id=template.dataset_id,
            dataset_version=template.dataset_version,
            system_version_id=version_id,
            evaluator_ids=template.evaluator_ids,
            name=run_name(schedule, tick),
            source=RunSource.SCHEDULE,
            notes=template.notes,
            tags=template.tags,
            metadata=template.metadata,
            settings=template.settings,
            schedule_id=schedule.id,
            scheduled_for=tick,
        )
        try:
            return await self._starter.prepare(new)
        except Refusal as refusal:
            raise _inside_template(refusal) from refusal

    async def _system_version(self, schedule: Schedule) -> str:
        template = schedule.template
        if template.system_version_id is not None and template.system_id is None:
            return template.system_version_id
        if template.system_id is None or template.system_version_id is not None:
            raise BadInput(
                "Name a systemVersionId, or a systemId whose production version is called; one of them.",
                field="input.run.systemVersionId",
            )
        system = await self._store.systems.get(template.system_id)
        if system is None or system.project_id != schedule.project_id:
            raise NotFound("There is no such system.", field="input.run.systemId")
        if system.production_version_id is None:
            raise Conflict(
                f"The system {system.name!r} has no production version; setProductionVersion says which it is.",
                field="input.run.systemId",
            )
        return system.production_version_id


def _inside_template(refusal: Refusal) -> Refusal:
    """Return a refusal of what a run is started with, by where a schedule has it."""
    field = (refusal.field or "input").replace("input.", "input.run.", 1)
    return type(refusal)(refusal.message, field=field)
