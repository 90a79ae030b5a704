"""Taking spans in: all of a call are stored, with what they change in their traces, or none."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from evalyard_core.domain.access import Project
from evalyard_core.domain.errors import NotFound
from evalyard_core.domain.payload import now
from evalyard_core.domain.redaction import Redactor
from evalyard_core.domain.traces.amounts import plausible
from evalyard_core.domain.traces.cutting import cut_meaning, cut_received, told
from evalyard_core.domain.traces.redacting import redacted
from evalyard_core.domain.traces.spans import Meaning, ReceivedSpan, Span, span_key
from evalyard_core.domain.traces.trace import Trace, traces_of
from evalyard_core.storage import Store
from evalyard_core.storage.collection import Session

from .hands import Hands
from .keeping import TraceKeeping

#: What the conventions make of a span.
Understand = Callable[[ReceivedSpan], Meaning]

#: More than this at once is understood in a thread, so that others are served meanwhile.
_MOST_ON_THE_LOOP: Final = 20


@dataclass(frozen=True, slots=True)
class _BeingDeleted(Exception):
    """Some of the traces are being deleted: that has to end before they may begin anew."""

    traces: Sequence[str]


class TraceIntake:
    """Stores the spans of any sender: applications over OTLP, and workers that record their own."""

    def __init__(self, store: Store, keeping: TraceKeeping, understand: Understand) -> None:
        self._store = store
        self._keeping = keeping
        self._understand = understand
        self._hands = Hands()

    async def take_spans(self, *, project_id: str, received: Sequence[ReceivedSpan]) -> None:
        """Store spans of a project; once this returns, the database has them and their traces' figures are right.

        They may come in any order and in any parts. A span that is there already stays as it is, unless the new one is
        fuller (`ReceivedSpan.is_fuller_than`): then that takes its place. Raises NotFound where the project is gone.
        """
        project = await self._store.projects.get(project_id)
        if project is None:
            raise NotFound("There is no such project.", field="project_id")
        if not received:
            return
        make = partial(self._made, project, received)
        spans = make() if len(received) <= _MOST_ON_THE_LOOP else await asyncio.to_thread(make)
        traces = {span.trace for span in spans}
        async with self._hands.on(traces):
            while True:
                try:
                    await self._store.transaction(partial(self._write, spans, sorted(traces), now()))
                except _BeingDeleted as deletion:
                    await self._keeping.purge(deletion.traces)
                else:
                    return

    def _made(self, project: Project, received: Sequence[ReceivedSpan]) -> list[Span]:
        """Return what is to be stored of spans: what must not be is taken out before anybody looks at it."""
        redactor = Redactor(project.redaction)
        return [self._made_of(project.id, span) for span in _fullest(redacted(span, redactor) for span in received)]

    def _made_of(self, project_id: str, received: ReceivedSpan) -> Span:
        meaning, of_meaning = cut_meaning(plausible(self._understand(received)))
        sent, of_sent = cut_received(received)
        return Span(
            id=span_key(project_id, received.trace_id, received.span_id),
            project_id=project_id,
            received=sent,
            meaning=meaning,
            truncated=told([*of_sent, *of_meaning]),
        )

    async def _write(self, spans: Sequence[Span], traces: Sequence[str], moment: datetime, session: Session) -> None:
        """Store spans and the figures of their traces, in one transaction.

        There is a trace whenever there is a span of it, so that only spans of known traces are looked for.
        """
        there = await self._store.traces.get_many(traces, session=session)
        if deleted := [trace.id for trace in there.values() if trace.hidden]:
            raise _BeingDeleted(deleted)
        maybe_there = [span.id for span in spans if span.trace in there]
        stored = await self._store.spans.get_many(maybe_there, session=session) if maybe_there else {}
        new = [span for span in spans if span.id not in stored]
        better = [
            span for span in spans if span.id in stored and span.received.is_fuller_than(stored[span.id].received)
        ]
        if new:
            await self._store.spans.add(new, session=session)
        if better:
            await self._store.spans.put(better, session=session)
        if new or better:
            await self._count(there, traces_of(new, moment), {span.trace for span in better}, moment, session)

    async def _count(
        self, there: dict[str, Trace], added: dict[str, Trace], remade: set[str], moment: datetime, session: Session
    ) -> None:
        """Give traces the figures of what was added, and those anew of which a span was replaced."""
        grown = {key: there[key].joined(part) if key in there else part for key, part in added.items()}
        grown |= {key: await self._made_anew(key, moment, session) for key in remade}
        changed = [trace for key, trace in grown.items() if key in there]
        new = [trace for key, trace in grown.items() if key not in there]
        await self._store.traces.put(new, changed, session=session)

    async def _made_anew(self, key: str, moment: datetime, session: Session) -> Trace:
        whole: Trace | None = None
        async for spans in self._store.spans.figures(key, session=session):
            [part] = traces_of(spans, moment).values()
            whole = part if whole is None else whole.joined(part)
        if whole is None:
            raise LookupError(f"trace {key} has lost its spans within a transaction")
        return whole


def _fullest(received: Iterable[ReceivedSpan]) -> Iterable[ReceivedSpan]:
    """Return spans without repeated ids, of which the fullest stays."""
    found: dict[tuple[str, str], ReceivedSpan] = {}
    for span in received:
        key = (span.trace_id, span.span_id)
        if key not in found or span.is_fuller_than(found[key]):
            found[key] = span
    return found.values()
