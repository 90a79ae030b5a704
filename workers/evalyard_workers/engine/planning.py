"""Laying down the records of a run: every selected item, every trial, in an order and with ids that never change."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from typing import Final

from evalyard_core.domain.runs import Run
from evalyard_core.storage import Store
from evalyard_core.storage.datasets import ItemSelection
from evalyard_core.storage.planned_records import Trial

_BATCH: Final = 500
_MOST_WRITES: Final = 2


async def lay_down(store: Store, run: Run, lost: asyncio.Event) -> int | None:
    """Store the records of a run and return how many there are, or None once `lost` is set; may be repeated.

    While some records are written, the next are read.
    """
    total = 0
    room = asyncio.Semaphore(_MOST_WRITES)

    async def write(trials: Sequence[Trial]) -> None:
        try:
            await store.records.lay_down(run, trials)
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
