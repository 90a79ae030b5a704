"""Which project spans belong to: that of the key or, where a key is for all of them, the one that a resource names."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from evalyard_core.domain.access import Actor
from evalyard_core.domain.traces.spans import ReceivedSpan
from evalyard_core.services.projects import ProjectService

from .sent import Sent

#: The attribute of a resource that names a project, by its name or its id.
PROJECT: Final = "evalyard.project"


class Addressed(NamedTuple):
    """The spans of each project, by its id, and why others are rejected."""

    spans: dict[str, list[ReceivedSpan]]
    rejected: list[str]


async def address(sent: Sequence[Sent], actor: Actor, projects: ProjectService) -> Addressed:
    """Return what was sent by project."""
    found = Addressed({}, [why for part in sent for why in part.rejected])
    known: dict[str, str | None] = {}
    for part in sent:
        named = part.resource.get(PROJECT)
        project_id = actor.project_id
        if project_id is None and isinstance(named, str):
            if named not in known:
                known[named] = await _id_of(named, actor, projects)
            project_id = known[named]
        if project_id is None:
            found.rejected.extend([_unaddressed(named)] * len(part.spans))
        else:
            found.spans.setdefault(project_id, []).extend(part.spans)
    return found


async def _id_of(named: str, actor: Actor, projects: ProjectService) -> str | None:
    project = await projects.by_name(actor=actor, name=named)
    project = project or await projects.get(actor=actor, project_id=named)
    return None if project is None else project.id


def _unaddressed(named: object) -> str:
    if named is None:
        return (
            f"nothing says which project this is for: set the resource attribute {PROJECT} "
            f"(OTEL_RESOURCE_ATTRIBUTES={PROJECT}=NAME), or use the key of a project"
        )
    return f"there is no project {named!r:.80}: correct the resource attribute {PROJECT}"
