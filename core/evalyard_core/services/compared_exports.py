"""Comparisons as they are exported: case by case, in constant memory, however long the runs are.

Nothing is aligned in memory: the id of a record is made of its run, its case and its trial, so that what other runs
made of a case is found by its id.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Final

from evalyard_core.domain.access import Actor
from evalyard_core.domain.comparing.alignment import change_of
from evalyard_core.domain.comparing.outcomes import Case, Outcome
from evalyard_core.domain.errors import Conflict
from evalyard_core.domain.exports import ComparedCase, ComparisonExport, score_columns
from evalyard_core.domain.ids import case_of_record, record_id
from evalyard_core.domain.records import Record
from evalyard_core.domain.runs import Run
from evalyard_core.storage import Store

from .comparing import ComparisonService

#: How many records may be looked up at once.
_MOST_AT_ONCE: Final = 200


class ComparedExports:
    """Prepares exports of comparisons, and reads them."""

    def __init__(self, store: Store, comparisons: ComparisonService) -> None:
        self._store = store
        self._comparisons = comparisons

    async def of(self, *, actor: Actor, baseline_id: str, candidate_ids: Sequence[str]) -> ComparisonExport:
        """Return the export of one to ten candidates beside a baseline, or refuse."""
        baseline, candidates = await self._comparisons.runs(
            actor=actor, baseline_id=baseline_id, candidate_ids=candidate_ids
        )
        runs = (baseline, *candidates)
        evaluators = {entry.evaluator_id: entry for run in runs for entry in run.evaluators}
        return ComparisonExport(
            title="comparison-" + "-".join(str(run.number) for run in runs),
            baseline=baseline,
            candidates=tuple(candidates),
            scores=score_columns(evaluators.values(), ()),
        )

    async def cases(self, export: ComparisonExport) -> AsyncGenerator[ComparedCase, None]:
        """Yield the baseline's cases in its order, then what each candidate added, in its own.

        Raises Conflict when one of the runs is deleted meanwhile, so that none is missed.
        """
        runs = export.runs
        batch = max(1, _MOST_AT_ONCE // sum(run.settings.trials for run in runs))
        for place, run in enumerate(runs):
            async for ids in _batches(self._store.exports.ids(run.id), batch):
                keys = list(dict.fromkeys(map(case_of_record, ids)))
                known = await self._known(keys, runs[:place])
                new = [key for key in keys if key not in known]
                for case in await self._compared(new, runs):
                    # The case of several trials comes where the first of them stands.
                    trials = case.records[place]
                    if trials and min(trials, key=_place).id in ids:
                        yield case
        there = await self._store.runs.get_many([run.id for run in runs])
        if any(run.id not in there or there[run.id].hidden for run in runs):
            raise Conflict("One of these runs was deleted while it was read.")

    async def _known(self, keys: Sequence[str], runs: Sequence[Run]) -> set[str]:
        """Return those of the cases that some of the runs have."""
        if not runs:
            return set()
        return {case_of_record(identifier) for identifier in await self._store.exports.existing(_ids(keys, runs))}

    async def _compared(self, keys: Sequence[str], runs: Sequence[Run]) -> list[ComparedCase]:
        found = await self._store.records.get_many(_ids(keys, runs))
        rows = ([_trials(found, run, key) for run in runs] for key in keys)
        return [_compared(records) for records in rows if any(records)]


async def _batches(ids: AsyncIterator[str], size: int) -> AsyncGenerator[list[str], None]:
    batch: list[str] = []
    async for identifier in ids:
        batch.append(identifier)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _ids(keys: Sequence[str], runs: Sequence[Run]) -> list[str]:
    trials = [(run, trial) for run in runs for trial in range(1, run.settings.trials + 1)]
    return [record_id(run.id, key, trial) for key in keys for run, trial in trials]


def _trials(found: dict[str, Record], run: Run, key: str) -> tuple[Record, ...]:
    ids = _ids([key], [run])
    return tuple(found[identifier] for identifier in ids if identifier in found)


def _compared(records: Sequence[tuple[Record, ...]]) -> ComparedCase:
    baseline, *candidates = (Case.of([_outcome(record) for record in trials]) for trials in records)
    first = next(trials[0] for trials in records if trials)
    return ComparedCase(first, tuple(records), tuple(change_of(baseline, candidate) for candidate in candidates))


def _outcome(record: Record) -> Outcome:
    return Outcome(record.id, record.item_id, record.trial, record.verdict, {})


def _place(record: Record) -> tuple[int, str]:
    return record.seq, record.id
