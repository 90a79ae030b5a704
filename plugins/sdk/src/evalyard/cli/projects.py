"""`evalyard projects`."""

import typer

from ._examples import examples
from ._rendering import AsJson, field, moment, show_list
from ._session import opened
from .operations import account

app = typer.Typer(help="The projects that your key sees.", no_args_is_help=True)


@app.callback()
def projects() -> None:
    """Look at the projects that your key sees."""


@app.command("list")
@examples("evalyard projects list", "evalyard projects list --json")
def list_projects(*, as_json: AsJson = False) -> None:
    """List the projects that your key sees, oldest first."""
    with opened() as session:
        found = list(session.nodes(account.PROJECTS))
    show_list(
        found, [field("name"), field("description"), moment("createdAt", "created"), field("id")], as_json=as_json
    )
