"""Starting, once a run, what carries the run out elsewhere.

Nothing tells whether a start whose answer was lost did happen, so it is never repeated: a run whose worker died at it
fails and says so, instead of being carried out, and paid, twice.
"""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any, Final

import structlog

import evalyard
from evalyard_core.domain.ids import global_id
from evalyard_core.domain.payload import now
from evalyard_core.domain.runs import Dispatch, Run, RunStatus
from evalyard_core.storage import Store
from evalyard_workers.plugins.targets import TargetPool

from .calling import pause_seconds
from .patience import patiently

_log = structlog.get_logger(__name__)

_UNKNOWN: Final = "A worker died while it started this run elsewhere, and nobody knows whether it did: run it again."
_LONGEST_SECONDS: Final = 366 * 86_400.0


async def dispatch(store: Store, targets: TargetPool, run: Run, *, first: bool) -> str | None:
    """Start what carries out a run, and note it; return why that failed.

    `first` tells that nobody can have tried before: the run was set RUNNING by whoever calls.
    """
    current = await store.runs.get(run.id)
    if current is None or current.status is not RunStatus.RUNNING or current.dispatch is not None:
        return None
    if not first:
        return _UNKNOWN
    try:
        started = await _started(store, targets, current)
    except evalyard.TargetError as error:
        return f"The run could not be started elsewhere: {error}"
    if started is not None:
        await patiently(partial(store.runs.note_dispatch, run.id, started))
    return None


async def _started(store: Store, targets: TargetPool, run: Run) -> Dispatch | None:
    if run.system is None:
        return None
    target = await targets.acquire(run.system)
    try:
        return await _persistently(store, target, run)
    finally:
        await targets.release(run.system)


async def _persistently(store: Store, target: evalyard.Target[Any], run: Run) -> Dispatch | None:
    """Start, and again where the target says that nothing was started; None where the run was stopped meanwhile."""
    attempt = 0
    while True:
        attempt += 1
        try:
            return await _start(target, run)
        except evalyard.TargetError as error:
            _log.warning("a run was not started elsewhere", code=error.code, attempt=attempt, error=str(error))
            if not error.retryable or attempt >= run.settings.max_attempts:
                raise
            await asyncio.sleep(pause_seconds(attempt, error.retry_after_seconds))
        pulse = await store.runs.pulse(run.id)
        if pulse is None or pulse.status is not RunStatus.RUNNING:
            return None


async def _start(target: evalyard.Target[Any], run: Run) -> Dispatch:
    if not isinstance(target, evalyard.DispatchTarget):
        raise evalyard.TargetError("This target starts nothing elsewhere any more.", code="TARGET_MISSING")
    limit = run.settings.timeout_seconds
    try:
        async with asyncio.timeout(limit):
            dispatched = await target.dispatch(_request(run))
    except TimeoutError as error:
        raise evalyard.TargetError(f"There was no answer within {limit:g} s.", code="TIMEOUT") from error
    except evalyard.TargetError:
        raise
    except Exception as error:
        raise evalyard.TargetError(f"The target raised {type(error).__name__}: {error}", code="EXCEPTION") from error
    return _noted(dispatched)


def _request(run: Run) -> evalyard.DispatchRequest:
    return evalyard.DispatchRequest(
        run_id=global_id("Run", run.id),
        run_number=run.number,
        run_name=run.name,
        project_id=global_id("Project", run.project_id),
        dataset_id=global_id("Dataset", run.dataset.id) if run.dataset else None,
        dataset_version=run.dataset.version if run.dataset else None,
        trials=run.settings.trials,
        timeout_seconds=run.settings.timeout_seconds,
    )


def _noted(dispatched: evalyard.Dispatched) -> Dispatch:
    if not isinstance(dispatched, evalyard.Dispatched) or not 0 < dispatched.deadline_seconds <= _LONGEST_SECONDS:
        raise evalyard.TargetError(f"The target returned {dispatched!r:.200}.", code="BAD_OUTPUT")
    moment = now()
    deadline = moment + timedelta(seconds=dispatched.deadline_seconds)
    return Dispatch(at=moment, deadline_at=deadline, url=dispatched.url)
