"""API keys for whoever holds the machine: straight from the database, without a running API."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from evalyard_core.domain.access import Actor, ApiKey, Project, Role
from evalyard_core.domain.errors import Refusal
from evalyard_core.domain.limits import MOST_ON_A_PAGE
from evalyard_core.domain.lists import KeyList, PageRequest
from evalyard_core.services.access import AccessService
from evalyard_core.services.lists import ListService
from evalyard_core.services.projects import ProjectService
from evalyard_core.settings import Settings
from evalyard_core.storage import Store, StoreUnavailable
from evalyard_server.start_error import StartError

_OPERATOR: Final = Actor(name="operator", role=Role.ADMIN)
_FIRST_KEY: Final = "first instance key"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of an instance and of its projects; refuses with Refusal."""

    store: Store

    async def create(self, *, name: str, project: str | None, role: Role) -> tuple[ApiKey, str]:
        """Make a key of a project (by name or id), or without one of the instance; return it with its secret."""
        access = AccessService(self.store)
        if project is None:
            return await access.create_instance_key(name=name)
        found = await self._project(project)
        return await access.create_key(actor=_OPERATOR, project_id=found.id, name=name, role=role)

    async def first(self) -> str | None:
        """Make an instance key if there never was one, and return its secret."""
        access = AccessService(self.store)
        if await access.has_instance_key():
            return None
        _, secret = await access.create_instance_key(name=_FIRST_KEY)
        return secret

    async def keys(self, *, project: str | None) -> Sequence[ApiKey]:
        """Return the keys of a project, or without one those of the instance, by age."""
        if project is None:
            return await AccessService(self.store).instance_keys()
        wanted = KeyList(project_id=(await self._project(project)).id)
        keys: list[ApiKey] = []
        after: str | None = None
        while True:
            request = PageRequest(of=wanted, first=MOST_ON_A_PAGE, after=after)
            [page] = await ListService(self.store).api_keys.pages(actor=_OPERATOR, asked=[request])
            if isinstance(page, Refusal):
                raise page
            keys += page.items
            if not page.has_next:
                return keys
            after = page.cursors[-1]

    async def revoke(self, *, key_id: str) -> ApiKey:
        """Make a key worthless at once."""
        return await AccessService(self.store).revoke_key(actor=_OPERATOR, key_id=key_id)

    async def _project(self, name_or_id: str) -> Project:
        projects = ProjectService(self.store)
        found = await projects.by_name(actor=_OPERATOR, name=name_or_id)
        found = found or await projects.get(actor=_OPERATOR, project_id=name_or_id)
        if found is None:
            raise StartError(f"There is no project {name_or_id!r}; name one, or make it with createProject.")
        return found


@contextlib.asynccontextmanager
async def key_ring(settings: Settings) -> AsyncIterator[KeyRing]:
    """Open the keys of the database that `settings` name; raises StartError for whatever is refused."""
    try:
        store = await Store.open(settings.mongodb_url, settings.database)
    except StoreUnavailable as error:
        raise StartError(str(error)) from error
    try:
        yield KeyRing(store)
    except Refusal as why:
        raise StartError(why.message) from why
    finally:
        await store.close()
