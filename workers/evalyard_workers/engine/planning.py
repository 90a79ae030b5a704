"""Laying down the records of a run: every selected item, every trial, in an order and with ids that never change."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from typing import Final

from evalyard_core.domain.redacting import redacted_text
from evalyard_core.domain.redaction import Redactor
from evalyard_core.domain.runs import Run
from evalyard_core.services.redacting import redacted, rules_of
from evalyard_core.storage import Store
from evalyard_core.storage.datasets import ItemSelection, StoredCase
from evalyard_core.storage.planned_records import Trial

_BATCH: Final = 500
_MOST_WRITES: Final = 2


async def lay_down(store: Store, run: Run, lost: asyncio.Event) -> int | None:
    """Store the records of a run and return how many there are, or None once `lost` is set; may be repeated.

    While some records are written, the next are read.
    """
    rules = await rules_of(store, run.project_id)
    total = 0
    room = asyncio.Semaphore(_MOST_WRITES)

    async def write(trials: Sequence[Trial]) -> None:
        try:
            await store.records.lay_down(run, await redacted(trials, rules, _redacted_trials))
        finally:
            room.release()

    async with asyncio.TaskGroup() as group:
        async for trials in _planned(store, run):
            await room.acquire()
            if lost.is_set():
                return None
            group.create_task(write(trials))
            total += len(trials)
    return total


def _redacted_trials(trials: Sequence[Trial], redactor: Redactor) -> Sequence[Trial]:
    """Return trials without what must not be stored: their items may be older than the rules."""
    return [trial._replace(case=_redacted_case(trial.case, redactor)) for trial in trials]


def _redacted_case(case: StoredCase, redactor: Redactor) -> StoredCase:
    return case._replace(
        input=redacted_text(case.input, redactor, path="input"),
        expected_output=redacted_text(case.expected_output, redactor, path="expectedOutput"),
        metadata=redacted_text(case.metadata, redactor, path="metadata"),
    )


async def _planned(store: Store, run: Run) -> AsyncIterator[list[Trial]]:
    """Yield the trials of a run in batches; each call yields the same ones."""
    if run.dataset is None:
        return
    selection = ItemSelection(run.dataset.id, version=run.dataset.version, tags=run.settings.item_tags)
    chosen = await _sample(store, run, selection)
    batch: list[Trial] = []
    seq = index = 0
    async for case in store.items.cases(selection):
        if chosen is None or index in chosen:
            for number in range(1, run.settings.trials + 1):
                batch.append(Trial(case, number, seq))
                seq += 1
        index += 1
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


async def _sample(store: Store, run: Run, selection: ItemSelection) -> set[int] | None:
    """Return the places of the sampled items, or None for all; the run's id is the seed."""
    if run.settings.sample_size is None:
        return None
    there = await store.items.count_all(selection)
    size = min(run.settings.sample_size, there)
    return set(random.Random(run.id).sample(range(there), size))  # noqa: S311 - a sample, not a secret
