"""Who asks, and what a role may do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from .errors import Forbidden, NotFound
from .keeping import Retention
from .redaction import RedactionRules


class Role(StrEnum):
    """What a key may do in its project: read, write, or manage keys and delete."""

    VIEWER = "VIEWER"
    EDITOR = "EDITOR"
    ADMIN = "ADMIN"

    def allows(self, needed: "Role") -> bool:
        """Tell whether this role includes `needed`."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


class Owned(Protocol):
    """Whatever belongs to a project."""

    @property
    def project_id(self) -> str: ...


OwnedT = TypeVar("OwnedT", bound=Owned)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Whoever sent a request; `project_id` is None for an instance key, which sees every project."""

    name: str
    role: Role
    project_id: str | None = None
    key_id: str | None = None

    def sees(self, project_id: str) -> bool:
        """Tell whether objects of the project exist for this actor."""
        return self.project_id is None or self.project_id == project_id

    def visible(self, objects: Mapping[str, OwnedT]) -> dict[str, OwnedT]:
        """Return those of the objects that exist for this actor."""
        return {identifier: owned for identifier, owned in objects.items() if self.sees(owned.project_id)}

    def require(self, project_id: str, needed: Role, *, field: str | None = None) -> None:
        """Refuse unless the actor has `needed` in the project; another project does not exist for it.

        `field` is the path of the argument that names the project.
        """
        if not self.sees(project_id):
            raise NotFound("There is no such project.", field=field)
        self.require_role(needed)

    def require_role(self, needed: Role) -> None:
        """Refuse unless the actor's role includes `needed`."""
        if not self.role.allows(needed):
            raise Forbidden(f"This needs the role {needed}; the key {self.name!r} has {self.role}. Use another key.")

    def require_instance(self) -> None:
        """Refuse unless the actor holds an instance key."""
        if self.project_id is not None:
            raise Forbidden("This needs an instance key; make one with `evalyard keys create --instance`.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A wall around everything that belongs together, how long it is kept, and what of it is never stored."""

    id: str
    name: str
    description: str
    created_at: datetime
    retention: Retention = field(default_factory=Retention)
    redaction: RedactionRules = field(default_factory=RedactionRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is kept: `digest` is the SHA-256 of the secret, which is shown once and never stored."""

    id: str
    name: str
    prefix: str
    digest: str
    role: Role
    project_id: str | None
    created_at: datetime
    last_used_at: datetime | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_worthless(self, moment: datetime) -> bool:
        """Tell whether the key was revoked or has expired at this time."""
        return self.revoked_at is not None or (self.expires_at is not None and self.expires_at <= moment)
