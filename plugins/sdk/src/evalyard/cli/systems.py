"""`evalyard systems`."""

from typing import Annotated

import typer

from ._examples import examples
from ._lookup import find_system, version_of
from ._options import Description, Limit, Search, first, read_json
from ._rendering import AsJson, field, moment, show_list, show_one
from ._session import opened
from .operations import systems as operations

app = typer.Typer(help="Systems under test and their versions.", no_args_is_help=True)

_System = Annotated[str, typer.Argument(help="The system's name or id.")]
_COLUMNS = [
    field("name"),
    field("productionVersion.name", "in production"),
    field("description"),
    moment("createdAt", "created"),
    field("id"),
]
_VERSION_COLUMNS = [field("name"), field("target"), field("config"), moment("createdAt", "created"), field("id")]


@app.callback()
def systems() -> None:
    """Look at systems, create them and their versions, and say which is in production."""


@app.command("list")
@examples("evalyard systems list", "evalyard systems list --versions desk")
def list_systems(
    *,
    versions: Annotated[
        str | None, typer.Option(help="List the versions of this system instead.", metavar="SYSTEM")
    ] = None,
    search: Search = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List the project's systems, oldest first; or the versions of one, newest first."""
    with opened() as session:
        if versions is None:
            project = session.project_id
            found = first(session.nodes(operations.LIST, "systems", project=project, search=search), limit)
        else:
            system = find_system(session, versions)
            found = first(session.nodes(operations.VERSIONS, "versions", id=system["id"]), limit)
    columns = _COLUMNS if versions is None else _VERSION_COLUMNS
    show_list(found, columns, as_json=as_json, nothing="There are none.")


@app.command()
@examples("evalyard systems create bot --description 'Answers customers'")
def create(
    name: Annotated[str, typer.Argument(help="Its name.")], *, description: Description = "", as_json: AsJson = False
) -> None:
    """Create a system under test, without versions."""
    with opened() as session:
        new = {"projectId": session.project_id, "name": name, "description": description}
        made = session.ask(operations.CREATE, input=new)
    show_one(made, _COLUMNS, as_json=as_json)


@app.command()
@examples("""evalyard systems version desk v2 --target http --config '{"url": "http://127.0.0.1:9/answer"}'""")
def version(
    system: _System,
    name: Annotated[str, typer.Argument(help="The version's name.")],
    *,
    target: Annotated[str, typer.Option(help="The target plugin that calls it: http, openai, python, workflow …")],
    config: Annotated[str, typer.Option(help="The target's config, as JSON or as @FILE.", metavar="JSON")] = "{}",
    as_json: AsJson = False,
) -> None:
    """Create a version of a system; a worker checks its config first."""
    settings = read_json(config, "--config")
    with opened() as session:
        new = {"systemId": find_system(session, system)["id"], "name": name, "target": target, "config": settings}
        made = session.ask(operations.CREATE_VERSION, input=new)
    show_one(made, _VERSION_COLUMNS, as_json=as_json)


@app.command()
@examples("evalyard systems promote desk v1")
def promote(
    system: _System,
    version: Annotated[str, typer.Argument(help="The version's name or id.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Say which version is in production: runs of others are held against it."""
    with opened() as session:
        chosen = version_of(session, find_system(session, system), version)
        promoted = session.ask(operations.PROMOTE, version=chosen["id"])
    show_one(promoted, _COLUMNS, as_json=as_json)
