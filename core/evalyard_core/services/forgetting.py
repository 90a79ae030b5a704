"""Forgetting: what projects keep for a while only, once that while is over."""

from datetime import datetime

import structlog

from evalyard_core.storage import Store

_log = structlog.get_logger(__name__)


class Forgetting:
    """Hides what is too old, by each project's settings as they now are; the sweeper removes what is hidden."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def forget(self, moment: datetime) -> None:
        """Hide the traces and runs that are too old at a moment; any number of processes may."""
        for project in await self._store.projects.that_forget():
            traces = runs = 0
            if (before := project.retention.traces_before(moment)) is not None:
                traces = await self._store.traces.hide_old(project.id, before)
            if (before := project.retention.runs_before(moment)) is not None:
                runs = await self._store.runs.hide_old(project.id, before)
            if traces or runs:
                _log.info("forgot what was too old", project=project.id, traces=traces, runs=runs)
