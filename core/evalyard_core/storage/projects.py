"""Projects and keys."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from evalyard_core.domain.access import ApiKey, Project
from evalyard_core.domain.errors import Conflict
from evalyard_core.domain.keeping import Retention
from evalyard_core.domain.lists import KeyList, Page
from evalyard_core.domain.redaction import RedactionRules

from .codec import Document, PartCodec
from .collection import Repository, Session
from .listed import Listed, Selection
from .pages import Order, as_page, read_cursor

_BY_AGE = Order()
_SETTINGS: Final[Mapping[str, PartCodec[Any]]] = {
    "retention": PartCodec(Retention),
    "redaction": PartCodec(RedactionRules),
}


class ProjectRepository(Repository[Project]):
    """Projects; names are unique in an instance."""

    name = "projects"

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        super().__init__(database, Project)

    async def add(self, project: Project) -> None:
        """Store a new project, or refuse a name that is taken."""
        try:
            await self.insert(project)
        except DuplicateKeyError as error:
            raise _taken(project.name, field="input.name") from error

    async def by_name(self, name: str) -> Project | None:
        """Return the project of this name, or None."""
        return await self._one({"name": name})

    async def change(self, identifier: str, changes: Mapping[str, Any]) -> Project | None:
        """Set name, description, retention or redaction."""
        fields = {
            name: _SETTINGS[name].encode(value) if name in _SETTINGS else value for name, value in changes.items()
        }
        try:
            return await self._update({"_id": identifier}, {"$set": fields})
        except DuplicateKeyError as error:
            raise _taken(changes["name"], field="name") from error

    async def that_forget(self) -> list[Project]:
        """Return the projects that keep something for a while only."""
        finite = [{f"retention.{name}": {"$gt": 0}} for name in ("trace_days", "run_days")]
        return [self._codec.decode(row) async for row in self._rows.find({"$or": finite})]

    async def page(self, only: str | None, first: int, after: str | None) -> Page[Project]:
        """Return projects by age; only the one with this id where given."""
        behind = [] if after is None else _BY_AGE.after(*read_cursor(after, _BY_AGE))
        rows = await self._rows.find({"$and": [_visible(only), *behind]}).sort("_id", 1).limit(first + 1).to_list()
        return as_page(rows, _BY_AGE, first, after, self._codec.decode)

    async def count(self, only: str | None) -> int:
        """Return how many `page` would find."""
        return await self._count(_visible(only))

    async def next_run_number(self, identifier: str, *, session: Session | None = None) -> int:
        """Return 1, 2, 3 …: a number that no other run of the project has."""
        row = await self._rows.find_one_and_update(
            {"_id": identifier},
            {"$inc": {"run_count": 1}},
            return_document=True,
            projection={"run_count": 1},
            session=session,
        )
        return int(row["run_count"]) if row else 0


def _visible(only: str | None) -> Document:
    return {} if only is None else {"_id": only}


def _taken(name: str, *, field: str) -> Conflict:
    return Conflict(f"There is a project {name!r} already; choose another name.", field=field)


class ApiKeyRepository(Listed[ApiKey, KeyList]):
    """Keys by the digest of their secret."""

    name = "api_keys"

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        super().__init__(database, ApiKey)

    async def by_digest(self, digest: str) -> ApiKey | None:
        """Return the key with this digest, or None."""
        return await self._one({"digest": digest})

    def selection(self, wanted: KeyList) -> Selection:
        """Return the keys of a project by age."""
        return Selection({"project_id": wanted.project_id}, _BY_AGE)

    async def of_instance(self, most: int) -> list[ApiKey]:
        """Return the oldest keys that belong to no project."""
        rows = self._rows.find({"project_id": None}).sort("_id", 1).limit(most)
        return [self._codec.decode(row) async for row in rows]

    async def touch(self, identifier: str, at: datetime, *, at_most_every: timedelta) -> None:
        """Note that a key was used, not more often than said."""
        await self._rows.update_one(
            {"_id": identifier, "$or": [{"last_used_at": None}, {"last_used_at": {"$lt": at - at_most_every}}]},
            {"$set": {"last_used_at": at}},
        )

    async def revoke(self, identifier: str, at: datetime) -> ApiKey | None:
        """Make a key worthless; a key that was revoked before keeps its first time."""
        found = await self._update({"_id": identifier, "revoked_at": None}, {"$set": {"revoked_at": at}})
        return found or await self.get(identifier)
