"""Systems under test."""

from dataclasses import replace
from datetime import datetime
from typing import Self

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from evalyard_core.domain import systems as domain
from evalyard_core.domain.lists import RunList, SystemVersionList
from evalyard_core.domain.rates import RateLimit as DomainRateLimit
from evalyard_core.domain.runs import SystemPin
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.ids import encode
from evalyard_schema.types import project, run
from evalyard_schema.types.connection import Connection, connect
from evalyard_schema.types.edges import follow, follow_if_there
from evalyard_schema.types.lazy import LazyProject, LazyRun, LazySystem, LazySystemVersion
from evalyard_schema.types.node import Node


@object_type
class System(Node):
    """An AI application or agent under test."""

    system: strawberry.Private[domain.System]
    name: str
    description: str
    created_at: datetime

    @classmethod
    def of(cls, system: domain.System) -> Self:
        """Return a system."""
        return cls(
            id=encode("System", system.id),
            system=system,
            name=system.name,
            description=system.description,
            created_at=system.created_at,
        )

    @field
    def project(self, info: Info) -> LazyProject:
        """The project that it belongs to."""
        loader = info.context.loaders.projects
        return follow(loader, self.system.project_id, project.Project.of, what="project")

    @field
    async def versions(
        self, info: Info, first: int | None = 20, after: str | None = UNSET
    ) -> Connection[LazySystemVersion]:
        """Its versions, newest first."""
        versions = SystemVersionList(project_id=self.system.project_id, system_id=self.system.id)
        loader = info.context.loaders.lists.system_versions
        return await connect(loader, versions, SystemVersion.of, first=first, after=after)

    @field
    def production_version(self, info: Info) -> LazySystemVersion | None:
        """The version that is in production, as setProductionVersion says."""
        loader = info.context.loaders.system_versions
        return follow_if_there(loader, self.system.production_version_id, SystemVersion.of)


@object_type
class RateLimit:
    """How often a system version may be called by all its runs and workers together; null where nothing is asked."""

    requests_per_minute: int | None
    tokens_per_minute: int | None

    @classmethod
    def of(cls, limit: DomainRateLimit) -> Self:
        """Return a limit."""
        return cls(requests_per_minute=limit.requests_per_minute, tokens_per_minute=limit.tokens_per_minute)


@object_type
class SystemVersion(Node):
    """Immutable: a change is a new version."""

    version: strawberry.Private[domain.SystemVersion]
    name: str
    target: str = strawberry.field(description="The key of the target plugin that calls it.")
    config: JSON
    created_at: datetime
    rate_limit: RateLimit | None = strawberry.field(
        description="How often it may be called, as setRateLimit says: no part of what the version is."
    )

    @classmethod
    def of(cls, version: domain.SystemVersion) -> Self:
        """Return a version."""
        return cls(
            id=encode("SystemVersion", version.id),
            version=version,
            name=version.name,
            target=version.target,
            config=version.config,
            created_at=version.created_at,
            rate_limit=RateLimit.of(version.rate_limit) if version.rate_limit else None,
        )

    @classmethod
    def pinned(cls, pin: SystemPin, version: domain.SystemVersion) -> Self:
        """Return a version as a run uses it."""
        return cls.of(replace(version, name=pin.version_name, target=pin.target, config=pin.config))

    @field
    def system(self, info: Info) -> LazySystem:
        """The system that it is a version of."""
        return follow(info.context.loaders.systems, self.version.system_id, System.of, what="system")

    @field
    async def runs(self, info: Info, first: int | None = 20, after: str | None = UNSET) -> Connection[LazyRun]:
        """The runs of this version, newest first."""
        runs = RunList(project_id=self.version.project_id, system_version_id=self.version.id)
        return await connect(info.context.loaders.lists.runs, runs, run.Run.of, first=first, after=after)
