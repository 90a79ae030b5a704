"""What the repositories share: a collection, its codec, and the four ways of reading that each of them has."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from .codec import Codec, Document
from .pages import count

T = TypeVar("T")
Session = AsyncClientSession

_DUPLICATE_KEY: Final = 11000

#: How many rows come at once; without this the first answer holds a hundred and one.
_MOST_ROWS: Final = 10_000


async def insert_new(
    rows: AsyncCollection[Document], documents: Sequence[Document], *, session: Session | None = None
) -> set[str]:
    """Store documents and return the ids of those that were there already, which stay as they are.

    In a transaction, which a repeated id ends, all have to be new.
    """
    try:
        await rows.insert_many(documents, ordered=False, session=session)
    except BulkWriteError as error:
        problems = error.details["writeErrors"]
        if any(problem["code"] != _DUPLICATE_KEY for problem in problems):
            raise
        return {problem["op"]["_id"] for problem in problems}
    return set()


class Repository(Generic[T]):
    """The documents of one kind."""

    name: str

    def __init__(self, database: AsyncDatabase[Document], kind: type[T]) -> None:
        self._rows: AsyncCollection[Document] = database[self.name]
        self._codec = Codec(kind)

    async def insert(self, value: T, *, session: Session | None = None) -> None:
        """Store a new object."""
        await self._rows.insert_one(self._codec.encode(value), session=session)

    async def get(self, identifier: str) -> T | None:
        """Return the object with this id, or None."""
        return await self._one({"_id": identifier})

    async def get_many(self, identifiers: Sequence[str], *, session: Session | None = None) -> dict[str, T]:
        """Return the objects with these ids by id; those that do not exist are absent."""
        found = self._rows.find({"_id": {"$in": list(identifiers)}}, session=session, batch_size=_MOST_ROWS)
        return {row["_id"]: self._codec.decode(row) for row in await found.to_list()}

    async def delete(self, identifier: str, *, session: Session | None = None) -> bool:
        """Remove an object; tell whether it was there."""
        return (await self._rows.delete_one({"_id": identifier}, session=session)).deleted_count == 1

    async def delete_of_project(self, project_id: str) -> None:
        """Remove all objects of a project."""
        await self._rows.delete_many({"project_id": project_id})

    async def _one(self, query: Mapping[str, Any], *, session: Session | None = None) -> T | None:
        row = await self._rows.find_one(query, session=session)
        return None if row is None else self._codec.decode(row)

    async def _update(
        self, query: Mapping[str, Any], update: Any, *, session: Session | None = None, **options: Any
    ) -> T | None:
        """Apply an update to one document and return it as it then is, or None where the query finds none."""
        row = await self._rows.find_one_and_update(query, update, return_document=True, session=session, **options)
        return None if row is None else self._codec.decode(row)

    async def _count(self, query: Mapping[str, Any]) -> int:
        return await count(self._rows, query)
