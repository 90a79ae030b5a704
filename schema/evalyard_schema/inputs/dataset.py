"""Datasets and items as they come in."""

from typing import Any

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from evalyard_core.services.adding import NewItem
from evalyard_schema.described import input_type
from evalyard_schema.enums import ItemSource
from evalyard_schema.given import changes


@input_type
class CreateDatasetInput:
    """A new dataset, empty at version 0."""

    project_id: strawberry.ID
    name: str = strawberry.field(description="Unique in the project.")
    description: str | None = ""
    tags: list[str] | None
    input_schema: JSON | None = strawberry.field(
        description="JSON Schema that each item's input must meet; items that do not are kept, with validationErrors."
    )


@input_type
class UpdateDatasetInput:
    """What is left out stays."""

    name: str | None = UNSET
    description: str | None = UNSET
    tags: list[str] | None = UNSET
    input_schema: JSON | None = strawberry.field(
        default=UNSET, description="Null removes it. Items that are there keep their validationErrors."
    )

    def changes(self) -> dict[str, Any]:
        """Return what is to be changed."""
        return changes(self, clearable={"tags", "input_schema"})


@input_type
class DatasetItemInput:
    """A new case, or what an item is to hold from now on."""

    input: JSON
    expected_output: JSON | None
    metadata: JSON | None
    tags: list[str] | None
    source: ItemSource | None = ItemSource.API
    key: str | None = strawberry.field(
        description="Your own name for it, 200 characters at most. Where the dataset has an item of this key, that one "
        "gets this content, and keeps its id; equal content changes nothing.",
    )

    def to_domain(self) -> NewItem:
        """Return the item."""
        return NewItem(
            input=self.input,
            expected_output=self.expected_output,
            metadata=self.metadata,
            tags=self.tags,
            source=self.source or ItemSource.API,
            key=self.key,
        )


@input_type
class UpdateDatasetItemInput:
    """What is left out stays."""

    input: JSON | None = UNSET
    expected_output: JSON | None = UNSET
    metadata: JSON | None = UNSET
    tags: list[str] | None = UNSET

    def changes(self) -> dict[str, Any]:
        """Return what is to be changed."""
        return changes(self, clearable={"expected_output", "metadata", "tags"})
