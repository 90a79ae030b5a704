"""`evalyard plugins`: what is installed beside the workers of this environment."""

from typing import Annotated

import typer

app = typer.Typer(help="The evaluator and target plugins of this environment.", no_args_is_help=True)


@app.callback()
def plugins() -> None:
    """Look at the evaluator and target plugins that are installed here."""


@app.command("list")
def list_plugins(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List what is installed here, with its health; a broken plugin says why and what to do."""
    # Plugins are imported only when they are asked for.
    from evalyard_server.installed import as_lines, as_table, installed_plugins  # noqa: PLC0415

    found = installed_plugins()
    if as_json:
        typer.echo(as_lines(found))
    else:
        from rich.console import Console  # noqa: PLC0415

        Console().print(as_table(found))
    if any(plugin.problem for plugin in found):
        raise typer.Exit(1)
