"""Projects and keys as they come in."""

from datetime import datetime

import strawberry

from evalyard_schema.described import input_type
from evalyard_schema.enums import Role


@input_type
class CreateProjectInput:
    """A new project."""

    name: str = strawberry.field(description="Unique in the instance.")
    description: str | None = ""


@input_type
class CreateApiKeyInput:
    """A new key of a project."""

    project_id: strawberry.ID
    name: str
    role: Role
    expires_at: datetime | None
