"""What the failing cases of runs share."""

import asyncio
from collections.abc import Sequence
from typing import Final

from evalyard_core.domain.failure_groups import FailureGroup, failure_groups
from evalyard_core.domain.runs import Run
from evalyard_core.storage import Store

from .kept import Kept, RunState, state_of
from .outcomes import check_size

_MOST_KEPT: Final = 10_000


class FailureGroups:
    """Groups the failing cases of runs; the groups of ended runs stay in memory while 10,000 have room."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: Kept[RunState, Sequence[FailureGroup]] = Kept(_MOST_KEPT)

    async def of(self, runs: Sequence[Run]) -> list[Sequence[FailureGroup]]:
        """Return the groups of runs in order, read together, or refuse more runs than can be looked at."""
        check_size(runs, field=None)
        found = {run.id: self._kept.get(state_of(run)) for run in runs}
        missing = {run.id: run for run in runs if found[run.id] is None}
        read = await self._store.outcomes.traits_of_runs(list(missing)) if missing else {}
        for run in missing.values():
            groups = await asyncio.to_thread(failure_groups, read[run.id])
            found[run.id] = groups
            if run.is_terminal:
                self._kept.keep(state_of(run), groups, size=1 + len(groups))
        return [found[run.id] or () for run in runs]
