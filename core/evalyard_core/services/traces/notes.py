"""Scores and annotations of spans, by people."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.errors import LimitExceeded, NotFound
from evalyard_core.domain.limits import check_text
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Score, ScoreSource, ScoreStatus
from evalyard_core.domain.scores import with_value
from evalyard_core.domain.traces.notes import SpanNotes
from evalyard_core.services.noting import MOST_ANNOTATIONS, MOST_NAMED_SCORES, check_value, new_annotation, own_name
from evalyard_core.storage import Store
from evalyard_core.storage.collection import Session

from .reading import SpanOfTrace, TraceReader

#: One document holds them.
_MOST_REPLACED: Final = 200


class SpanNoting:
    """Takes in what people say of spans; nothing of it changes a run."""

    def __init__(self, store: Store, traces: TraceReader) -> None:
        self._store = store
        self._traces = traces

    async def add_score(
        self,
        *,
        actor: Actor,
        span_id: str,
        name: str,
        value: Any,
        passed: bool | None = None,
        explanation: str | None = None,
    ) -> tuple[SpanOfTrace, Score]:
        """Give a span a person's score, which takes the place of the one of its name; that stays readable."""
        found = await self._require(actor, span_id, field="input.spanId")
        check_value(value)
        blank = Score(
            name=own_name(name, remedy="Name the score."),
            status=ScoreStatus.OK,
            source=ScoreSource.HUMAN,
            created_at=now(),
            explanation=check_text(explanation, field="input.explanation") if explanation else None,
            author=actor.name,
        )
        score = with_value(blank, value, passed=value if passed is None and isinstance(value, bool) else passed)
        notes = await self._change(found, lambda notes: _scored(notes, score), field="input.spanId")
        return found, next(entry for entry in notes.scores if entry.key == score.key)

    async def annotate(
        self, *, actor: Actor, span_id: str, rating: int | None = None, comment: str | None = None
    ) -> SpanOfTrace:
        """Note something about a span."""
        found = await self._require(actor, span_id, field="spanId")
        annotation = new_annotation(actor, rating, comment)

        def annotated(notes: SpanNotes) -> SpanNotes:
            if len(notes.annotations) >= MOST_ANNOTATIONS:
                raise LimitExceeded(f"A span may have {MOST_ANNOTATIONS} annotations at most.", field="spanId")
            return replace(notes, annotations=(*notes.annotations, annotation))

        await self._change(found, annotated, field="spanId")
        return found

    async def present(self, ids: Sequence[str]) -> dict[str, SpanNotes]:
        """Return the notes of spans that have some, by id; for whoever may read the spans."""
        return await self._store.span_notes.get_many(ids)

    async def _require(self, actor: Actor, span_id: str, *, field: str) -> SpanOfTrace:
        found = (await self._traces.get_spans(actor=actor, ids=[span_id])).get(span_id)
        if found is None:
            raise _no_span(field)
        actor.require_role(Role.EDITOR)
        return found

    async def _change(self, found: SpanOfTrace, change: Callable[[SpanNotes], SpanNotes], *, field: str) -> SpanNotes:
        span = found.span

        async def write(session: Session) -> SpanNotes:
            if span.id not in await self._store.spans.get_many([span.id], session=session):
                raise _no_span(field)
            there = (await self._store.span_notes.get_many([span.id], session=session)).get(span.id)
            changed = change(there or SpanNotes(id=span.id, project_id=span.project_id, trace=span.trace))
            await self._store.span_notes.put(changed, session=session)
            return changed

        return await self._store.transaction(write)


def _scored(notes: SpanNotes, score: Score) -> SpanNotes:
    old = next((entry for entry in notes.scores if entry.key == score.key), None)
    if old is None and len(notes.scores) >= MOST_NAMED_SCORES:
        raise LimitExceeded(
            f"A span may have {MOST_NAMED_SCORES} scores at most; use a name that is there.", field="input.name"
        )
    if old is not None:
        # The history knows its scores by their times.
        score = replace(score, created_at=max(score.created_at, old.created_at + timedelta(milliseconds=1)))
    changed = notes.scored(score)
    return replace(changed, replaced=changed.replaced[:_MOST_REPLACED])


def _no_span(field: str) -> NotFound:
    return NotFound("There is no such span.", field=field)
