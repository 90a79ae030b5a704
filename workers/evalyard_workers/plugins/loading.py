"""Plugins of this worker's own environment, imported once: a version that was imported stays until the process ends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog

import evalyard
from evalyard import plugins as sdk

from .versions import Versions

_log = structlog.get_logger(__name__)

Component = TypeVar("Component", type[evalyard.Evaluator[Any]], type[evalyard.Target[Any]])


@dataclass(frozen=True, slots=True)
class Loaded(Generic[Component]):
    """A plugin and the class that it loaded, or why it could not."""

    found: sdk.FoundPlugin
    component: Component | None
    problem: str | None


class Imports:
    """Remembers what was imported of which version."""

    def __init__(self) -> None:
        #: Distributions that this process has imported, of which, or of what they need, another version is installed.
        self.outdated: set[str] = set()
        self._installed: Mapping[str, Versions] = {}
        self._imported: dict[str, tuple[str, Versions]] = {}

    def note(self, installed: Mapping[str, Versions]) -> None:
        """Take note of what is installed now: each distribution's own version and those of all that it needs."""
        self._installed = installed
        for distribution, (version, versions) in self._imported.items():
            present = installed.get(distribution, versions)
            if versions <= present:
                # What was added since needs no new process, and is imported as it is now.
                self._imported[distribution] = (version, present)
            else:
                self.outdated.add(distribution)

    def load(
        self,
        found: sdk.FoundPlugin,
        before: Loaded[Component] | None,
        load: Callable[[sdk.FoundPlugin], Component],
    ) -> Loaded[Component]:
        """Import a plugin, unless it is; what was upgraded since stays as it was imported."""
        imported, _ = self._imported.get(found.distribution, (found.version, None))
        if found.distribution in self.outdated and found.problem is None:
            return before or Loaded(found, None, _waiting(found, imported))
        if before is not None and before.component is not None and before.found == found:
            return before
        if found.problem is None:
            versions = self._installed.get(found.distribution, frozenset())
            self._imported.setdefault(found.distribution, (found.version, versions))
        try:
            return Loaded(found, load(found), None)
        except evalyard.PluginLoadError as error:
            if before is None or before.problem != str(error):
                _log.warning("plugin is broken", plugin=found.key, problem=str(error))
            return Loaded(found, None, str(error))


def _waiting(found: sdk.FoundPlugin, imported: str) -> str:
    return (
        f"{found.distribution} {found.version} is installed and this worker process has imported {imported}: "
        "restart the worker, unless it does that by itself in a minute."
    )
