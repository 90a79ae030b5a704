"""Deleting traces."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.errors import NotFound
from evalyard_core.domain.limits import check_count
from evalyard_core.domain.traces.trace import Trace
from evalyard_core.storage import Store
from evalyard_core.storage.collection import Session

MOST_TRACES_A_CALL: Final = 1_000

#: Removed in one transaction: large enough for many small traces at once, small enough to last a moment only.
_MOST_SPANS: Final = 2_000
_MOST_TRACES: Final = 200


class TraceKeeping:
    """Removes traces: first they are hidden, then their spans go, and then they do.

    Whoever is interrupted leaves hidden traces, which the workers' sweeper finds.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def delete(self, *, actor: Actor, trace_ids: Sequence[str], field: str | None = None) -> None:
        """Remove traces with their spans, all of them or none; records keep their trace ids.

        A span that comes later begins its trace anew. `field` is the argument that names the trace, None where `ids`
        name several.
        """
        check_count(trace_ids, MOST_TRACES_A_CALL, field="ids")
        unique = list(dict.fromkeys(trace_ids))
        found = await self.get_many(actor=actor, ids=unique)
        for index, identifier in enumerate(trace_ids):
            if identifier not in found:
                raise NotFound("There is no such trace.", field=field or f"ids[{index}]")
        actor.require_role(Role.ADMIN)
        await self._store.traces.hide(unique)
        await self.purge(unique)

    async def get_many(self, *, actor: Actor, ids: Sequence[str]) -> dict[str, Trace]:
        """Return those of these traces that the actor sees and nobody is deleting, by id."""
        found = actor.visible(await self._store.traces.get_many(ids))
        return {identifier: trace for identifier, trace in found.items() if not trace.hidden}

    async def purge(self, traces: Sequence[str]) -> None:
        """Remove what is left of hidden traces; those that are hidden no longer stay."""
        for begin in range(0, len(traces), _MOST_TRACES):
            part = traces[begin : begin + _MOST_TRACES]
            while not await self._store.transaction(partial(self._remove_some, part)):
                pass

    async def purge_hidden(self) -> None:
        """Remove what is left of all hidden traces."""
        while hidden := await self._store.traces.hidden(_MOST_TRACES):
            await self.purge(hidden)

    async def _remove_some(self, traces: Sequence[str], session: Session) -> bool:
        """Remove some spans of hidden traces, and the traces once none is left; tell whether none was."""
        held = await self._store.traces.hold_hidden(traces, session=session)
        if await self._store.spans.remove_of(held, most=_MOST_SPANS, session=session) == _MOST_SPANS:
            return False
        await self._store.span_notes.remove_of(held, session=session)
        await self._store.traces.remove(held, session=session)
        return True
