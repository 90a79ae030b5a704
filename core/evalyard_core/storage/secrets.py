"""Secrets that the processes of an instance share, made when they are first wanted."""

from typing import Final

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from .codec import SCHEMA_VERSION, Document

LINKS: Final = "links"


class SecretRepository:
    """Secrets by name. Whoever reads them reads the whole database: they are no more secret than that."""

    name = "secrets"

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._rows = database[self.name]

    async def obtain(self, name: str, new: bytes) -> bytes:
        """Return the secret of this name; `new` becomes it where there is none. All processes get the same."""
        change = {"$setOnInsert": {"secret": new, "schema_version": SCHEMA_VERSION}}
        try:
            row = await self._rows.find_one_and_update({"_id": name}, change, upsert=True, return_document=True)
        except DuplicateKeyError:  # another process was the first
            row = await self._rows.find_one({"_id": name})
        if row is None:
            raise LookupError(f"the secret {name!r} was removed while it was read")
        return bytes(row["secret"])
