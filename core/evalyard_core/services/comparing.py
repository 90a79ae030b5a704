"""Runs compared with a baseline."""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Final

from evalyard_core.domain.access import Actor
from evalyard_core.domain.comparing.alignment import Change, Row, align
from evalyard_core.domain.comparing.comparison import Comparison, ShownRow
from evalyard_core.domain.comparing.figures import CandidateFigures, figures_of
from evalyard_core.domain.comparing.outcomes import Case
from evalyard_core.domain.errors import BadInput, NotFound
from evalyard_core.domain.limits import check_count
from evalyard_core.domain.lists import Page
from evalyard_core.domain.records import Record
from evalyard_core.domain.runs import Run
from evalyard_core.storage import Store

from .kept import Kept, RunState, state_of
from .outcomes import Outcomes
from .paging import page_of
from .runs import RunService

MOST_CANDIDATES: Final = 10
_MOST_KEPT: Final = 500


class ComparisonService:
    """Compares runs of one project."""

    def __init__(self, store: Store, runs: RunService, outcomes: Outcomes) -> None:
        self._store = store
        self._runs = runs
        self._outcomes = outcomes
        self._figures_kept: Kept[tuple[RunState, RunState], CandidateFigures] = Kept(_MOST_KEPT)

    async def compare(self, *, actor: Actor, baseline_id: str, candidate_ids: Sequence[str]) -> Comparison:
        """Return runs beside a baseline, which may be among them, aligned by case."""
        baseline, candidates = await self.runs(actor=actor, baseline_id=baseline_id, candidate_ids=candidate_ids)
        cases, *others = await self._outcomes.of([baseline, *candidates], field="candidateIds")
        # In a thread, for it takes as long as there are records: nobody else is to wait for it.
        rows = await asyncio.to_thread(align, cases, others)
        return Comparison(baseline, tuple(candidates), rows)

    async def runs(self, *, actor: Actor, baseline_id: str, candidate_ids: Sequence[str]) -> tuple[Run, list[Run]]:
        """Return a baseline and the runs to be compared with it, or refuse."""
        if not candidate_ids:
            raise BadInput("Name at least one run to compare with the baseline.", field="candidateIds")
        check_count(candidate_ids, MOST_CANDIDATES, field="candidateIds")
        found = await self._runs.get_many(actor=actor, ids=list({baseline_id, *candidate_ids}))
        if baseline_id not in found:
            raise NotFound("There is no such run.", field="baselineId")
        baseline = found[baseline_id]
        return baseline, _candidates(baseline, candidate_ids, found)

    async def figures(self, comparison: Comparison) -> list[CandidateFigures]:
        """Return the figures of each candidate beside the baseline's, in order."""
        return [await self._figures(comparison, place) for place in range(len(comparison.candidates))]

    async def page(
        self, comparison: Comparison, *, first: int, after: str | None, change: Change | None
    ) -> Page[ShownRow]:
        """Return rows with their records, in the order of the baseline; a cursor is good whatever `change` is."""
        wanted = (lambda row: row.has(change)) if change is not None else (lambda _: True)
        page = page_of(comparison.rows, lambda row: row.key, first=first, after=after, wanted=wanted)
        ids = [outcome.record_id for row in page.items for case in _cases(row) for outcome in case.outcomes]
        records = await self._store.records.get_many(ids)
        return page.with_items([_shown(row, records) for row in page.items])

    async def _figures(self, comparison: Comparison, place: int) -> CandidateFigures:
        """Work out a candidate's figures, unless they are kept: they take longer than all that is read for them."""
        runs = (comparison.baseline, comparison.candidates[place])
        key = (state_of(runs[0]), state_of(runs[1]))
        figures = self._figures_kept.get(key)
        if figures is None:
            figures = await asyncio.to_thread(figures_of, comparison, place)
            if all(run.is_terminal for run in runs):
                self._figures_kept.keep(key, figures)
        return figures


def _candidates(baseline: Run, ids: Sequence[str], found: Mapping[str, Run]) -> list[Run]:
    candidates: dict[str, Run] = {}
    for place, identifier in enumerate(ids):
        field = f"candidateIds[{place}]"
        if identifier not in found:
            raise NotFound("There is no such run.", field=field)
        if identifier in candidates:
            raise BadInput(f"Run {found[identifier].number} is named twice; leave one out.", field=field)
        if found[identifier].project_id != baseline.project_id:
            raise BadInput("This run is of another project than the baseline; compare runs of one.", field=field)
        candidates[identifier] = found[identifier]
    return list(candidates.values())


def _cases(row: Row) -> list[Case]:
    return [row.baseline, *(cell.case for cell in row.cells)]


def _shown(row: Row, records: Mapping[str, Record]) -> ShownRow | None:
    """Return a row with its records; None where all of them were deleted a moment ago."""
    baseline, *candidates = (
        tuple(records[outcome.record_id] for outcome in case.outcomes if outcome.record_id in records)
        for case in _cases(row)
    )
    first = next(chain(baseline, *candidates), None)
    return None if first is None else ShownRow(row, first, baseline, tuple(candidates))
