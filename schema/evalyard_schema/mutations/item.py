"""Dataset items."""

import strawberry
from strawberry import UNSET

from evalyard_core.services.traces.items import Chosen
from evalyard_schema.context import Info
from evalyard_schema.described import mutation, object_type
from evalyard_schema.given import given
from evalyard_schema.ids import decode, decode_many
from evalyard_schema.inputs.dataset import DatasetItemInput, UpdateDatasetItemInput
from evalyard_schema.types.dataset import Dataset
from evalyard_schema.types.item import DatasetItem


@object_type
class AddedItems:
    """A dataset at the version that has the items."""

    dataset: Dataset
    items: list[DatasetItem] = strawberry.field(description="In the order in which they were sent.")
    updated: int = strawberry.field(default=0, description="How many were there by their key and have changed.")
    unchanged: int = strawberry.field(default=0, description="How many were there by their key, and stay as they were.")


@strawberry.type
class ItemMutation:
    """What changes the items of datasets."""

    @mutation
    async def add_dataset_items(
        self, info: Info, dataset_id: strawberry.ID, items: list[DatasetItemInput]
    ) -> AddedItems:
        """All or nothing, at most 1,000 items a call; one with the key of an item replaces what that one holds."""
        put = await info.context.services.datasets.put_items(
            actor=info.context.actor,
            dataset_id=decode(dataset_id, "Dataset", field="datasetId"),
            items=[item.to_domain() for item in items],
        )
        return AddedItems(
            dataset=Dataset.of(put.dataset),
            items=[DatasetItem.of(item) for item in put.items],
            updated=put.updated,
            unchanged=put.unchanged,
        )

    @mutation
    async def add_traces_to_dataset(
        self,
        info: Info,
        dataset_id: strawberry.ID,
        trace_ids: list[strawberry.ID],
        *,
        input_path: str | None = "input",
        expected_output_path: str | None = "output",
        metadata_path: str | None = UNSET,
        tags: list[str] | None = UNSET,
    ) -> AddedItems:
        """Make an item from each trace, at most 1,000 a call, all or none; one that is there already stays as it is.

        Paths are JMESPaths over a trace: traceId, name, durationMs, status, input and output (those of the root),
        totals, spans and tool_calls. With expectedOutputPath null nothing is expected.
        """
        dataset, added = await info.context.services.trace_items.add(
            actor=info.context.actor,
            dataset_id=decode(dataset_id, "Dataset", field="datasetId"),
            trace_ids=decode_many(trace_ids, "Trace", field="traceIds"),
            chosen=Chosen(
                input_path="input" if input_path is None else input_path,
                expected_output_path=expected_output_path,
                metadata_path=given(metadata_path),
                tags=given(tags) or (),
            ),
        )
        return AddedItems(dataset=Dataset.of(dataset), items=[DatasetItem.of(item) for item in added])

    @mutation
    async def update_dataset_item(self, info: Info, id: strawberry.ID, input: UpdateDatasetItemInput) -> DatasetItem:
        """Change an item from the next version on; earlier versions keep it as it was."""
        changed = await info.context.services.datasets.update_item(
            actor=info.context.actor, item_id=decode(id, "DatasetItem", field="id"), changes=input.changes()
        )
        return DatasetItem.of(changed)

    @mutation
    async def delete_dataset_items(self, info: Info, ids: list[strawberry.ID]) -> Dataset:
        """Remove items of one dataset from the next version on; earlier versions keep them. All or nothing."""
        changed = await info.context.services.datasets.delete_items(
            actor=info.context.actor, item_ids=decode_many(ids, "DatasetItem", field="ids")
        )
        return Dataset.of(changed)
