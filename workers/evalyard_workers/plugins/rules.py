"""What an operator decides about plugins: which may be used, and which run in processes of their own."""

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from evalyard.plugins import FoundPlugin
from evalyard_core.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginRules:
    """Patterns of keys (`distribution/name`) or of distributions, with * for any characters.

    Without `allowed` every plugin is; `denied` goes before it. `folder` holds the environments of isolated plugins.
    """

    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    isolated: tuple[str, ...] = ()
    memory_bytes: int = 0
    folder: Path | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return what the settings say."""
        return cls(
            allowed=settings.allowed_plugins,
            denied=settings.denied_plugins,
            isolated=settings.isolated_plugins,
            memory_bytes=settings.plugin_memory_mb * 1024 * 1024,
            folder=settings.data.resolve() / "plugins",
        )

    def judge(self, found: FoundPlugin) -> FoundPlugin:
        """Return a plugin with the problem that it may not be used, if so: it is not imported then."""
        if pattern := _fitting(self.denied, found):
            return replace(found, problem=_refusal(found, f"EVALYARD_DENIED_PLUGINS names {pattern}"))
        if self.allowed and not _fitting(self.allowed, found):
            return replace(found, problem=_refusal(found, "EVALYARD_ALLOWED_PLUGINS does not name it"))
        return found

    def isolates(self, found: FoundPlugin) -> bool:
        """Tell whether a plugin has to run in a process of its own."""
        return _fitting(self.isolated, found) is not None


def _fitting(patterns: Iterable[str], found: FoundPlugin) -> str | None:
    names = (found.key, found.distribution)
    return next((p for p in patterns if any(fnmatch.fnmatchcase(name, p.lower()) for name in names)), None)


def _refusal(found: FoundPlugin, reason: str) -> str:
    return f"{found.key} may not be used here: {reason}. Change that setting, or use another plugin."
