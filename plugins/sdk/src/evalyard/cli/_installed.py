"""The plugins of this environment, as `evalyard plugins list` shows them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from rich.table import Table

from evalyard import PluginLoadError
from evalyard.plugins import FoundPlugin, describe_evaluator, describe_target, discover, load_evaluator, load_target


@dataclass(frozen=True, slots=True)
class Installed:
    """A plugin that is installed here; `problem` says why it can't be used, with the remedy."""

    kind: str
    key: str
    version: str
    summary: str
    problem: str | None


def installed_plugins() -> list[Installed]:
    """Find, import and describe every plugin of this environment."""
    return [
        *(_look(found, "evaluator", _evaluator) for found in discover("evalyard.evaluators")),
        *(_look(found, "target", _target) for found in discover("evalyard.targets")),
    ]


def as_lines(plugins: Sequence[Installed]) -> str:
    """Return the plugins as a JSON array."""
    return json.dumps([asdict(plugin) for plugin in plugins], indent=2)


def as_table(plugins: Sequence[Installed]) -> Table:
    """Return the plugins as a table for a terminal."""
    table = Table("kind", "plugin", "version", "health", "what it does, or what is wrong")
    for plugin in plugins:
        health = "[red]BROKEN" if plugin.problem else "[green]AVAILABLE"
        table.add_row(plugin.kind, plugin.key, plugin.version, health, plugin.problem or plugin.summary)
    return table


def _look(found: FoundPlugin, kind: str, summarise: Callable[[FoundPlugin], str]) -> Installed:
    try:
        return Installed(kind, found.key, found.version, summarise(found), None)
    except PluginLoadError as error:
        return Installed(kind, found.key, found.version, "", str(error))


def _evaluator(found: FoundPlugin) -> str:
    return describe_evaluator(found, load_evaluator(found)).summary


def _target(found: FoundPlugin) -> str:
    return describe_target(found, load_target(found)).summary
