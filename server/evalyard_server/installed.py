"""The plugins of this environment and of those beside it, as `evalyard plugins list` shows them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import orjson
from rich.table import Table

from evalyard_core.domain.plugins import EvaluatorPlugin, TargetPlugin
from evalyard_workers.plugins.host import PluginHost
from evalyard_workers.plugins.rules import PluginRules


@dataclass(frozen=True, slots=True)
class Installed:
    """A plugin as a worker of this machine would have it; `problem` says why it can't be used, with the remedy.

    `runs` says where: "in the worker", "in a process" or "in its own environment".
    """

    kind: str
    key: str
    version: str
    runs: str
    summary: str
    problem: str | None


async def installed_plugins(rules: PluginRules) -> list[Installed]:
    """Find, load and describe every plugin, as a worker does."""
    host = PluginHost(rules)
    try:
        await host.refresh()
        return [
            *(_shown("evaluator", plugin, host.where(plugin.key)) for plugin in host.evaluator_plugins()),
            *(_shown("target", plugin, "in the worker") for plugin in host.target_plugins()),
        ]
    finally:
        await host.close()


def as_lines(plugins: Sequence[Installed]) -> str:
    """Return the plugins as a JSON array."""
    return orjson.dumps([asdict(plugin) for plugin in plugins], option=orjson.OPT_INDENT_2).decode()


def as_table(plugins: Sequence[Installed]) -> Table:
    """Return the plugins as a table for a terminal."""
    table = Table("kind", "plugin", "version", "runs", "health", "what it does, or what is wrong")
    for plugin in plugins:
        health = "[red]BROKEN" if plugin.problem else "[green]AVAILABLE"
        table.add_row(plugin.kind, plugin.key, plugin.version, plugin.runs, health, plugin.problem or plugin.summary)
    return table


def _shown(kind: str, plugin: EvaluatorPlugin | TargetPlugin, runs: str) -> Installed:
    return Installed(kind, plugin.key, plugin.version, runs, plugin.summary, plugin.problem)
