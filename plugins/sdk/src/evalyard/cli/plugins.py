"""`evalyard plugins`: what is installed in this environment, a new package, and the contract suite."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Evaluator and target plugins: list them, begin one, test one.", no_args_is_help=True)

_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@app.callback()
def plugins() -> None:
    """Look at the plugins of this environment, begin a package of them, and test them."""


@app.command("list")
def list_plugins(*, as_json: _AsJson = False) -> None:
    """List what is installed here, with its health; a broken plugin says why and what to do."""
    # Plugins are imported only when they are asked for.
    from evalyard.cli.listing import installed_plugins, show  # noqa: PLC0415

    show(installed_plugins(), as_json=as_json)


@app.command("new")
def new_package(
    name: Annotated[str, typer.Argument(help="The distribution's name, for instance acme-metrics.")],
    *,
    folder: Annotated[
        Path | None, typer.Option("--in", help="The folder in which the package's own folder is made.")
    ] = None,
) -> None:
    """Write a package with one evaluator: typed, tested, and ready to be built on."""
    from evalyard.cli._scaffold import CannotWrite, write_package  # noqa: PLC0415

    try:
        written = write_package(name, folder or Path.cwd())
    except CannotWrite as error:
        typer.echo(f"evalyard: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"Wrote {written}. Next:\n\n  cd {written}\n  pip install -e '.[dev]'\n  pytest\n")
    typer.echo(f"Its plugin is {written.name}/word_count: `evalyard plugins test {written.name}` tests it.")


@app.command("test")
def try_plugins(
    what: Annotated[
        str | None, typer.Argument(help="A plugin's key or name, or a distribution; all that are installed without it.")
    ] = None,
    *,
    skip: Annotated[list[str] | None, typer.Option("--skip", help="The name of a check to leave out.")] = None,
    as_json: _AsJson = False,
) -> None:
    """Test that installed plugins keep the contract; exit with 1 where one does not, with 2 where there is none."""
    _require_testing()
    from evalyard import PluginLoadError  # noqa: PLC0415
    from evalyard.testing import Outcome, select  # noqa: PLC0415
    from evalyard.testing._report import show  # noqa: PLC0415

    left_out = _checks(skip or [])
    try:
        suites = select(what)
    except PluginLoadError as error:
        typer.echo(f"evalyard: {error}", err=True)
        raise typer.Exit(2) from error
    reports = {}
    for suite in suites:
        reports[suite.found.key] = suite.run_all(skip=left_out)
        suite.close()
        if not as_json:
            show(suite.found, reports[suite.found.key])
    if as_json:
        typer.echo(
            json.dumps({key: [asdict(result) for result in results] for key, results in reports.items()}, indent=2)
        )
    if any(result.outcome is Outcome.FAILED for results in reports.values() for result in results):
        raise typer.Exit(1)


def _require_testing() -> None:
    """Say how to get what only the contract suite needs."""
    if find_spec("jsonschema") is None:
        typer.echo('evalyard: the contract suite needs some more packages: pip install "evalyard[testing]"', err=True)
        raise typer.Exit(1)


def _checks(names: Sequence[str]) -> frozenset[str]:
    """Return checks by their names, which may be written with dashes."""
    from evalyard.testing import CHECKS  # noqa: PLC0415

    chosen = frozenset(name.replace("-", " ") for name in names)
    if unknown := sorted(chosen - set(CHECKS)):
        raise typer.BadParameter(f"There is no check {unknown[0]!r}; there are: {', '.join(CHECKS)}.")
    return chosen
