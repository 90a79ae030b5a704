"""The plugins of this environment and of those beside it, as a worker of this machine would have them."""

from evalyard.cli.listing import Installed
from evalyard_core.domain.plugins import EvaluatorPlugin, TargetPlugin
from evalyard_workers.plugins.host import PluginHost
from evalyard_workers.plugins.rules import PluginRules


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


def _shown(kind: str, plugin: EvaluatorPlugin | TargetPlugin, runs: str) -> Installed:
    return Installed(kind, plugin.key, plugin.version, plugin.summary, plugin.problem, runs)
