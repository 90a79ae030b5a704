"""Laying down the records of a run: every selected item, every trial, in an order and with ids that never change."""

import random
from collections.abc import AsyncIterator, Iterator

from evalyard_core.domain.datasets import Item
from evalyard_core.domain.ids import record_id
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Record, RecordStatus
from evalyard_core.domain.runs import Run
from evalyard_core.storage import Store
from evalyard_core.storage.datasets import ItemSelection

_BATCH = 500


async def planned(store: Store, run: Run) -> AsyncIterator[list[Record]]:
    """Yield the records of a run in batches; each call yields the same ones."""
    if run.dataset is None:
        return
    selection = ItemSelection(run.dataset.id, version=run.dataset.version, tags=run.settings.item_tags)
    chosen = await _sample(store, run, selection)
    batch: list[Record] = []
    place = 0
    index = -1
    async for item in store.items.stream(selection):
        index += 1
        if chosen is not None and index not in chosen:
            continue
        for record in _trials(run, item, place):
            batch.append(record)
            place += 1
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


def _trials(run: Run, item: Item, place: int) -> Iterator[Record]:
    for offset in range(run.settings.trials):
        seq = place + offset
        yield Record(
            id=record_id(run.id, item.id, offset + 1),
            run_id=run.id,
            project_id=run.project_id,
            dataset_id=item.dataset_id,
            item_id=item.id,
            system_version_id=run.system.version_id if run.system else None,
            seq=seq,
            lane=seq % run.settings.lanes,
            trial=offset + 1,
            input=item.input,
            expected_output=item.expected_output,
            metadata=item.metadata,
            tags=item.tags,
            status=RecordStatus.PENDING,
            created_at=now(),
        )
