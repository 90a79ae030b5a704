"""`evalyard up`: the whole of Evalyard on one machine."""
# ruff: noqa: PLC0415 - the help must not wait for what only the command needs

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import typer


def up(
    *,
    host: Annotated[str | None, typer.Option(help="Address that the API listens on; 127.0.0.1 by default.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of the API, 0 for any free one; 8000 by default.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of the embedded database and broker; .evalyard by default.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Worker processes.")] = 1,
    auth: Annotated[
        Literal["none", "keys"] | None, typer.Option(help="Who may ask: everyone (the default), or holders of a key.")
    ] = None,
    python_targets: Annotated[
        bool | None, typer.Option("--python-targets", help="Let runs call Python functions of this environment.")
    ] = None,
) -> None:
    """Start database, broker, API and workers on this machine, and stop them with Ctrl-C.

    EVALYARD_MONGODB_URL and EVALYARD_BROKER_URL name a running database or broker to use instead.
    """
    from evalyard_server.cli.keys import ensure_first_key
    from evalyard_server.cli.options import read_settings, refusals
    from evalyard_server.stack import Stack, run, settings_of_one_machine

    with refusals():
        settings = read_settings(host=host, port=port, data=data, auth=auth, python_targets=python_targets)
        settings = settings_of_one_machine(settings)
        stack = Stack(settings=settings, workers=workers, first_key=ensure_first_key, say=_say, warn=_warn)
        asyncio.run(run(stack))


def _say(line: str) -> None:
    typer.echo(line)


def _warn(line: str) -> None:
    typer.echo(f"evalyard: {line}", err=True)
