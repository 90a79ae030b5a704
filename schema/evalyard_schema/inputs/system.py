"""Systems under test as they come in."""

import strawberry
from strawberry.scalars import JSON

from evalyard_schema.described import input_type


@input_type
class CreateSystemInput:
    """A new system under test."""

    project_id: strawberry.ID
    name: str = strawberry.field(description="Unique in the project.")
    description: str | None = ""


@input_type
class CreateSystemVersionInput:
    """A new version of a system: the target plugin must accept the config."""

    system_id: strawberry.ID
    name: str = strawberry.field(description="Unique in the system.")
    target: str = strawberry.field(
        description="The target plugin's key, or its name where only one distribution has it."
    )
    config: JSON | None
