"""Systems under test and their versions."""

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from evalyard_core.domain.errors import Conflict
from evalyard_core.domain.systems import System, SystemVersion

from .codec import Document
from .collection import Repository
from .pages import Order, Page
from .search import in_text

_BY_AGE = Order()
_NEWEST = Order(descending=True)


class SystemRepository(Repository[System]):
    """Systems; names are unique in a project."""

    name = "systems"

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        super().__init__(database, System)

    async def add(self, system: System) -> None:
        """Store a new system, or refuse a name that is taken."""
        try:
            await self.insert(system)
        except DuplicateKeyError as error:
            raise Conflict(
                f"There is a system {system.name!r} in this project already; choose another name.", field="input.name"
            ) from error

    async def set_production(self, identifier: str, version_id: str) -> System | None:
        """Note which version is in production."""
        return await self._update({"_id": identifier}, {"$set": {"production_version_id": version_id}})

    async def page(self, project_id: str, search: str | None, first: int, after: str | None) -> Page[System]:
        """Return a project's systems by age."""
        return await self._page(_query(project_id, search), _BY_AGE, first, after)

    async def count(self, project_id: str, search: str | None) -> int:
        """Return how many `page` would find."""
        return await self._count(_query(project_id, search))


def _query(project_id: str, search: str | None) -> Document:
    return {"project_id": project_id} | ({"name": in_text(search)} if search else {})


class SystemVersionRepository(Repository[SystemVersion]):
    """Versions of systems; names are unique in a system."""

    name = "system_versions"

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        super().__init__(database, SystemVersion)

    async def add(self, version: SystemVersion) -> None:
        """Store a new version, or refuse a name that is taken."""
        try:
            await self.insert(version)
        except DuplicateKeyError as error:
            raise Conflict(
                f"This system has a version {version.name!r} already; choose another name.", field="input.name"
            ) from error

    async def page(self, system_id: str, first: int, after: str | None) -> Page[SystemVersion]:
        """Return a system's versions, newest first."""
        return await self._page({"system_id": system_id}, _NEWEST, first, after)

    async def count(self, system_id: str) -> int:
        """Return how many `page` would find."""
        return await self._count({"system_id": system_id})
