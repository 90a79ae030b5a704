"""Objects by id; null for one that does not exist or is another project's."""

import strawberry

from evalyard_schema.context import Info
from evalyard_schema.described import field
from evalyard_schema.ids import decode
from evalyard_schema.types.dataset import Dataset
from evalyard_schema.types.edges import find
from evalyard_schema.types.evaluator import Evaluator
from evalyard_schema.types.record import Record
from evalyard_schema.types.run import Run
from evalyard_schema.types.system import System
from evalyard_schema.types.trace import Trace


@strawberry.type
class ObjectQuery:
    """Objects by id."""

    @field
    async def dataset(self, info: Info, id: strawberry.ID) -> Dataset | None:
        """A dataset by its id."""
        raw = decode(id, "Dataset", field="id")
        return await find(info.context.loaders.visible.datasets, raw, Dataset.of)

    @field
    async def evaluator(self, info: Info, id: strawberry.ID) -> Evaluator | None:
        """An evaluator by its id."""
        raw = decode(id, "Evaluator", field="id")
        return await find(info.context.loaders.visible.evaluators, raw, Evaluator.of)

    @field
    async def system(self, info: Info, id: strawberry.ID) -> System | None:
        """A system under test by its id."""
        raw = decode(id, "System", field="id")
        return await find(info.context.loaders.visible.systems, raw, System.of)

    @field
    async def run(self, info: Info, id: strawberry.ID) -> Run | None:
        """A run by its id."""
        raw = decode(id, "Run", field="id")
        return await find(info.context.loaders.visible.runs, raw, Run.of)

    @field
    async def record(self, info: Info, id: strawberry.ID) -> Record | None:
        """A record by its id."""
        raw = decode(id, "Record", field="id")
        return await find(info.context.loaders.visible.records, raw, Record.of)

    @field
    async def trace(self, info: Info, id: strawberry.ID) -> Trace | None:
        """A trace by its id."""
        raw = decode(id, "Trace", field="id")
        return await find(info.context.loaders.visible.traces, raw, Trace.of)
