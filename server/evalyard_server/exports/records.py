"""Records as rows."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final

from evalyard_core.domain.exports import RecordsExport, ScoreColumn, ValueKind, unique_names
from evalyard_core.domain.records import Problem, Record, Score
from evalyard_core.services import Services
from evalyard_schema.ids import encode

from .table import Column, Row, Table

_TEXT, _JSON, _NUMBER = ValueKind.TEXT, ValueKind.JSON, ValueKind.NUMBER
_INTEGER, _BOOLEAN, _TIME = ValueKind.INTEGER, ValueKind.BOOLEAN, ValueKind.TIME

_Read = Callable[[Record], Any]

#: The columns of every record, in their order; docs/exports.md says what each holds.
_OWN: Final[tuple[tuple[str, ValueKind, _Read], ...]] = (
    ("record_id", _TEXT, lambda record: encode("Record", record.id)),
    ("run_id", _TEXT, lambda record: encode("Run", record.run_id)),
    ("item_id", _TEXT, lambda record: record.item_id and encode("DatasetItem", record.item_id)),
    ("trial", _INTEGER, lambda record: record.trial),
    ("status", _TEXT, lambda record: record.status.value),
    ("verdict", _TEXT, lambda record: record.verdict and record.verdict.value),
    ("input", _JSON, lambda record: record.input),
    ("expected_output", _JSON, lambda record: record.expected_output),
    ("output", _JSON, lambda record: record.output),
    ("metadata", _JSON, lambda record: record.metadata),
    ("tags", _JSON, lambda record: list(record.tags)),
    ("error", _TEXT, lambda record: shown_problem(record.error)),
    ("attempts", _INTEGER, lambda record: record.attempts),
    ("latency_ms", _NUMBER, lambda record: record.latency_ms),
    ("cost_usd", _NUMBER, lambda record: record.cost_usd),
    ("prompt_tokens", _INTEGER, lambda record: record.prompt_tokens),
    ("completion_tokens", _INTEGER, lambda record: record.completion_tokens),
    ("trace_id", _TEXT, lambda record: record.trace_id),
    ("cached_from", _TEXT, lambda record: record.cached_from and encode("Record", record.cached_from.record_id)),
    ("started_at", _TIME, lambda record: record.started_at),
    ("finished_at", _TIME, lambda record: record.finished_at),
    ("annotations", _JSON, lambda record: [_annotation(entry) for entry in record.annotations]),
)
_READERS: Final = tuple(read for _, _, read in _OWN)
_NO_SCORE: Final = (None, None, None, None)


def record_table(services: Services, export: RecordsExport) -> Table:
    """Return the table of records, a row each."""
    rows = RecordRows(export.scores)

    async def read() -> AsyncGenerator[Row, None]:
        async with aclosing(services.exports.records(export)) as records:
            async for record in records:
                yield rows.row(record)

    return Table(export.title, rows.columns, read())


class RecordRows:
    """The columns of an export of records, and the row of each of them."""

    def __init__(self, scores: Sequence[ScoreColumn]) -> None:
        names = unique_names([score_names(score.name) for score in scores], [name for name, _, _ in _OWN])
        self.columns = [Column(name, kind) for name, kind, _ in _OWN]
        for score, group in zip(scores, names, strict=True):
            self.columns += map(Column, group, (score.kind, _BOOLEAN, _TEXT, _TEXT))
        self._keys = [score.key for score in scores]

    def row(self, record: Record) -> Row:
        """Return the values of a record."""
        values = [read(record) for read in _READERS]
        scores: Mapping[str, Score] = {score.key: score for score in record.scores}
        for key in self._keys:
            values += _score(scores.get(key))
        return values


def score_names(name: str) -> tuple[str, str, str, str]:
    """Return the names of the columns that one score takes."""
    return name, f"{name}.passed", f"{name}.explanation", f"{name}.error"


def _score(score: Score | None) -> Row:
    return _NO_SCORE if score is None else (score.value, score.passed, score.explanation, shown_problem(score.error))


def shown_problem(problem: Problem | None) -> str | None:
    """Return a problem as its code and its sentence."""
    return None if problem is None else f"{problem.code}: {problem.message}"


def _annotation(annotation: Any) -> dict[str, Any]:
    return {
        "author": annotation.author,
        "rating": annotation.rating,
        "comment": annotation.comment,
        "created_at": annotation.created_at,
    }
