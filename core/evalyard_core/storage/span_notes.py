"""What people say of spans: one document for each span of which somebody has said something."""

from collections.abc import Sequence

from pymongo.asynchronous.database import AsyncDatabase

from evalyard_core.domain.traces.notes import SpanNotes

from .codec import Document
from .collection import Repository, Session


class SpanNotesRepository(Repository[SpanNotes]):
    """Notes, by the ids of their spans."""

    name = "span_notes"

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        super().__init__(database, SpanNotes)

    async def put(self, notes: SpanNotes, *, session: Session) -> None:
        """Store the notes of a span in the place of those that were there."""
        await self._rows.replace_one({"_id": notes.id}, self._codec.encode(notes), upsert=True, session=session)

    async def remove_of(self, traces: Sequence[str], *, session: Session) -> None:
        """Remove the notes of the spans of traces."""
        await self._rows.delete_many({"trace": {"$in": list(traces)}}, session=session)

    async def delete_of_project(self, project_id: str) -> None:
        """Remove all notes of a project, with which their ids begin."""
        await self._rows.delete_many({"_id": {"$gte": f"{project_id}.", "$lt": f"{project_id}/"}})
