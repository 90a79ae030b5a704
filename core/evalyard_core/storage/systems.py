"""Systems under test and their versions."""

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from evalyard_core.domain.errors import Conflict
from evalyard_core.domain.lists import SystemList, SystemVersionList
from evalyard_core.domain.rates import RateLimit
from evalyard_core.domain.systems import System, SystemVersion

from .codec import Document, PartCodec
from .listed import Listed, Selection
from .pages import Order
from .search import in_text

_BY_AGE = Order()
_NEWEST = Order(descending=True)

_RATE_LIMIT = PartCodec(RateLimit)


class SystemRepository(Listed[System, SystemList]):
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

    def selection(self, wanted: SystemList) -> Selection:
        """Return a project's systems by age."""
        query: Document = {"project_id": wanted.project_id}
        if wanted.search:
            query["name"] = in_text(wanted.search)
        return Selection(query, _BY_AGE)


class SystemVersionRepository(Listed[SystemVersion, SystemVersionList]):
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

    async def set_rate_limit(self, identifier: str, limit: RateLimit | None) -> SystemVersion | None:
        """Say how often a version may be called from now on."""
        return await self._update(
            {"_id": identifier}, {"$set": {"rate_limit": None if limit is None else _RATE_LIMIT.encode(limit)}}
        )

    def selection(self, wanted: SystemVersionList) -> Selection:
        """Return a system's versions, newest first."""
        return Selection({"system_id": wanted.system_id}, _NEWEST)
