"""What an operator decides about plugins: which may be used, and which run in processes of their own."""

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from evalyard.plugins import FoundPlugin
from evalyard_core.settings import Settings

#: Distributions of this repository that have evaluators. A prefix would be anyone's: names of packages are free.
FIRST_PARTY: Final = (
    "evalyard-autoevals",
    "evalyard-judge",
    "evalyard-operations",
    "evalyard-reference",
    "evalyard-semantic",
    "evalyard-structured",
    "evalyard-text",
    "evalyard-trajectory",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginRules:
    """Patterns of keys (`distribution/name`) or of distributions, with * for any characters.

    Without `allowed` every plugin is; `denied` goes before it. Evaluators run in processes of their own, unless they
    are first-party or `trusted`; `isolated` goes before that. A process may use `memory_bytes`, 0 for any number, and
    a worker process keeps at most `processes`. `folder` holds the environments of isolated plugins.
    """

    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    isolated: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()
    memory_bytes: int = 0
    processes: int = 8
    folder: Path | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return what the settings say."""
        return cls(
            allowed=settings.allowed_plugins,
            denied=settings.denied_plugins,
            isolated=settings.isolated_plugins,
            trusted=settings.trusted_plugins,
            memory_bytes=settings.plugin_memory_mb * 1024 * 1024,
            processes=settings.plugin_processes,
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
        if _fitting(self.isolated, found):
            return True
        return found.distribution not in FIRST_PARTY and _fitting(self.trusted, found) is None


def _fitting(patterns: Iterable[str], found: FoundPlugin) -> str | None:
    names = (found.key, found.distribution)
    return next((p for p in patterns if any(fnmatch.fnmatchcase(name, p.lower()) for name in names)), None)


def _refusal(found: FoundPlugin, reason: str) -> str:
    return f"{found.key} may not be used here: {reason}. Change that setting, or use another plugin."
