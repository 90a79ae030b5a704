"""Keys, and whoever asks with one."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry import UNSET

from evalyard_core.domain import access as domain
from evalyard_core.domain.access import Actor
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.enums import Role
from evalyard_schema.ids import encode
from evalyard_schema.types import project as projects
from evalyard_schema.types.connection import Connection
from evalyard_schema.types.lazy import LazyProject
from evalyard_schema.types.node import Node


@object_type
class ApiKey(Node):
    """A key of a project, as it is kept: the secret itself is shown once and never stored."""

    name: str
    prefix: str = strawberry.field(description="How the secret begins, to tell keys apart.")
    role: Role
    created_at: datetime
    last_used_at: datetime | None = strawberry.field(description="To the minute.")
    expires_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: domain.ApiKey) -> Self:
        """Return a key without its digest."""
        return cls(
            id=encode("ApiKey", key.id),
            name=key.name,
            prefix=key.prefix,
            role=key.role,
            created_at=key.created_at,
            last_used_at=key.last_used_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
        )


@object_type
class CreatedApiKey:
    """A new key with its secret."""

    api_key: ApiKey
    secret: str = strawberry.field(description="Shown this once; it can't be had again.")


@object_type
class Viewer:
    """Whoever asks."""

    name: str = strawberry.field(description="The name of the key.")
    role: Role = strawberry.field(description="The role of the key, in each project that it sees.")

    @classmethod
    def of(cls, actor: Actor) -> Self:
        """Return whoever asks."""
        return cls(name=actor.name, role=actor.role)

    @field
    async def projects(self, info: Info, first: int | None = 20, after: str | None = UNSET) -> Connection[LazyProject]:
        """The projects that the key sees, by age."""
        return await projects.project_page(info, first=first, after=after)
