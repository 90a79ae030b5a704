"""From the path and query of an export to what is asked for.

    runs/{run}.{form}
    projects/{project}/records.{form}?filter={RecordFilter as JSON}

Ids are those of the API; {form} is csv, jsonl or parquet.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from evalyard_core.domain.access import Actor
from evalyard_core.domain.errors import NotFound
from evalyard_core.domain.exports import ExportFormat, RecordsExport
from evalyard_core.services import Services
from evalyard_schema.filter_texts import read_filter
from evalyard_schema.ids import decode

from .csv_text import CsvEncoder
from .json_lines import JsonLinesEncoder
from .parquet import ParquetEncoder
from .table import Column, Encoder

_ENCODERS: Final[Mapping[str, Callable[[Sequence[Column]], Encoder]]] = {
    ExportFormat.CSV: CsvEncoder,
    ExportFormat.JSONL: JsonLinesEncoder,
    ExportFormat.PARQUET: ParquetEncoder,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """An export, and the form that it is to have."""

    parts: tuple[str, ...]
    parameters: Mapping[str, str]
    form: str

    @property
    def encoder(self) -> Callable[[Sequence[Column]], Encoder]:
        """What gives a table the form."""
        return _ENCODERS[self.form.upper()]

    async def open(self, actor: Actor, services: Services) -> RecordsExport:
        """Return what is exported to an actor, or refuse."""
        match self.parts:
            case ("runs", run):
                return await services.exports.of_run(actor=actor, run_id=decode(run, "Run", field="run"))
            case ("projects", project, "records"):
                return await services.exports.of_records(
                    actor=actor,
                    project_id=decode(project, "Project", field="project"),
                    wanted=read_filter(self.parameters.get("filter")),
                )
        raise _no_such_export()


def asked(path: str, parameters: Mapping[str, str]) -> Asked:
    """Return what the path behind /exports/ and the query ask for, or refuse."""
    stem, _, form = path.rpartition(".")
    if form.upper() not in _ENCODERS:
        raise _no_such_export()
    return Asked(tuple(stem.split("/")), parameters, form)


def _no_such_export() -> NotFound:
    return NotFound("There is no such export; take runs/ID.csv, or projects/ID/records.csv, or .jsonl, or .parquet.")
