"""Projects."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from evalyard_core.domain.access import Actor, Project, Role
from evalyard_core.domain.errors import NotFound
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.limits import check_name, check_text
from evalyard_core.domain.lists import Page
from evalyard_core.domain.payload import now
from evalyard_core.domain.redaction import RedactionRules, check_rules
from evalyard_core.storage import Store


class ProjectService:
    """Creates, changes, lists and removes projects."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def create(self, *, actor: Actor, name: str, description: str = "") -> Project:
        """Create a project; needs an instance key."""
        actor.require_instance()
        project = Project(
            id=new_id(),
            name=check_name(name, field="input.name"),
            description=check_text(description, field="input.description"),
            created_at=now(),
        )
        await self._store.projects.add(project)
        return project

    async def get(self, *, actor: Actor, project_id: str) -> Project | None:
        """Return a project that the actor sees, or None."""
        return (await self.get_many(actor=actor, ids=[project_id])).get(project_id)

    async def get_many(self, *, actor: Actor, ids: Sequence[str]) -> dict[str, Project]:
        """Return those of these projects that the actor sees, by id."""
        return await self._store.projects.get_many([project_id for project_id in ids if actor.sees(project_id)])

    async def require(self, *, actor: Actor, project_id: str, field: str) -> Project:
        """Return a project that the actor sees, or refuse."""
        project = await self.get(actor=actor, project_id=project_id)
        if project is None:
            raise NotFound("There is no such project.", field=field)
        return project

    async def by_name(self, *, actor: Actor, name: str) -> Project | None:
        """Return the project of this name if the actor sees it, or None."""
        project = await self._store.projects.by_name(name)
        return project if project is not None and actor.sees(project.id) else None

    async def page(self, *, actor: Actor, first: int, after: str | None) -> Page[Project]:
        """Return the projects that the actor sees, by age."""
        return await self._store.projects.page(actor.project_id, first, after)

    async def count(self, *, actor: Actor) -> int:
        """Return how many projects the actor sees."""
        return await self._store.projects.count(actor.project_id)

    async def update(
        self,
        *,
        actor: Actor,
        project_id: str,
        name: str | None = None,
        description: str | None = None,
        retention: Mapping[str, int | None] | None = None,
        redaction: Mapping[str, Sequence[str]] | None = None,
    ) -> Project:
        """Change a project's name, description or settings; of the settings only what is given.

        `retention` may have trace_days and run_days, and holds for what is there already as well; `redaction` may have
        names and patterns, and holds for what is stored from now on.
        """
        actor.require(project_id, Role.ADMIN, field="id")
        project = await self._store.projects.get(project_id)
        if project is None:
            raise NotFound("There is no such project.", field="id")
        changes: dict[str, Any] = {}
        if name is not None:
            changes["name"] = check_name(name, field="name")
        if description is not None:
            changes["description"] = check_text(description, field="description")
        if retention:
            changes["retention"] = replace(project.retention, **retention).check(field="retention")
        if redaction:
            changes["redaction"] = await _changed_rules(project.redaction, redaction)
        return (await self._store.projects.change(project_id, changes) if changes else None) or project

    async def delete(self, *, actor: Actor, project_id: str) -> None:
        """Remove a project and everything in it.

        Its keys, schedules and monitors go first, so that nothing is added to it meanwhile, and the project itself
        last: whoever is interrupted calls this again.
        """
        actor.require(project_id, Role.ADMIN, field="id")
        if await self._store.projects.get(project_id) is None:
            raise NotFound("There is no such project.", field="id")
        for repository in (
            self._store.api_keys,
            self._store.schedules,
            self._store.monitors,
            self._store.sightings,
            self._store.tasks,
            self._store.runs,
            self._store.records,
            self._store.score_history,
            self._store.traces,
            self._store.span_notes,
            self._store.spans,
            self._store.items,
            self._store.datasets,
            self._store.evaluators,
            self._store.system_versions,
            self._store.systems,
        ):
            await repository.delete_of_project(project_id)
        await self._store.projects.delete(project_id)


async def _changed_rules(rules: RedactionRules, changes: Mapping[str, Sequence[str]]) -> RedactionRules:
    """Return rules with these changed, checked in a thread: each pattern is tried on texts that are hard to search."""
    wanted = {"names": rules.names, "patterns": rules.patterns, **changes}
    return await asyncio.to_thread(check_rules, wanted["names"], wanted["patterns"], field="redaction")
