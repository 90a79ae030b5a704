"""What is exported: the records of a run, or those of a project that a filter finds."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.errors import Conflict, NotFound
from evalyard_core.domain.exports import RecordsExport, score_columns
from evalyard_core.domain.filters import RecordFilter
from evalyard_core.domain.lists import RecordList
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Record
from evalyard_core.storage import Store


class ExportService:
    """Prepares exports, and reads them in constant memory."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of_run(self, *, actor: Actor, run_id: str) -> RecordsExport:
        """Return the export of a run that the actor sees, or refuse."""
        run = await self._store.runs.get(run_id)
        if run is None or not actor.sees(run.project_id):
            raise NotFound("There is no such run.", field="run")
        actor.require_role(Role.VIEWER)
        records = RecordList(project_id=run.project_id, run_id=run.id)
        return RecordsExport(
            title=f"run-{run.number}",
            lists=[records],
            scores=score_columns(run.evaluators, await self._store.exports.scores(records)),
            run_id=run.id,
        )

    async def of_records(self, *, actor: Actor, project_id: str, wanted: RecordFilter) -> RecordsExport:
        """Return the export of the records that a filter finds in a project: newest first, or run by run.

        Where the filter names runs, each is read in its own order; those that the actor does not see have no records.
        """
        actor.require(project_id, Role.VIEWER, field="project")
        if await self._store.projects.get(project_id) is None:
            raise NotFound("There is no such project.", field="project")
        everything = RecordList(project_id=project_id, wanted=wanted)
        lists = await self._by_run(everything) if wanted.run_ids else [everything]
        return RecordsExport(
            title=f"records-{now():%Y-%m-%d-%H%M%S}",
            lists=lists,
            scores=score_columns((), await self._store.exports.scores(everything)),
        )

    async def records(self, export: RecordsExport) -> AsyncGenerator[Record, None]:
        """Yield the records of an export; raises Conflict when its run is deleted meanwhile, so that none is missed."""
        for wanted in export.lists:
            async with aclosing(self._store.exports.stream(wanted)) as found:
                async for record in found:
                    yield record
        if export.run_id is not None and await self._store.runs.get(export.run_id) is None:
            raise Conflict("This run was deleted while it was read.", field="run")

    async def _by_run(self, wanted: RecordList) -> list[RecordList]:
        found = await self._store.runs.get_many(wanted.wanted.run_ids)
        seen = [run_id for run_id in dict.fromkeys(wanted.wanted.run_ids) if run_id in found]
        within = replace(wanted.wanted, run_ids=())
        return [
            RecordList(project_id=wanted.project_id, run_id=run_id, wanted=within)
            for run_id in seen
            if found[run_id].project_id == wanted.project_id and not found[run_id].hidden
        ]
