"""What changes, for whoever watches: one change feed a process, fanned out to any number of subscribers.

A change marks an object; marked objects are read together, once for all who watch them. So a thousand subscribers of a
run cost one read a change, and whoever is slow gets the newest state instead of a queue. A subscriber is entered before
the state is read, so that no change falls between the two.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any, Final, Self

import structlog

from evalyard_core.domain.records import Record
from evalyard_core.domain.runs import Run
from evalyard_core.storage import Store
from evalyard_core.storage.changes import Change, Gap, RecordCompleted, RunChanged

from .fan_out import RecordFanOut, RunFanOut
from .mailbox import Mailbox

_log = structlog.get_logger(__name__)

#: How long a run that was stopped is waited for: its last records and its exact figures come after its status.
_LAST_FIGURES_SECONDS: Final = 5.0
_OPEN_SECONDS: Final = 10.0
_PAUSE_SECONDS: Final = 0.5


class LiveUpdates:
    """The changes of this process's database; `start` it on the event loop that will use it, `stop` it once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._runs = RunFanOut(store)
        self._records = RecordFanOut(store)
        self._following = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def watchers(self) -> int:
        """How many subscriptions there are."""
        return self._runs.watchers

    async def start(self) -> None:
        """Follow the changes; every change after this is seen."""
        work = (self._follow(), self._runs.work(), self._records.work())
        self._tasks = [asyncio.create_task(coroutine) for coroutine in work]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._following.wait(), _OPEN_SECONDS)

    async def stop(self) -> None:
        """Stop following, and end every subscription."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._runs.end()

    async def watch_run(self, run_id: str, after_revision: int | None = None) -> AsyncGenerator[Run, None]:
        """Yield the run as it is, unless the caller has seen that revision, and then each newer state until it ends."""
        mailbox: Mailbox[Run] = Mailbox()
        seen = -1 if after_revision is None else after_revision
        with self._runs.to_run(run_id, mailbox), _Ending(mailbox) as ending:
            while (run := await mailbox.take()) is not None:
                if run.revision > seen:
                    seen = run.revision
                    yield run
                if ending.has_come(run):
                    return

    async def watch_project(self, project_id: str) -> AsyncGenerator[Run, None]:
        """Yield each run of the project that is new or has changed."""
        mailbox: Mailbox[Run] = Mailbox()
        with self._runs.to_project(project_id, mailbox):
            while (run := await mailbox.take()) is not None:
                yield run

    async def watch_records(self, run_id: str) -> AsyncGenerator[Record, None]:
        """Yield each record of the run as it is completed, until the run and all its records are done with.

        Raises LimitExceeded where the caller falls too far behind.
        """
        mailbox: Mailbox[Record | Run] = Mailbox()
        with self._records.to_run(run_id, mailbox), self._runs.to_run(run_id, mailbox), _Ending(mailbox) as ending:
            while (change := await mailbox.take()) is not None:
                if isinstance(change, Record):
                    yield change
                elif ending.has_come(change):
                    # The feed is in order: what was completed before the run ended has been noted by now.
                    await self._records.settle()
                    mailbox.end()

    async def _follow(self) -> None:
        while True:
            try:
                async with contextlib.aclosing(self._store.changes.follow()) as changes:
                    async for change in changes:
                        await self._note(change)
            except Exception:  # noqa: BLE001 - whatever went wrong with one change, the next is for somebody else
                _log.exception("live updates broke off; they begin again")
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _note(self, change: Change) -> None:
        match change:
            case RunChanged(run_id):
                self._runs.changed(run_id)
            case RecordCompleted(record_id):
                self._records.completed(record_id)
            case Gap():
                await self._runs.reload()
                await self._records.reload()
                self._following.set()


class _Ending:
    """Knows when nothing more comes of a run: it has ended and its figures are exact, or they are long overdue."""

    def __init__(self, mailbox: Mailbox[Any]) -> None:
        self._mailbox = mailbox
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._cancel()

    def has_come(self, run: Run) -> bool:
        """Tell whether this is the last state; where only figures are missing, the mailbox ends in some seconds."""
        self._cancel()
        if not run.is_terminal:
            return False
        if run.progress.pending or run.progress.running or (run.summary is not None and run.summary.outdated):
            self._timer = asyncio.get_running_loop().call_later(_LAST_FIGURES_SECONDS, self._mailbox.end)
            return False
        return True

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
