"""`evalyard plugins`: what the server adds to the SDK's commands."""
# ruff: noqa: PLC0415 - the help must not wait for what only the command needs

from typing import Annotated

import typer

_PipOptions = Annotated[
    list[str] | None, typer.Argument(help="Options for pip, behind `--`.", metavar="-- PIP OPTIONS")
]


def list_plugins(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List what is installed here, or isolated beside it, with its health; a broken plugin says what to do."""
    import asyncio

    from evalyard.cli.listing import show
    from evalyard_core.logging import configure_logging
    from evalyard_server.cli.options import read_settings, refusals
    from evalyard_server.installed import installed_plugins
    from evalyard_workers.plugins.rules import PluginRules

    with refusals():
        settings = read_settings()
    # The table says what is broken.
    configure_logging(settings.model_copy(update={"log_level": "error"}))
    show(asyncio.run(installed_plugins(PluginRules.of(settings))), as_json=as_json)


def install_package(
    package: Annotated[str, typer.Argument(help="What pip can install: a name, a folder, a wheel.")],
    options: _PipOptions = None,
    *,
    isolated: Annotated[
        bool, typer.Option("--isolated", help="In an environment of its own, whatever else is installed here.")
    ] = False,
) -> None:
    """Install a package of plugins beside the worker, or in an environment of its own."""
    from evalyard_server.cli.options import read_settings, refusals
    from evalyard_server.plugin_packages import install_here, install_isolated
    from evalyard_workers.plugins.rules import PluginRules

    with refusals():
        folder = PluginRules.of(read_settings()).folder
        if isolated and folder is not None:
            environment = install_isolated(package, options or [], folder)
            typer.echo(f"{environment.name} is installed in {environment.folder}.")
            _show_health(environment.name)
        else:
            install_here(package, options or [])
    typer.echo("Workers that run find it with the mutation refreshPlugins; `evalyard plugins list` shows its health.")


def _show_health(name: str) -> None:
    """Say what was installed, and exit with 1 where it can't be used."""
    import asyncio
    from dataclasses import replace

    from evalyard_core.logging import configure_logging
    from evalyard_server.cli.options import read_settings
    from evalyard_server.installed import installed_plugins
    from evalyard_workers.plugins.rules import PluginRules

    settings = read_settings(log_level="error")
    configure_logging(settings)
    rules = PluginRules.of(settings)
    if not rules.allowed:
        # Nothing else has to be loaded to tell.
        rules = replace(rules, allowed=(name,))
    plugins = [
        p for p in asyncio.run(installed_plugins(rules)) if p.key.startswith(f"{name}/") and p.kind == "evaluator"
    ]
    for plugin in plugins:
        typer.echo(f"{plugin.key} {plugin.version} is {f'BROKEN: {plugin.problem}' if plugin.problem else 'AVAILABLE'}")
    if not plugins:
        typer.echo(f"evalyard: {name} has no evaluators: uninstall it again.", err=True)
    if not plugins or any(plugin.problem for plugin in plugins):
        raise typer.Exit(1)


def uninstall_package(
    name: Annotated[str, typer.Argument(help="The distribution's name.")],
) -> None:
    """Uninstall a package of plugins; its scores and evaluators stay readable."""
    from evalyard_server.cli.options import read_settings, refusals
    from evalyard_server.plugin_packages import uninstall
    from evalyard_workers.plugins.rules import PluginRules

    with refusals():
        folder = PluginRules.of(read_settings()).folder
        where = uninstall(name, folder) if folder is not None else ""
    typer.echo(f"{name} is gone from {where}. Workers that run find out with the mutation refreshPlugins.")
