"""Systems under test."""

from collections.abc import Sequence
from typing import Any

from evalyard import TargetMode
from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.errors import NotFound
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.limits import check_name, check_text
from evalyard_core.domain.payload import now, payload_size
from evalyard_core.domain.rates import RateLimit, check_rate_limit
from evalyard_core.domain.systems import System, SystemVersion
from evalyard_core.storage import Store

from .library import Library
from .replays import replayed_run
from .requests import check_with_worker
from .schemas import check_config


class SystemService:
    """Creates systems and their immutable versions."""

    def __init__(self, store: Store, library: Library) -> None:
        self._store = store
        self._library = library

    async def create(self, *, actor: Actor, project_id: str, name: str, description: str = "") -> System:
        """Create a system."""
        actor.require(project_id, Role.EDITOR, field="input.projectId")
        if await self._store.projects.get(project_id) is None:
            raise NotFound("There is no such project.", field="input.projectId")
        system = System(
            id=new_id(),
            project_id=project_id,
            name=check_name(name, field="input.name"),
            description=check_text(description, field="input.description"),
            created_at=now(),
        )
        await self._store.systems.add(system)
        return system

    async def create_version(
        self,
        *,
        actor: Actor,
        system_id: str,
        name: str,
        target: str,
        config: Any = None,
        rate_limit: RateLimit | None = None,
    ) -> SystemVersion:
        """Create a version, once the target plugin itself has accepted the config."""
        system = await self.require(actor=actor, system_id=system_id, role=Role.EDITOR, field="input.systemId")
        found = await self._library.usable_target(target, field="input.target")
        version = SystemVersion(
            id=new_id(),
            system_id=system.id,
            project_id=system.project_id,
            name=check_name(name, field="input.name"),
            target=found.key,
            config={} if config is None else config,
            created_at=now(),
            rate_limit=check_rate_limit(rate_limit, field="input.rateLimit"),
        )
        payload_size(version.config, field="input.config", most=1_000_000)
        check_config(found.config_schema, version.config, field="input.config")
        await check_with_worker(
            self._store, kind="check_target", plugin=found.key, config=version.config, field="input.config"
        )
        if found.mode is TargetMode.REPLAY:
            await replayed_run(self._store, version.config, project_id=version.project_id, field="input.config.run_id")
        await self._store.system_versions.add(version)
        return version

    async def get(self, *, actor: Actor, system_id: str) -> System | None:
        """Return a system that the actor sees, or None."""
        return (await self.get_many(actor=actor, ids=[system_id])).get(system_id)

    async def get_many(self, *, actor: Actor, ids: Sequence[str]) -> dict[str, System]:
        """Return those of these systems that the actor sees, by id."""
        return actor.visible(await self._store.systems.get_many(ids))

    async def require(self, *, actor: Actor, system_id: str, role: Role, field: str) -> System:
        """Return a system in whose project the actor has `role`, or refuse."""
        system = await self.get(actor=actor, system_id=system_id)
        if system is None:
            raise NotFound("There is no such system.", field=field)
        actor.require_role(role)
        return system

    async def get_versions(self, *, actor: Actor, ids: Sequence[str]) -> dict[str, SystemVersion]:
        """Return those of these versions that the actor sees, by id."""
        return actor.visible(await self._store.system_versions.get_many(ids))

    async def set_production(self, *, actor: Actor, version_id: str) -> System:
        """Note which version of its system is in production."""
        version = await self._require_version(actor, version_id)
        system = await self._store.systems.set_production(version.system_id, version.id)
        if system is None:
            raise NotFound("There is no such system.", field="systemVersionId")
        return system

    async def set_rate_limit(self, *, actor: Actor, version_id: str, limit: RateLimit | None) -> SystemVersion:
        """Say how often a version may be called, by all its runs together; None takes the limit away.

        Runs that are at work keep to it within seconds.
        """
        version = await self._require_version(actor, version_id)
        check_rate_limit(limit, field="rateLimit")
        changed = await self._store.system_versions.set_rate_limit(version.id, limit)
        if changed is None:
            raise NotFound("There is no such system version.", field="systemVersionId")
        return changed

    async def _require_version(self, actor: Actor, version_id: str) -> SystemVersion:
        version = (await self.get_versions(actor=actor, ids=[version_id])).get(version_id)
        if version is None:
            raise NotFound("There is no such system version.", field="systemVersionId")
        actor.require_role(Role.EDITOR)
        return version
