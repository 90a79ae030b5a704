"""From one reader to many watchers: changed runs and completed records, read in batches and handed to mailboxes."""

import contextlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

from evalyard_core.domain.ids import run_of_record
from evalyard_core.domain.payload import now
from evalyard_core.domain.runs import Run
from evalyard_core.storage import Store, StoreError

from .batches import Batches
from .mailbox import Mailbox

_RUN_PERIOD_SECONDS: Final = 0.1
_RECORD_PERIOD_SECONDS: Final = 0.05
#: How many runs of a project are looked at after a gap.
_MOST_RELOADED: Final = 100
#: How far the clocks of workers may be apart from ours.
_CLOCK_SKEW: Final = timedelta(seconds=10)

#: By id of what is watched: the mailboxes, each with the turn at which it came.
Watchers = dict[str, dict[Mailbox[Any], int]]


class RunFanOut:
    """Reads each run that has changed and is watched, at most ten times a second."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._of_runs: Watchers = {}
        self._of_projects: Watchers = {}
        self._changed: set[str] = set()
        self._batches = Batches(self._read, self._give_up, period_seconds=_RUN_PERIOD_SECONDS)
        self.work = self._batches.work

    @property
    def watchers(self) -> int:
        """How many mailboxes there are."""
        return sum(len(mailboxes) for watchers in (self._of_runs, self._of_projects) for mailboxes in watchers.values())

    @contextlib.contextmanager
    def to_run(self, run_id: str, mailbox: Mailbox[Any]) -> Iterator[None]:
        """Give `mailbox` the run as it now is, and then whenever it changes; end it when the run is deleted."""
        with _entered(self._of_runs, run_id, mailbox, self._batches.turn):
            self._batches.note([run_id])
            yield

    @contextlib.contextmanager
    def to_project(self, project_id: str, mailbox: Mailbox[Any]) -> Iterator[None]:
        """Give `mailbox` each run of the project that changes."""
        with _entered(self._of_projects, project_id, mailbox, self._batches.turn):
            yield

    def changed(self, run_id: str) -> None:
        """Note that a run is new or has changed; which project it is of is seen when it is read."""
        if self._of_projects:
            self._changed.add(run_id)
        if run_id in self._of_runs or self._of_projects:
            self._batches.note([run_id])

    async def reload(self) -> None:
        """Look at whatever is watched, since changes may have been missed."""
        for project_id in list(self._of_projects):
            self._changed.update(await self._store.runs.newest(project_id, _MOST_RELOADED))
        self._batches.note({*self._changed, *self._of_runs})

    def end(self) -> None:
        """End every mailbox."""
        for watchers in (self._of_runs, self._of_projects):
            for mailbox in _all(watchers):
                mailbox.end()

    async def _read(self, run_ids: Sequence[str]) -> None:
        turn = self._batches.turn
        # Taken before reading: a change that comes meanwhile is noted, and handed out by the next reading.
        changed = self._changed.intersection(run_ids)
        self._changed -= changed
        try:
            runs = await self._store.runs.get_many(run_ids)
        except StoreError:
            self._changed |= changed
            raise
        for run_id in run_ids:
            run = runs.get(run_id)
            if run is None or run.hidden:
                self._end_run(run_id)
            else:
                self._hand_out(run, turn, has_changed=run_id in changed)

    def _hand_out(self, run: Run, turn: int, *, has_changed: bool) -> None:
        for mailbox, came_at in self._of_runs.get(run.id, {}).items():
            # What was read before a watcher came may be older than what it knows; another reading is noted for it.
            if came_at < turn:
                mailbox.put(run.id, run)
        if has_changed:
            for mailbox in self._of_projects.get(run.project_id, {}):
                mailbox.put(run.id, run)

    def _end_run(self, run_id: str) -> None:
        for mailbox in self._of_runs.get(run_id, {}):
            mailbox.end()

    def _give_up(self, run_ids: Sequence[str], error: Exception) -> None:
        for run_id in run_ids:
            for mailbox in self._of_runs.get(run_id, {}):
                mailbox.end(error)


class RecordFanOut:
    """Reads each record that was completed and whose run is watched, twenty times a second."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._of_runs: Watchers = {}
        self._heard_at = now()
        self._batches = Batches(self._read, self._give_up, period_seconds=_RECORD_PERIOD_SECONDS)
        self.work = self._batches.work
        self.settle = self._batches.settle

    @contextlib.contextmanager
    def to_run(self, run_id: str, mailbox: Mailbox[Any]) -> Iterator[None]:
        """Give `mailbox` each record of the run that is completed from now on."""
        with _entered(self._of_runs, run_id, mailbox, self._batches.turn):
            yield

    def completed(self, record_id: str) -> None:
        """Note that a record was completed, has errored or was cancelled."""
        self._heard_at = now()
        if run_of_record(record_id) in self._of_runs:
            self._batches.note([record_id])

    async def reload(self) -> None:
        """Look for records that may have been missed; one that was not may be handed out again."""
        since, self._heard_at = self._heard_at - _CLOCK_SKEW, now()
        for run_id in list(self._of_runs):
            self._batches.note(await self._store.records.done_since(run_id, since))

    async def _read(self, record_ids: Sequence[str]) -> None:
        records = await self._store.records.get_many(record_ids)
        for record_id in record_ids:
            for mailbox in self._of_runs.get(run_of_record(record_id), {}):
                if record_id in records:
                    mailbox.put(record_id, records[record_id])

    def _give_up(self, record_ids: Sequence[str], error: Exception) -> None:
        for run_id in {run_of_record(record_id) for record_id in record_ids}:
            for mailbox in self._of_runs.get(run_id, {}):
                mailbox.end(error)


@contextlib.contextmanager
def _entered(watchers: Watchers, key: str, mailbox: Mailbox[Any], turn: int) -> Iterator[None]:
    watchers.setdefault(key, {})[mailbox] = turn
    try:
        yield
    finally:
        del watchers[key][mailbox]
        if not watchers[key]:
            del watchers[key]


def _all(watchers: Watchers) -> list[Mailbox[Any]]:
    return [mailbox for mailboxes in watchers.values() for mailbox in mailboxes]
