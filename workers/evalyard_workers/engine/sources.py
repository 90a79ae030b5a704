"""Where the outputs of a run come from: a system that is called, another run, or nowhere here."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import evalyard
from evalyard_core.domain.runs import Run
from evalyard_core.domain.traces.spans import ReceivedSpan
from evalyard_core.services import Services
from evalyard_workers.plugins.host import PluginHost
from evalyard_workers.plugins.targets import TargetPool

from .caching import CachingCaller, caching
from .calling import Caller, LaneLimits
from .pacing import Pacers
from .recording import CallRecorder
from .replaying import Replayer

Source = Caller | CachingCaller | Replayer


class Sources:
    """What the lanes of one worker process get their outputs from."""

    def __init__(self, services: Services, targets: TargetPool, host: PluginHost) -> None:
        self.pacers = Pacers(services.store)
        self._services = services
        self._store = services.store
        self._targets = targets
        self._host = host

    @asynccontextmanager
    async def of(self, run: Run, limits: LaneLimits) -> AsyncIterator[Source | None]:
        """Give what a lane of a run asks, until the lane is done; None where outputs are submitted.

        Raises TargetError where the system can't be called.
        """
        called = run.called_system
        if run.system is not None and run.system.replays is not None:
            yield Replayer(self._store, run.system.replays)
        elif called is None:
            yield None
        else:
            target = await self._targets.acquire(called)
            try:
                gate = await self.pacers.gate(called.version_id)
                try:
                    caller = Caller(target, run.settings, gate, limits, self._recorder(run, target))
                    version = self._host.target_version(called.target)
                    yield caching(caller, self._store, run, target_version=version)
                finally:
                    await self.pacers.leave(gate)
            finally:
                await self._targets.release(called)

    def _recorder(self, run: Run, target: evalyard.Target[Any]) -> CallRecorder | None:
        """Return what records the calls of a target that passes their traces on."""
        span = target.call_span()
        if span is None:
            return None

        async def take(received: Sequence[ReceivedSpan]) -> None:
            await self._services.trace_intake.take_spans(project_id=run.project_id, received=received)

        return CallRecorder(span, take)
