"""Open targets of this worker process: one instance a system version, shared by every run that calls it."""

import asyncio
from collections import OrderedDict
from typing import Any, Final

import structlog

import evalyard
from evalyard_core.domain.runs import SystemPin

from .host import PluginHost
from .refusals import ConfigRefused, PluginUnavailable

_log = structlog.get_logger(__name__)

#: How many targets stay open when nobody uses them.
_MOST_IDLE: Final = 32


class TargetPool:
    """Opens targets when they are first called, and keeps them open for the next run."""

    def __init__(self, host: PluginHost) -> None:
        self._host = host
        self._open: OrderedDict[str, evalyard.Target[Any]] = OrderedDict()
        self._users: dict[str, int] = {}
        self._lock = asyncio.Lock()

    async def acquire(self, system: SystemPin) -> evalyard.Target[Any]:
        """Return the open target of a system version; raises TargetError when there is none to be had."""
        async with self._lock:
            target = self._open.get(system.version_id)
            if target is None:
                target = await self._opened(system)
                self._open[system.version_id] = target
            self._open.move_to_end(system.version_id)
            self._users[system.version_id] = self._users.get(system.version_id, 0) + 1
            return target

    async def release(self, system: SystemPin) -> None:
        """Say that a user of `acquire` is done; targets that nobody has used for longest are closed."""
        async with self._lock:
            self._users[system.version_id] -= 1
            idle = [version for version in self._open if not self._users.get(version)]
            for version in idle[:-_MOST_IDLE]:
                await _closed(self._open.pop(version))
                del self._users[version]

    async def close(self) -> None:
        """Close every target."""
        async with self._lock:
            while self._open:
                await _closed(self._open.popitem()[1])

    async def _opened(self, system: SystemPin) -> evalyard.Target[Any]:
        try:
            target = self._host.target(system.target, system.config)
        except PluginUnavailable as error:
            raise evalyard.TargetError(str(error), code="TARGET_MISSING") from error
        except ConfigRefused as error:
            raise evalyard.TargetError(f"config{error.path}: {error.message}", code="BAD_CONFIG") from error
        try:
            await target.open()
        except BaseException:
            await _closed(target)
            raise
        return target


async def _closed(target: evalyard.Target[Any]) -> None:
    try:
        await target.close()
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything, and nobody needs the target any more
        _log.warning("a target did not close", error=repr(error))
