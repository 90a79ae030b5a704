"""`evalyard keys`: who may use the API."""
# ruff: noqa: PLC0415 - the help must not wait for what only the commands need

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

if TYPE_CHECKING:
    from evalyard_core.domain.access import ApiKey
    from evalyard_core.settings import Settings
    from evalyard_server.key_ring import KeyRing

T = TypeVar("T")

app = typer.Typer(help="Make, list and revoke API keys, straight in the database.", no_args_is_help=True)

ProjectOption = Annotated[str | None, typer.Option(help="The key's project, by name or id.")]


@app.command()
def create(
    *,
    project: ProjectOption = None,
    instance: Annotated[bool, typer.Option("--instance", help="An ADMIN key of every project, instead.")] = False,
    role: Annotated[
        Literal["VIEWER", "EDITOR", "ADMIN"],
        typer.Option(help="VIEWER reads, EDITOR writes too, ADMIN manages keys and deletes too."),
    ] = "EDITOR",
    name: Annotated[str, typer.Option(help="What the key is for.")] = "command line",
) -> None:
    """Make a key and print its secret, which can't be had again."""
    if (project is None) is not instance:
        raise typer.BadParameter("say either --project NAME or --instance")
    from evalyard_core.domain.access import Role

    key, secret = _with_keys(lambda ring: ring.create(name=name, project=project, role=Role(role)))
    typer.echo(secret)
    typer.echo(f"Key {key.id} ({key.role}), shown once: keep it now.", err=True)


@app.command("list")
def list_keys(*, project: ProjectOption = None) -> None:
    """List the keys of a project, or without one those of the instance."""
    for key in _with_keys(lambda ring: ring.keys(project=project)):
        typer.echo(_line(key))


@app.command()
def revoke(key: Annotated[str, typer.Argument(help="The key's id, as `evalyard keys list` shows it.")]) -> None:
    """Make a key worthless at once."""
    revoked = _with_keys(lambda ring: ring.revoke(key_id=key))
    typer.echo(f"Key {revoked.id} ({revoked.name}) is revoked.", err=True)


def ensure_first_key(settings: "Settings") -> str | None:
    """Make an instance key if there never was one and return its secret, else None; raises StartError."""
    from evalyard_server.key_ring import key_ring

    async def make() -> str | None:
        async with key_ring(settings) as ring:
            return await ring.first()

    return asyncio.run(make())


def _with_keys(work: Callable[["KeyRing"], Awaitable[T]]) -> T:
    from evalyard_server.cli.options import read_settings, refusals
    from evalyard_server.key_ring import key_ring

    async def run() -> T:
        async with key_ring(read_settings()) as ring:
            return await work(ring)

    with refusals():
        return asyncio.run(run())


def _line(key: "ApiKey") -> str:
    used = "never used" if key.last_used_at is None else f"last used {key.last_used_at:%Y-%m-%d %H:%M}"
    return "\t".join(
        (key.id, f"{key.prefix}…", key.role, _state(key), f"made {key.created_at:%Y-%m-%d}", used, key.name)
    )


def _state(key: "ApiKey") -> str:
    from evalyard_core.domain.payload import now

    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.is_worthless(now()) else "valid"
