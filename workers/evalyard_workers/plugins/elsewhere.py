"""The plugins that run in other processes: what they are, and the processes of each distribution."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog

from evalyard.plugins import FoundPlugin
from evalyard_core.domain.plugins import EvaluatorPlugin

from .child import Home
from .children import Children
from .describing import broken_evaluator, evaluator_told
from .refusals import PluginUnavailable
from .remote import check, describe

_log = structlog.get_logger(__name__)

_IDLE_SECONDS: Final = 600.0
_LOOK_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A plugin as its process has described it, and where that runs."""

    plugin: EvaluatorPlugin
    home: Home


class Elsewhere:
    """Knows the plugins that run elsewhere, and keeps their processes."""

    def __init__(self, memory_bytes: int) -> None:
        self.plugins: dict[str, Kept] = {}
        self._memory_bytes = memory_bytes
        self._children: dict[tuple[str, str, str], Children] = {}

    async def refresh(self, found: Mapping[str, tuple[FoundPlugin, Home]]) -> None:
        """Describe what is new; the processes of what is gone, or was upgraded, end when they are not used."""
        kept = await asyncio.gather(*(self._kept(plugin, home) for plugin, home in found.values()))
        self.plugins = {one.plugin.key: one for one in kept}
        there = {_name(home, plugin.version) for plugin, home in found.values()}
        gone = [self._children.pop(name) for name in list(self._children) if name not in there]
        await asyncio.gather(*(children.close() for children in gone))

    def children(self, home: Home, version: str) -> Children:
        """Return the processes of a distribution in one version."""
        name = _name(home, version)
        if name not in self._children:
            self._children[name] = Children(home, self._memory_bytes)
        return self._children[name]

    async def check(self, key: str, config: Any) -> None:
        """Refuse a config that the evaluator refuses; raises one of `refusals.UNUSABLE`."""
        kept = self.plugins[key]
        if kept.plugin.problem is not None:
            raise PluginUnavailable(f"{key} is broken: {kept.plugin.problem}")
        await check(self.children(kept.home, kept.plugin.version), key, config)

    async def run(self) -> None:
        """End processes that nobody has used for ten minutes, for ever."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            for children in list(self._children.values()):
                await children.retire(_IDLE_SECONDS)

    async def close(self) -> None:
        """End every process."""
        everyone = list(self._children.values())
        self._children.clear()
        await asyncio.gather(*(children.close() for children in everyone))

    async def _kept(self, found: FoundPlugin, home: Home) -> Kept:
        before = self.plugins.get(found.key)
        if before is not None and before.home == home and _is_same(before.plugin, found):
            return before
        if found.problem is not None:
            return Kept(broken_evaluator(found, found.problem), home)
        try:
            told = await describe(self.children(home, found.version), found.key)
            return Kept(evaluator_told(found, told), home)
        except PluginUnavailable as error:
            problem = str(error)
        except (KeyError, TypeError, ValueError):
            problem = f"The process of {found.key} describes it in another form: install its evalyard again."
        _log.warning("plugin is broken", plugin=found.key, problem=problem)
        return Kept(broken_evaluator(found, problem), home)


def _name(home: Home, version: str) -> tuple[str, str, str]:
    return (home.python, home.distribution, version)


def _is_same(plugin: EvaluatorPlugin, found: FoundPlugin) -> bool:
    return plugin.problem is None and found.problem is None and plugin.version == found.version
