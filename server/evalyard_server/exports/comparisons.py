"""Comparisons as rows, a case each."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from statistics import fmean
from typing import Any, Final

from evalyard_core.domain.exports import ComparedCase, ComparisonExport, ValueKind, unique_names
from evalyard_core.domain.records import Record, Verdict
from evalyard_core.services import Services
from evalyard_schema.ids import encode

from .records import shown_problem
from .table import Column, Row, Table

#: What is said of a case, whatever came of it.
_CASE: Final = (
    Column("item_id", ValueKind.TEXT),
    Column("input", ValueKind.JSON),
    Column("expected_output", ValueKind.JSON),
    Column("metadata", ValueKind.JSON),
    Column("tags", ValueKind.JSON),
)
#: What is said of it in each run, before its scores.
_RUN: Final = (
    Column("verdicts", ValueKind.JSON),
    Column("pass_rate", ValueKind.NUMBER),
    Column("outputs", ValueKind.JSON),
    Column("errors", ValueKind.JSON),
    Column("latency_ms", ValueKind.NUMBER),
    Column("cost_usd", ValueKind.NUMBER),
)


def comparison_table(services: Services, export: ComparisonExport) -> Table:
    """Return the table of a comparison: each run's columns under its name, which is its part."""
    keys = [score.key for score in export.scores]

    async def read() -> AsyncGenerator[Row, None]:
        async with aclosing(services.compared_exports.cases(export)) as cases:
            async for case in cases:
                yield _row(case, keys)

    return Table(export.title, _columns(export), read())


def _columns(export: ComparisonExport) -> list[Column]:
    own = [column.name for column in _RUN]
    scores = [Column(name, ValueKind.NUMBER) for [name] in unique_names([[s.name] for s in export.scores], own)]
    columns = [*_CASE, *_named("baseline", [*_RUN, *scores])]
    for number, _ in enumerate(export.candidates, 1):
        columns += _named(f"candidate_{number}", [Column("change", ValueKind.TEXT), *_RUN, *scores])
    return columns


def _named(part: str, columns: Iterable[Column]) -> list[Column]:
    return [Column(f"{part}.{column.name}", column.kind) for column in columns]


def _row(case: ComparedCase, keys: Sequence[str]) -> Row:
    first = case.first
    item_id = None if first.item_id is None else encode("DatasetItem", first.item_id)
    baseline, *candidates = case.records
    row: list[Any] = [item_id, first.input, first.expected_output, first.metadata, list(first.tags)]
    row += _of_run(baseline, keys)
    for change, records in zip(case.changes, candidates, strict=True):
        row += [None if change is None else change.value, *_of_run(records, keys)]
    return row


def _of_run(records: Sequence[Record], keys: Sequence[str]) -> list[Any]:
    """Return what a run made of a case, by trial or over its trials; nothing where it does not have the case."""
    if not records:
        return [None] * (len(_RUN) + len(keys))
    judged = [record.verdict for record in records if record.verdict is not None]
    return [
        [record.verdict and record.verdict.value for record in records],
        judged.count(Verdict.PASSED) / len(judged) if judged else None,
        [record.output for record in records],
        [shown_problem(record.error) for record in records],
        _mean(record.latency_ms for record in records),
        _total(record.cost_usd for record in records),
        *_scores(records, keys),
    ]


def _scores(records: Sequence[Record], keys: Sequence[str]) -> list[float | None]:
    """Return the mean of each score over the trials: of its numbers, or else of 1 where it passes and 0 where not."""
    values: dict[str, list[float]] = {}
    for record in records:
        for score in record.scores:
            number = score.number if score.number is not None else score.passed
            if number is not None:
                values.setdefault(score.key, []).append(float(number))
    return [_mean(values.get(key, ())) for key in keys]


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _total(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
