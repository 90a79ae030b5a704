"""Plugins of this worker's own environment, imported once: a version that was imported stays until the process ends."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog

import evalyard
from evalyard import plugins as sdk

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
        #: Distributions of which another version is installed than the one that this process has imported.
        self.outdated: set[str] = set()
        self._versions: dict[str, str] = {}

    def load(
        self,
        found: sdk.FoundPlugin,
        before: Loaded[Component] | None,
        load: Callable[[sdk.FoundPlugin], Component],
    ) -> Loaded[Component]:
        """Import a plugin, unless it is; what was upgraded since stays as it was imported."""
        imported = self._versions.get(found.distribution)
        if imported is not None and imported != found.version and found.problem is None:
            self.outdated.add(found.distribution)
            return before or Loaded(found, None, _waiting(found, imported))
        if before is not None and before.component is not None and before.found == found:
            return before
        if found.problem is None:
            self._versions[found.distribution] = found.version
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
