"""Laying down the records of a monitor's run: one of each trace that it has taken."""

import asyncio
from collections.abc import Sequence
from typing import Final

from evalyard_core.domain.monitors import Sighting, head_key, trace_record
from evalyard_core.domain.records import Record
from evalyard_core.domain.redacting import redacted_record
from evalyard_core.domain.redaction import Redactor
from evalyard_core.domain.runs import Run
from evalyard_core.services.redacting import redacted, rules_of
from evalyard_core.storage import Store

#: Each may have an input and an output of megabytes.
_BATCH: Final = 20


async def lay_down_traces(store: Store, run: Run, lost: asyncio.Event) -> int | None:
    """Store the records of a run and return how many there are, or None once `lost` is set; may be repeated.

    Their outputs are there, so that only their scores are waited for.
    """
    rules = await rules_of(store, run.project_id)
    total = 0
    async for sightings in store.sightings.of_run(run.id, _BATCH):
        if lost.is_set():
            return None
        records = await _records(store, run, sightings)
        await store.records.add(await redacted(records, rules, _without_secrets))
        total += len(sightings)
    return total


async def _records(store: Store, run: Run, sightings: Sequence[Sighting]) -> Sequence[Record]:
    traces = await store.traces.get_many([sighting.trace for sighting in sightings])
    heads = await store.spans.get_many([head_key(trace) for trace in traces.values()])
    found = [(sighting, traces.get(sighting.trace)) for sighting in sightings]
    return [trace_record(run, one, trace, heads.get(head_key(trace)) if trace else None) for one, trace in found]


def _without_secrets(records: Sequence[Record], redactor: Redactor) -> Sequence[Record]:
    """Return records without what must not be stored: their spans may be older than the rules."""
    return [redacted_record(record, redactor) for record in records]
