"""Links to files that are too long for an answer."""

import json
from collections.abc import Sequence

from evalyard_core.domain.comparing.comparison import Comparison
from evalyard_core.domain.runs import Run
from evalyard_schema.context import Info
from evalyard_schema.enums import ExportFormat
from evalyard_schema.ids import encode
from evalyard_schema.inputs.as_json import as_json
from evalyard_schema.inputs.record_filters import RecordFilter


async def of_run(info: Info, run: Run, form: ExportFormat) -> str:
    """Return a link to the records of a run."""
    return await _link(info, run.project_id, f"runs/{encode('Run', run.id)}", form)


async def of_comparison(info: Info, comparison: Comparison, form: ExportFormat) -> str:
    """Return a link to the rows of a comparison."""
    baseline = comparison.baseline
    candidates = [("candidate", encode("Run", run.id)) for run in comparison.candidates]
    path = f"runs/{encode('Run', baseline.id)}/comparison"
    return await _link(info, baseline.project_id, path, form, candidates)


async def of_records(info: Info, project_id: str, chosen: RecordFilter | None, form: ExportFormat) -> str:
    """Return a link to the records that a filter finds in a project, or refuse the filter."""
    parameters = []
    if chosen is not None:
        chosen.to_domain()  # refuses now what the link would be refused for
        parameters = [("filter", json.dumps(as_json(chosen), separators=(",", ":"), ensure_ascii=False))]
    path = f"projects/{encode('Project', project_id)}/records"
    return await _link(info, project_id, path, form, parameters, field="filter")


async def _link(
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
