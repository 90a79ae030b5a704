"""Evaluators; a deleted one stays readable for the scores that it made."""

from datetime import datetime

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from evalyard_core.domain.errors import Conflict
from evalyard_core.domain.evaluators import Evaluator
from evalyard_core.domain.lists import EvaluatorList

from .codec import Document
from .listed import Listed, Selection
from .pages import Order
from .search import in_text

_BY_AGE = Order()


class EvaluatorRepository(Listed[Evaluator, EvaluatorList]):
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

    def selection(self, wanted: EvaluatorList) -> Selection:
        """Return a project's evaluators by age."""
        query: Document = {"project_id": wanted.project_id, "deleted_at": None}
        if wanted.search:
            query["name"] = in_text(wanted.search)
        return Selection(query, _BY_AGE)


def _taken(name: str) -> Conflict:
    return Conflict(f"There is an evaluator {name!r} in this project already; choose another name.", field="input.name")
