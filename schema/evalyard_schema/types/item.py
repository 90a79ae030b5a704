"""Dataset items."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from evalyard_core.domain import datasets as domain
from evalyard_core.domain.lists import RecordList
from evalyard_core.domain.traces.spans import trace_key
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.enums import ItemSource
from evalyard_schema.ids import encode
from evalyard_schema.types import dataset, record, trace
from evalyard_schema.types.connection import Connection, connect
from evalyard_schema.types.edges import follow, follow_if_there
from evalyard_schema.types.lazy import LazyDataset, LazyRecord, LazyTrace
from evalyard_schema.types.node import Node


@object_type
class ValidationError:
    """Where an item's input breaks the dataset's schema."""

    path: str = strawberry.field(description="A JSON path, such as `$.question`.")
    message: str


@object_type
class DatasetItem(Node):
    """One case: as of the version that was asked for in a list, elsewhere as of the newest that has it."""

    item: strawberry.Private[domain.Item]
    input: JSON
    expected_output: JSON | None
    metadata: JSON | None
    tags: list[str]
    source: ItemSource
    key: str | None = strawberry.field(description="The name that whoever added it has for it.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, item: domain.Item) -> Self:
        """Return an item."""
        return cls(
            id=encode("DatasetItem", item.id),
            item=item,
            input=item.input,
            expected_output=item.expected_output,
            metadata=item.metadata,
            tags=list(item.tags),
            source=item.source,
            key=item.key,
            created_at=item.created_at,
            updated_at=item.updated_at,
        )

    @field
    def dataset(self, info: Info) -> LazyDataset:
        """The dataset that it belongs to."""
        return follow(info.context.loaders.datasets, self.item.dataset_id, dataset.Dataset.of, what="dataset")

    @field
    def source_trace(self, info: Info) -> LazyTrace | None:
        """The trace that it was made from, while that is kept."""
        item = self.item
        key = None if item.source_trace_id is None else trace_key(item.project_id, item.source_trace_id)
        return follow_if_there(info.context.loaders.traces, key, trace.Trace.of)

    @field
    def validation_errors(self) -> list[ValidationError]:
        """Where the input breaks the schema that the dataset had when the item was written, the first twenty."""
        return [ValidationError(path=error.path, message=error.message) for error in self.item.validation_errors]

    @field
    async def records(self, info: Info, first: int | None = 20, after: str | None = UNSET) -> Connection[LazyRecord]:
        """What came of this item in all runs, newest first."""
        records = RecordList(project_id=self.item.project_id, item_id=self.item.id)
        return await connect(info.context.loaders.lists.records, records, record.Record.of, first=first, after=after)
