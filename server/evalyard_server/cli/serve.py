"""`evalyard serve`: one API process."""
# ruff: noqa: PLC0415 - the help must not wait for what only the command needs

from typing import Annotated, Literal

import typer


def serve(
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 by default.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on, 0 for any free one; 8000 by default.")
    ] = None,
    auth: Annotated[
        Literal["none", "keys"] | None, typer.Option(help="Who may ask: everyone, or holders of a key (the default).")
    ] = None,
    socket: Annotated[int | None, typer.Option(hidden=True, help="A listening socket, by its number.")] = None,
) -> None:
    """Run one process of the API. Any number of them may share a database and a broker."""
    from evalyard_server.api_process import serve_api
    from evalyard_server.cli.options import read_settings, refusals

    with refusals():
        serve_api(read_settings(host=host, port=port, auth=auth), inherited=socket)
