"""Questions of an API process that a worker answers; kept for minutes at most."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from evalyard_core.domain.payload import Json, dump_json

from .codec import Document
from .collection import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A question of some `kind` about a plugin and, once the worker `owner` gave it, its `answer`.

    `shown` is what there is of the answer's text meanwhile.
    """

    id: str
    kind: str
    plugin: str
    body: Json
    created_at: datetime
    owner: str | None = None
    shown: str = ""
    answer: Json = None


class RequestRepository(Repository[Request]):
    """Questions and answers."""

    name = "requests"

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        super().__init__(database, Request)

    async def claim(self, owner: str, plugins: Sequence[str]) -> Request | None:
        """Take a question about one of these plugins that nobody has taken, or return None."""
        return await self._update({"owner": None, "plugin": {"$in": list(plugins)}}, {"$set": {"owner": owner}})

    async def answer(self, identifier: str, answer: Any) -> None:
        """Store the answer."""
        await self._rows.update_one({"_id": identifier}, {"$set": {"answer": dump_json(answer)}})

    async def show(self, identifier: str, text: str) -> bool:
        """Show what there is of an answer; False where nobody asks any more."""
        result = await self._rows.update_one({"_id": identifier}, {"$set": {"shown": text}})
        return result.matched_count == 1

    async def arrivals(self) -> AsyncIterator[None]:
        """Yield at once, and then whenever a question comes in; ends with the driver's error when the stream breaks."""
        async with await self._rows.watch([{"$match": {"operationType": "insert"}}], max_await_time_ms=1000) as stream:
            yield None
            async for _ in stream:
                yield None
