"""`evalyard login`, `logout` and `whoami`: where the server is, and who asks."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._examples import examples
from ._exits import ExitCode, leave
from ._rendering import AsJson, field, show_one
from ._session import Session, opened, refusals
from .operations import account

if TYPE_CHECKING:
    from evalyard.client import Client


@examples(
    "evalyard login http://127.0.0.1:8000",
    "evalyard login http://127.0.0.1:8000 --project demo --key - < key.txt",
)
def login(
    url: Annotated[str | None, typer.Argument(help="The server's address; EVALYARD_URL without it.")] = None,
    *,
    project: Annotated[str | None, typer.Option(help="The project that commands are about, by name or id.")] = None,
    key: Annotated[
        str | None, typer.Option(help="The API key, or - to read it from stdin; asked for without it.")
    ] = None,
) -> None:
    """Check an API key with its server and keep it, in a file that only you can read."""
    from evalyard.client._settings import connection, store  # noqa: PLC0415 - the help must not wait for it

    secret = typer.get_text_stream("stdin").readline().strip() if key == "-" else key
    with refusals():
        secret, who = _admitted(url, secret or connection(url).api_key, project)
    wanted = connection(url, secret, who["project"])
    kept = store(wanted)
    typer.echo(f"Logged in to {wanted.url} as {who['name']} ({who['role']}). The key is in {kept}.")
    if who["project"] is None:
        typer.echo("No project is chosen: log in with --project NAME, or set EVALYARD_PROJECT.", err=True)


@examples("evalyard logout")
def logout() -> None:
    """Forget the key that `evalyard login` kept; it stays valid until somebody revokes it."""
    from evalyard.client._settings import forget, stored_at  # noqa: PLC0415 - the help must not wait for it

    typer.echo(f"Removed {stored_at()}." if forget() else "Nobody was logged in.")


@examples("evalyard whoami", "evalyard whoami --json")
def whoami(*, as_json: AsJson = False) -> None:
    """Show the server, the key's name and role, and the project that commands are about."""
    with opened() as session:
        who = {"url": session.client.url, **session.ask(account.VIEWER), "project": _project(session)}
    show_one(who, [field("url", "server"), field("name"), field("role"), field("project")], as_json=as_json)


def _admitted(url: str | None, secret: str | None, project: str | None) -> tuple[str | None, dict[str, Any]]:
    """Return a key that the server takes, asked for where it wants one, and whose it is."""
    from evalyard.client import Client, NotLoggedIn  # noqa: PLC0415 - the help must not wait for it

    try:
        with Client(url, secret, project, tries=3) as client:
            return secret, _who(client, project)
    except NotLoggedIn:
        if secret is not None or not typer.get_text_stream("stdin").isatty():
            raise
    secret = typer.prompt("API key", hide_input=True)
    with Client(url, secret, project, tries=3) as client:
        return secret, _who(client, project)


def _who(client: "Client", project: str | None) -> dict[str, Any]:
    session = Session(client)
    who = session.ask(account.VIEWER)
    projects = list(session.nodes(account.PROJECTS))
    if project is None:
        return {**who, "project": projects[0]["name"] if len(projects) == 1 else None}
    for there in projects:
        if project in {there["name"], there["id"]}:
            return {**who, "project": there["name"]}
    names = ", ".join(there["name"] for there in projects) or "none"
    raise leave(ExitCode.USAGE, f"The key sees no project {project!r}; it sees: {names}.")


def _project(session: Session) -> str | None:
    """Return the name of the project that commands are about, None where none is chosen."""
    from evalyard.client import ClientError, NotLoggedIn, Unreachable  # noqa: PLC0415 - see above

    try:
        wanted = session.project_id
    except (NotLoggedIn, Unreachable):
        raise
    except ClientError:
        return None
    return next((entry["name"] for entry in session.nodes(account.PROJECTS) if entry["id"] == wanted), None)
