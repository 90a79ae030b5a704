"""Projects and keys."""

import strawberry
from strawberry import UNSET

from evalyard_schema.context import Info
from evalyard_schema.described import mutation
from evalyard_schema.given import given
from evalyard_schema.ids import decode
from evalyard_schema.inputs.access import CreateApiKeyInput, CreateProjectInput, RedactionInput, RetentionInput
from evalyard_schema.types.access import ApiKey, CreatedApiKey
from evalyard_schema.types.project import Project


@strawberry.type
class ProjectMutation:
    """What changes projects and keys."""

    @mutation
    async def create_project(self, info: Info, input: CreateProjectInput) -> Project:
        """Create a project; needs an instance key."""
        created = await info.context.services.projects.create(
            actor=info.context.actor, name=input.name, description=input.description or ""
        )
        return Project.of(created)

    @mutation
    async def update_project(
        self,
        info: Info,
        *,
        id: strawberry.ID,
        name: str | None = UNSET,
        description: str | None = UNSET,
        retention: RetentionInput | None = UNSET,
        redaction: RedactionInput | None = UNSET,
    ) -> Project:
        """Change a project; what is left out or null stays.

        A new retention holds for what is there already as well, new rules of redaction for what is stored from now on.
        """
        changed = await info.context.services.projects.update(
            actor=info.context.actor,
            project_id=decode(id, "Project", field="id"),
            name=given(name),
            description=given(description),
            retention=retention.changes() if retention else None,
            redaction=redaction.changes() if redaction else None,
        )
        return Project.of(changed)

    @mutation
    async def delete_project(self, info: Info, id: strawberry.ID) -> strawberry.ID:
        """Remove a project and everything in it."""
        await info.context.services.projects.delete(
            actor=info.context.actor, project_id=decode(id, "Project", field="id")
        )
        return id

    @mutation
    async def create_api_key(self, info: Info, input: CreateApiKeyInput) -> CreatedApiKey:
        """Make a key of a project; its secret is shown this once."""
        key, secret = await info.context.services.access.create_key(
            actor=info.context.actor,
            project_id=decode(input.project_id, "Project", field="input.projectId"),
            name=input.name,
            role=input.role,
            expires_at=input.expires_at,
        )
        return CreatedApiKey(api_key=ApiKey.of(key), secret=secret)

    @mutation
    async def revoke_api_key(self, info: Info, id: strawberry.ID) -> ApiKey:
        """Make a key worthless at once; revoking twice is the same as once."""
        revoked = await info.context.services.access.revoke_key(
            actor=info.context.actor, key_id=decode(id, "ApiKey", field="id")
        )
        return ApiKey.of(revoked)
