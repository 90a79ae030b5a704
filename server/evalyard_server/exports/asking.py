"""From the path and query of an export to what is asked for.

    runs/{run}.{form}
    runs/{baseline}/comparison.{form}?candidate={run}&candidate={run}
    projects/{project}/records.{form}?filter={RecordFilter as JSON}

Ids are those of the API; {form} is csv, jsonl or parquet.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import QueryParams

from evalyard_core.domain.access import Actor
from evalyard_core.domain.errors import NotFound
from evalyard_core.domain.exports import ExportFormat
from evalyard_core.services import Services
from evalyard_schema.filter_texts import read_filter
from evalyard_schema.ids import decode, decode_many

from .comparisons import comparison_table
from .csv_text import CsvEncoder
from .json_lines import JsonLinesEncoder
from .parquet import ParquetEncoder
from .records import record_table
from .table import Column, Encoder, Table

_ENCODERS: Final[Mapping[str, Callable[[Sequence[Column]], Encoder]]] = {
    ExportFormat.CSV: CsvEncoder,
    ExportFormat.JSONL: JsonLinesEncoder,
    ExportFormat.PARQUET: ParquetEncoder,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """An export, and the form that it is to have."""

    parts: tuple[str, ...]
    parameters: QueryParams
    form: str

    @property
    def encoder(self) -> Callable[[Sequence[Column]], Encoder]:
        """What gives a table the form."""
        return _ENCODERS[self.form.upper()]

    async def open(self, actor: Actor, services: Services) -> Table:
        """Return what is exported to an actor, or refuse."""
        match self.parts:
            case ("runs", run):
                export = await services.exports.of_run(actor=actor, run_id=decode(run, "Run", field="run"))
                return record_table(services, export)
            case ("runs", baseline, "comparison"):
                return await self._comparison(actor, services, baseline)
            case ("projects", project, "records"):
                export = await services.exports.of_records(
                    actor=actor,
                    project_id=decode(project, "Project", field="project"),
                    wanted=read_filter(self.parameters.get("filter")),
                )
                return record_table(services, export)
        raise _no_such_export()

    async def _comparison(self, actor: Actor, services: Services, baseline: str) -> Table:
        export = await services.compared_exports.of(
            actor=actor,
            baseline_id=decode(baseline, "Run", field="baselineId"),
            candidate_ids=decode_many(self.parameters.getlist("candidate"), "Run", field="candidateIds"),
        )
        return comparison_table(services, export)


def asked(path: str, parameters: QueryParams) -> Asked:
    """Return what the path behind /exports/ and the query ask for, or refuse."""
    stem, _, form = path.rpartition(".")
    if form.upper() not in _ENCODERS:
        raise _no_such_export()
    return Asked(tuple(stem.split("/")), parameters, form)


def _no_such_export() -> NotFound:
    return NotFound(
        "There is no such export; take runs/ID.csv, runs/ID/comparison.csv?candidate=ID or projects/ID/records.csv, or "
        "another form: jsonl, parquet."
    )
