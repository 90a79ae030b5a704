"""Any object by its global id."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import strawberry

from evalyard_core.domain.limits import MOST_ON_A_PAGE, check_count
from evalyard_core.domain.records import Record as DomainRecord
from evalyard_schema.context import Info
from evalyard_schema.described import field
from evalyard_schema.ids import NodeId, NodeType, parse
from evalyard_schema.loaders import Loaders
from evalyard_schema.types.access import ApiKey
from evalyard_schema.types.dataset import Dataset
from evalyard_schema.types.edges import find
from evalyard_schema.types.evaluator import Evaluator
from evalyard_schema.types.item import DatasetItem
from evalyard_schema.types.monitor import Monitor
from evalyard_schema.types.node import Node
from evalyard_schema.types.plugin import EvaluatorPlugin
from evalyard_schema.types.project import Project
from evalyard_schema.types.record import Annotation, Record
from evalyard_schema.types.run import Run
from evalyard_schema.types.schedule import Schedule
from evalyard_schema.types.score import Score
from evalyard_schema.types.span import Span
from evalyard_schema.types.span_score import SpanScore
from evalyard_schema.types.system import System, SystemVersion
from evalyard_schema.types.trace import Trace

Find: TypeAlias = Callable[[Loaders, str], Awaitable[Node | None]]


async def _find_annotation(loaders: Loaders, raw: str) -> Annotation | None:
    record, key = await _record_part(loaders, raw)
    for annotation in record.annotations if record else ():
        if annotation.id == key and record is not None:
            return Annotation.of(annotation, record.id)
    return await _find_annotation_of_span(loaders, raw) if record is None else None


async def _find_annotation_of_span(loaders: Loaders, raw: str) -> Annotation | None:
    span_id, _, key = raw.partition("/")
    found = await loaders.visible.spans.load(span_id)
    notes = await loaders.span_notes.load(span_id) if found is not None else None
    for annotation in notes.annotations if notes else ():
        if annotation.id == key:
            return Annotation.of(annotation, span_id)
    return None


async def _find_score(loaders: Loaders, raw: str) -> Score | None:
    """Return a current or a replaced score; one that was tried is nowhere."""
    record, key = await _record_part(loaders, raw)
    if record is None:
        return None
    current = next((score for score in record.scores if score.key == key), None)
    if current is not None:
        return Score.current(current, record)
    replaced = [Score.replaced(score, record) for score in await loaders.score_history.load(record.id)]
    return next((score for score in replaced if score.raw_id == raw), None)


async def _find_span(loaders: Loaders, raw: str) -> Span | None:
    found = await loaders.visible.spans.load(raw)
    return None if found is None else Span.of(found)


async def _find_span_score(loaders: Loaders, raw: str) -> SpanScore | None:
    """Return a current or a replaced score."""
    span_id, _, key = raw.partition("/")
    found = await loaders.visible.spans.load(span_id)
    notes = await loaders.span_notes.load(span_id) if found is not None else None
    if found is None or notes is None:
        return None
    current = [SpanScore.current(score, found) for score in notes.scores if score.key == key]
    replaced = (SpanScore.replaced(score, found) for score in notes.replaced)
    return next((score for score in (*current, *replaced) if score.raw_id == raw), None)


async def _record_part(loaders: Loaders, raw: str) -> tuple[DomainRecord | None, str]:
    """Return the record that an id begins with, if the actor sees it, and what stands behind it."""
    record_id, _, key = raw.partition("/")
    return await loaders.visible.records.load(record_id), key


#: How an object of each type is found, for the actor that the loaders are of.
FINDERS: Final[dict[NodeType, Find]] = {
    "Annotation": _find_annotation,
    "ApiKey": lambda loaders, raw: find(loaders.visible.api_keys, raw, ApiKey.of),
    "Dataset": lambda loaders, raw: find(loaders.visible.datasets, raw, Dataset.of),
    "DatasetItem": lambda loaders, raw: find(loaders.visible.items, raw, DatasetItem.of),
    "Evaluator": lambda loaders, raw: find(loaders.visible.evaluators, raw, Evaluator.of),
    "EvaluatorPlugin": lambda loaders, raw: find(loaders.plugins, raw, EvaluatorPlugin.of),
    "Monitor": lambda loaders, raw: find(loaders.visible.monitors, raw, Monitor.of),
    "Project": lambda loaders, raw: find(loaders.visible.projects, raw, Project.of),
    "Record": lambda loaders, raw: find(loaders.visible.records, raw, Record.of),
    "Run": lambda loaders, raw: find(loaders.visible.runs, raw, Run.of),
    "Schedule": lambda loaders, raw: find(loaders.visible.schedules, raw, Schedule.of),
    "Score": _find_score,
    "Span": _find_span,
    "SpanScore": _find_span_score,
    "System": lambda loaders, raw: find(loaders.visible.systems, raw, System.of),
    "SystemVersion": lambda loaders, raw: find(loaders.visible.system_versions, raw, SystemVersion.of),
    "Trace": lambda loaders, raw: find(loaders.visible.traces, raw, Trace.of),
}


@strawberry.type
class NodeQuery:
    """Any object by its global id."""

    @field
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        """Any object by its id; null where it does not exist or is another project's."""
        return await _find(info.context.loaders, parse(id, field="id"))

    @field
    async def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
        """Up to 100 objects by their ids, in order; null in the place of one that `node` would not find."""
        check_count(ids, MOST_ON_A_PAGE, field="ids")
        wanted = [parse(value, field=f"ids[{place}]") for place, value in enumerate(ids)]
        return await asyncio.gather(*(_find(info.context.loaders, node_id) for node_id in wanted))


async def _find(loaders: Loaders, node_id: NodeId) -> Node | None:
    return await FINDERS[node_id.type](loaders, node_id.raw)
