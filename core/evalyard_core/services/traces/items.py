"""Items from traces: what an application was asked becomes a case, and what it answered what is expected."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import jmespath

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.datasets import Dataset, Item, ItemSource
from evalyard_core.domain.errors import BadInput, LimitExceeded, NotFound
from evalyard_core.domain.ids import item_id_of_trace
from evalyard_core.domain.limits import MOST_ITEMS_A_CALL, check_count, check_tags
from evalyard_core.domain.paths import check_path, find
from evalyard_core.domain.payload import check_together
from evalyard_core.domain.traces.mapped import ROOTS, mapped_trace
from evalyard_core.domain.traces.spans import Span
from evalyard_core.domain.traces.trace import Trace
from evalyard_core.services.datasets import DatasetService, NewItem
from evalyard_core.storage import Store

from .reading import TraceReader

#: All of them are read, whatever is chosen of them.
MOST_SPANS: Final = 20_000
#: How many spans are in memory at once, or those of one trace.
_SPANS_AT_ONCE: Final = 2_000
_MOST_BYTES: Final = 48 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What of a trace is an item's: JMESPaths over `mapped_trace`, and the tags that each item gets."""

    input_path: str = "input"
    expected_output_path: str | None = "output"
    metadata_path: str | None = None
    tags: Sequence[str] = ()


class TraceItems:
    """Makes items from traces; a trace is one item of a dataset, however often it is added."""

    def __init__(self, store: Store, datasets: DatasetService, traces: TraceReader) -> None:
        self._store = store
        self._datasets = datasets
        self._traces = traces

    async def add(
        self, *, actor: Actor, dataset_id: str, trace_ids: Sequence[str], chosen: Chosen
    ) -> tuple[Dataset, Sequence[Item]]:
        """Add the items of traces as the next version, all or none; returns the dataset and the items in order.

        Items that are there already, from a call before, stay as they are.
        """
        dataset = await self._datasets.require(actor=actor, dataset_id=dataset_id, role=Role.EDITOR, field="datasetId")
        traces = await self._require(actor, dataset, trace_ids)
        tags = check_tags(chosen.tags, field="tags")
        paths = _compiled(chosen)
        ids = {trace.id: item_id_of_trace(dataset.id, trace.id) for trace in traces}
        there = await self._store.items.current(list(ids.values()))
        new = [trace for trace in traces if ids[trace.id] not in there]
        picked = await self._pick(new, paths)
        _check(picked, [trace.id for trace in traces])
        items = [
            NewItem(
                **picked[trace.id],
                id=ids[trace.id],
                tags=tags,
                source=ItemSource.TRACE,
                source_trace_id=trace.trace_id,
            )
            for trace in new
        ]
        put = await self._datasets.store_items(dataset, items)
        there |= {item.id: item for item in put.items}
        return put.dataset, [there[ids[trace.id]] for trace in traces]

    async def _require(self, actor: Actor, dataset: Dataset, trace_ids: Sequence[str]) -> list[Trace]:
        if not trace_ids:
            raise BadInput("Name at least one trace.", field="traceIds")
        check_count(trace_ids, MOST_ITEMS_A_CALL, field="traceIds")
        found = await self._traces.get_many(actor=actor, ids=list(dict.fromkeys(trace_ids)))
        for index, identifier in enumerate(trace_ids):
            if identifier not in found or found[identifier].project_id != dataset.project_id:
                raise NotFound("There is no such trace.", field=f"traceIds[{index}]")
        traces = [found[identifier] for identifier in dict.fromkeys(trace_ids)]
        spans = sum(trace.span_count for trace in traces)
        if spans > MOST_SPANS:
            raise LimitExceeded(
                f"These traces have {spans:,} spans together, and {MOST_SPANS:,} can be read; name fewer traces.",
                field="traceIds",
            )
        return traces

    async def _pick(self, traces: Sequence[Trace], paths: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Return what the paths find in each trace, some traces at a time."""
        picked: dict[str, dict[str, Any]] = {}
        for group in _groups(traces):
            spans: defaultdict[str, list[Span]] = defaultdict(list)
            for span in await self._store.spans.of_traces([trace.id for trace in group]):
                spans[span.trace].append(span)
            for trace in group:
                shown = await asyncio.to_thread(mapped_trace, trace, spans[trace.id])
                picked[trace.id] = {name: find(path, shown) for name, path in paths.items()}
        return picked


def _groups(traces: Sequence[Trace]) -> list[list[Trace]]:
    """Return traces in groups of so many spans, or of one trace."""
    groups: list[list[Trace]] = []
    room = 0
    for trace in traces:
        room -= trace.span_count
        if room < 0:
            groups.append([])
            room = _SPANS_AT_ONCE - trace.span_count
        groups[-1].append(trace)
    return groups


def _compiled(chosen: Chosen) -> dict[str, Any]:
    paths = {
        "input": (chosen.input_path, "inputPath"),
        "expected_output": (chosen.expected_output_path, "expectedOutputPath"),
        "metadata": (chosen.metadata_path, "metadataPath"),
    }
    for path, field in paths.values():
        if path is not None:
            check_path(path, ROOTS, field=field)
    return {name: jmespath.compile(path) for name, (path, _) in paths.items() if path is not None}


def _check(picked: Mapping[str, Mapping[str, Any]], order: Sequence[str]) -> None:
    """Refuse what can be no item, by the place of its trace."""
    total = 0
    for index, identifier in enumerate(order):
        parts = picked.get(identifier)
        if parts is None:
            continue
        field = f"traceIds[{index}]"
        if parts["input"] is None:
            raise BadInput("An item needs an input, and inputPath finds none in this trace.", field=field)
        total += check_together({f"{field}.{name}": value for name, value in parts.items()})
    if total > _MOST_BYTES:
        raise LimitExceeded(
            f"These items have {total:,} bytes; send at most {_MOST_BYTES:,} in one call.", field="traceIds"
        )
