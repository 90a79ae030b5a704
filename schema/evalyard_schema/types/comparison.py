"""Runs side by side."""

from functools import partial
from typing import Self

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from evalyard_core.domain.comparing import comparison as domain
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.enums import Change, ExportFormat
from evalyard_schema.given import given
from evalyard_schema.types import export_links, item
from evalyard_schema.types.compared import CandidateComparison
from evalyard_schema.types.connection import Connection, connection, page_size
from evalyard_schema.types.edges import follow_if_there
from evalyard_schema.types.lazy import LazyDatasetItem
from evalyard_schema.types.record import Record
from evalyard_schema.types.run import Run


@object_type
class ComparisonCell:
    """What one candidate did with a case."""

    run: Run
    records: list[Record] = strawberry.field(description="One a trial; none where the run does not have the case.")
    change: Change


@object_type
class ComparisonRow:
    """A case: a dataset item, or an input that was submitted without one; all its trials are in this one row."""

    shown: strawberry.Private[domain.ShownRow]
    input: JSON = strawberry.field(description="As the baseline had it; as a candidate had it where it is ADDED.")
    expected_output: JSON | None
    baseline: list[Record] = strawberry.field(description="One a trial; none where the case is ADDED.")
    candidates: list[ComparisonCell] = strawberry.field(description="In the order of `candidates`.")

    @classmethod
    def of(cls, runs: list[Run], shown: domain.ShownRow) -> Self:
        """Return a row; `runs` are the candidates."""
        return cls(
            shown=shown,
            input=shown.first.input,
            expected_output=shown.first.expected_output,
            baseline=[Record.of(record) for record in shown.baseline],
            candidates=[
                ComparisonCell(
                    run=run, records=[Record.of(record) for record in records], change=cell.change or Change.UNCHANGED
                )
                for run, records, cell in zip(runs, shown.candidates, shown.row.cells, strict=True)
            ],
        )

    @field
    def item(self, info: Info) -> LazyDatasetItem | None:
        """The dataset item as it is now; null when there was none, or the dataset was deleted since."""
        return follow_if_there(info.context.loaders.items, self.shown.row.item_id, item.DatasetItem.of)


@object_type
class RunComparison:
    """Candidates beside a baseline, aligned by case."""

    comparison: strawberry.Private[domain.Comparison]
    runs: strawberry.Private[list[Run]]
    baseline: Run

    @classmethod
    def of(cls, comparison: domain.Comparison) -> Self:
        """Return a comparison."""
        runs = [Run.of(run) for run in comparison.candidates]
        return cls(comparison=comparison, runs=runs, baseline=Run.of(comparison.baseline))

    @field
    async def candidates(self, info: Info) -> list[CandidateComparison]:
        """Each candidate's figures beside the baseline's."""
        figures = await info.context.services.comparisons.figures(self.comparison)
        return [CandidateComparison.of(self.comparison, place, entry) for place, entry in enumerate(figures)]

    @field
    async def rows(
        self, info: Info, first: int | None = 20, after: str | None = UNSET, change: Change | None = UNSET
    ) -> Connection[ComparisonRow]:
        """One row a dataset item, aligned over all runs; trials of one item stay in one row.

        In the baseline's order, then what candidates added. With `change`, those in which some candidate changed so.
        """
        chosen = given(change)
        page = await info.context.services.comparisons.page(
            self.comparison, first=page_size(first), after=given(after), change=chosen
        )

        async def count() -> int:
            return len(self.comparison.having(chosen))

        return connection(page, partial(ComparisonRow.of, self.runs), count)

    @field
    async def export_url(self, info: Info, format: ExportFormat) -> str:
        """A link to all of its rows as a file, for whoever has it and for 15 minutes; see `recordsExportUrl`."""
        return await export_links.of_comparison(info, self.comparison, format)
