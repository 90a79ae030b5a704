"""Whoever asks, and projects."""

import strawberry
from strawberry import UNSET

from evalyard_core.domain.errors import BadInput
from evalyard_core.domain.limits import check_search
from evalyard_schema.context import Info
from evalyard_schema.described import field
from evalyard_schema.given import given
from evalyard_schema.ids import decode
from evalyard_schema.types.access import Viewer
from evalyard_schema.types.connection import Connection
from evalyard_schema.types.edges import find
from evalyard_schema.types.project import Project, project_page


@strawberry.type
class ProjectQuery:
    """Whoever asks, and projects."""

    @field
    def viewer(self, info: Info) -> Viewer:
        """Whoever asks."""
        return Viewer.of(info.context.actor)

    @field
    async def project(self, info: Info, id: strawberry.ID | None = UNSET, name: str | None = UNSET) -> Project | None:
        """A project by its id or by its name."""
        wanted_id, wanted_name = given(id), given(name)
        if (wanted_id is None) == (wanted_name is None):
            raise BadInput("Name a project by its id or by its name, one of them.", field="id")
        if wanted_id is not None:
            raw = decode(wanted_id, "Project", field="id")
            return await find(info.context.loaders.visible.projects, raw, Project.of)
        projects, actor = info.context.services.projects, info.context.actor
        found = await projects.by_name(actor=actor, name=check_search(wanted_name, field="name") or "")
        return None if found is None else Project.of(found)

    @field
    async def projects(self, info: Info, first: int | None = 20, after: str | None = UNSET) -> Connection[Project]:
        """The projects that the key sees, by age."""
        return await project_page(info, first=first, after=after)
