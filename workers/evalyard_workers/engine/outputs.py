"""What gives the outputs of a run."""

from collections.abc import Sequence
from typing import Any

import evalyard
from evalyard_core.domain.runs import Run
from evalyard_core.domain.traces.spans import ReceivedSpan
from evalyard_core.services import Services
from evalyard_workers.plugins.host import PluginHost
from evalyard_workers.plugins.targets import TargetPool

from .caching import CachingCaller, caching
from .calling import Caller
from .recording import CallRecorder
from .replaying import Replayer


class Outputs:
    """Knows where the outputs of each run come from."""

    def __init__(self, services: Services, host: PluginHost, targets: TargetPool) -> None:
        self._services = services
        self._host = host
        self._targets = targets

    async def of(self, run: Run) -> Caller | CachingCaller | Replayer | None:
        """Return what gives the outputs of a run, None where they are submitted; raises TargetError.

        The run's called system is to be released to the pool afterwards.
        """
        if run.system is not None and run.system.replays is not None:
            return Replayer(self._services.store, run.system.replays)
        if run.called_system is None:
            return None
        target = await self._targets.acquire(run.called_system)
        caller = Caller(target, run.settings, self._recorder(run, target))
        version = self._host.target_version(run.called_system.target)
        return caching(caller, self._services.store, run, target_version=version)

    def _recorder(self, run: Run, target: evalyard.Target[Any]) -> CallRecorder | None:
        """Return what records the calls of a target that passes their traces on."""
        span = target.call_span()
        if span is None:
            return None

        async def take(received: Sequence[ReceivedSpan]) -> None:
            await self._services.trace_intake.take_spans(project_id=run.project_id, received=received)

        return CallRecorder(span, take)
