"""What `evalyard plugins list` shows: of this environment, or whatever else the server's command has found."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from evalyard import PluginLoadError
from evalyard.plugins import FoundPlugin, describe_evaluator, describe_target, discover, load_evaluator, load_target


@dataclass(frozen=True, slots=True)
class Installed:
    """A plugin that is installed; `problem` says why it can't be used, with the remedy.

    `runs` says where a worker would run it: "in the worker", "in a process", "in its own environment" or "nowhere";
    None where no worker is installed to tell.
    """

    kind: str
    key: str
    version: str
    summary: str
    problem: str | None
    runs: str | None = None


def show(plugins: Sequence[Installed], *, as_json: bool) -> NoReturn:
    """Print the plugins, and exit with 1 where one of them is broken."""
    if as_json:
        typer.echo(json.dumps([asdict(plugin) for plugin in plugins], indent=2))
    else:
        Console().print(_table(plugins))
    raise typer.Exit(int(any(plugin.problem for plugin in plugins)))


def installed_plugins() -> list[Installed]:
    """Find, import and describe every plugin of this environment."""
    return [
        *(_look(found, "evaluator", _evaluator) for found in discover("evalyard.evaluators")),
        *(_look(found, "target", _target) for found in discover("evalyard.targets")),
    ]


def _table(plugins: Sequence[Installed]) -> Table:
    told = any(plugin.runs for plugin in plugins)
    key = Column("plugin", overflow="fold")
    table = Table("kind", key, "version", *(["runs"] if told else []), "health", "what it does, or what is wrong")
    for plugin in plugins:
        health = "[red]BROKEN" if plugin.problem else "[green]AVAILABLE"
        # What strangers write is no markup.
        words = escape(plugin.problem or plugin.summary)
        runs = [plugin.runs or ""] if told else []
        table.add_row(plugin.kind, escape(plugin.key), escape(plugin.version), *runs, health, words)
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
