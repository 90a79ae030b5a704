"""Evaluators; a deleted one stays readable for the scores that it made."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from evalyard_core.domain.errors import Conflict
from evalyard_core.domain.evaluators import Evaluator

from .codec import Document
from .collection import Repository
from .pages import Order, Page
from .search import in_text

_BY_AGE = Order()


class EvaluatorRepository(Repository[Evaluator]):
    """Evaluators; names are unique among those of a project that are not deleted."""

    name = "evaluators"

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        super().__init__(database, Evaluator)

    async def add(self, evaluator: Evaluator) -> None:
        """Store a new evaluator, or refuse a name that is taken."""
        try:
            await self.insert(evaluator)
        except DuplicateKeyError as error:
            raise _taken(evaluator.name) from error

    async def change(self, evaluator: Evaluator, *, from_version: int) -> Evaluator | None:
        """Replace an evaluator, unless it was deleted or has left `from_version` in the meantime."""
        document = self._codec.encode(evaluator)
        try:
            return await self._update(
                {"_id": evaluator.id, "version": from_version, "deleted_at": None}, {"$set": document}
            )
        except DuplicateKeyError as error:
            raise _taken(evaluator.name) from error

    async def retire(self, identifier: str, at: datetime) -> Evaluator | None:
        """Delete an evaluator from the lists."""
        return await self._update({"_id": identifier, "deleted_at": None}, {"$set": {"deleted_at": at}})

    async def page(self, project_id: str, search: str | None, first: int, after: str | None) -> Page[Evaluator]:
        """Return a project's evaluators by age."""
        return await self._page(_query(project_id, search), _BY_AGE, first, after)

    async def count(self, project_id: str, search: str | None) -> int:
        """Return how many `page` would find."""
        return await self._count(_query(project_id, search))


def _query(project_id: str, search: str | None) -> Mapping[str, Any]:
    query: Document = {"project_id": project_id, "deleted_at": None}
    return query | {"name": in_text(search)} if search else query


def _taken(name: str) -> Conflict:
    return Conflict(f"There is an evaluator {name!r} in this project already; choose another name.", field="input.name")
