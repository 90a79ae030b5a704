"""What came of the cases of runs, kept for those that have ended: a comparison is paged through and looked at again."""

from collections.abc import Sequence
from typing import Final

from evalyard_core.domain.comparing.outcomes import Cases, cases_of
from evalyard_core.domain.errors import LimitExceeded
from evalyard_core.domain.runs import Run
from evalyard_core.storage import Store

from .kept import Kept, RunState, state_of

#: How many records may be looked at together; of each, half a kilobyte is held meanwhile.
MOST_RECORDS: Final = 200_000
_MOST_KEPT: Final = 50_000


class Outcomes:
    """Reads the cases of runs; those of ended runs stay in memory while 50,000 records have room."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: Kept[RunState, Cases] = Kept(_MOST_KEPT)

    async def of(self, runs: Sequence[Run], *, field: str | None = None) -> list[Cases]:
        """Return the cases of runs in order, read together, or refuse more than can be looked at."""
        check_size(runs, field=field)
        found = {run.id: self._kept.get(state_of(run)) for run in runs}
        missing = {run.id: run for run in runs if found[run.id] is None}
        if missing:
            read = await self._store.outcomes.of_runs(list(missing))
            for run in missing.values():
                found[run.id] = self._taken_in(run, cases_of(read[run.id]))
        return [found[run.id] or {} for run in runs]

    def _taken_in(self, run: Run, cases: Cases) -> Cases:
        if run.is_terminal:
            self._kept.keep(state_of(run), cases, size=run.progress.total)
        return cases


def check_size(runs: Sequence[Run], *, field: str | None) -> None:
    """Refuse runs that have more records together than can be looked at."""
    total = sum(run.progress.total for run in runs)
    if total > MOST_RECORDS:
        raise LimitExceeded(
            f"These runs have {total:,} records together, and {MOST_RECORDS:,} can be looked at; ask for fewer runs.",
            field=field,
        )
