"""Links to files that are too long for an answer."""

from collections.abc import Sequence

from evalyard_schema.context import Info
from evalyard_schema.enums import ExportFormat


async def export_link(
    info: Info,
    project_id: str,
    path: str,
    form: ExportFormat,
    parameters: Sequence[tuple[str, str]] = (),
    *,
    field: str | None = None,
) -> str:
    """Return a link to an export in a project; `path` is what stands behind /exports/, without its extension."""
    return await info.context.services.links.sign(
        actor=info.context.actor,
        project_id=project_id,
        path=f"/exports/{path}.{form.lower()}",
        parameters=parameters,
        field=field,
    )
