"""`evalyard evaluators`."""

from typing import Annotated

import typer

from ._examples import examples
from ._exits import ExitCode, leave
from ._lookup import find_evaluator
from ._options import Description, Limit, Search, first, pairs, read_json
from ._rendering import AsJson, Column, field, figure, show_list, show_one
from ._session import opened
from .operations import evaluators as operations

app = typer.Typer(help="Evaluators: those of the project, and the library.", no_args_is_help=True)

_OPERATORS = ("GT", "GTE", "LT", "LTE", "EQ", "IN")

_COLUMNS = [
    field("name"),
    field("plugin.key", "plugin"),
    field("scoreType", "score"),
    Column("threshold", lambda entry: entry["threshold"] and "{operator} {value}".format(**entry["threshold"])),
    field("config"),
    figure("version", "version"),
    field("id"),
]


@app.callback()
def evaluators() -> None:
    """Look at evaluators, and make them of the library's plugins."""


@app.command("list")
@examples("evalyard evaluators list", "evalyard evaluators list --json")
def list_evaluators(*, search: Search = None, limit: Limit = 100, as_json: AsJson = False) -> None:
    """List the project's evaluators, oldest first."""
    with opened() as session:
        project = session.project_id
        found = first(session.nodes(operations.LIST, "evaluators", project=project, search=search), limit)
    show_list(found, _COLUMNS, as_json=as_json, nothing="There are no such evaluators.")


@app.command()
@examples("evalyard evaluators library", "evalyard evaluators library --search match")
def library(*, search: Search = None, limit: Limit = 200, as_json: AsJson = False) -> None:
    """List the plugins that workers of the server have installed, of which evaluators are made."""
    with opened() as session:
        found = first(session.nodes(operations.LIBRARY, search=search), limit)
    columns = [
        field("key", "plugin"),
        field("version"),
        field("scoreType", "score"),
        field("health"),
        Column("what it does, or what is wrong", lambda entry: entry["problem"] or entry["summary"]),
    ]
    show_list(found, columns, as_json=as_json, nothing="No worker offers such a plugin.")


@app.command()
@examples(
    "evalyard evaluators create same --plugin evalyard-text/exact_match",
    "evalyard evaluators create close --plugin fuzzy_match --map output=output --threshold GTE=0.8",
)
def create(
    name: Annotated[str, typer.Argument(help="Its name.")],
    *,
    plugin: Annotated[str, typer.Option(help="The plugin's key, as `evalyard evaluators library` shows it.")],
    description: Description = "",
    config: Annotated[
        str | None, typer.Option(help="The plugin's config, as JSON or as @FILE.", metavar="JSON")
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", help="Where a variable comes from: VARIABLE=JMESPATH.", metavar="VARIABLE=PATH"),
    ] = None,
    threshold: Annotated[
        str | None, typer.Option(help=f"What passes: {', '.join(_OPERATORS)} with a value.", metavar="OPERATOR=VALUE")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make an evaluator of a plugin of the library."""
    new = {
        "name": name,
        "description": description,
        "plugin": plugin,
        "config": read_json(config, "--config") or {},
        "mapping": [{"variable": variable, "path": path} for variable, path in pairs(mapping, "--map")],
        "threshold": _threshold(threshold),
    }
    with opened() as session:
        made = session.ask(operations.CREATE, input={"projectId": session.project_id, **new})
    show_one(made, _COLUMNS, as_json=as_json)


@app.command()
@examples("evalyard evaluators delete unused")
def delete(evaluator: Annotated[str, typer.Argument(help="The evaluator's name or id.")]) -> None:
    """Delete an evaluator that no dataset uses; the scores that it made stay."""
    with opened() as session:
        found = find_evaluator(session, evaluator)
        session.ask(operations.DELETE, id=found["id"])
    typer.echo(f"Deleted {found['name']}.")


def _threshold(given: str | None) -> dict[str, object] | None:
    if given is None:
        return None
    operator, _, value = given.partition("=")
    if operator not in _OPERATORS:
        raise leave(ExitCode.USAGE, f"--threshold {given!r} does not begin with one of {', '.join(_OPERATORS)} and =.")
    return {"operator": operator, "value": read_json(value, "The value of --threshold")}
