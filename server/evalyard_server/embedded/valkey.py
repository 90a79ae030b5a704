"""Valkey as a child process, with every write in an append-only file."""

import asyncio
from pathlib import Path
from typing import Final

import redis.asyncio
from redis.exceptions import BusyLoadingError, ConnectionError, TimeoutError  # noqa: A004 - the driver's own names

from evalyard_server.embedded.binaries import VALKEY
from evalyard_server.embedded.folder import DataFolder
from evalyard_server.embedded.process import ChildSpec, Stage

_POLL_SECONDS: Final = 0.02


def valkey_spec(folder: DataFolder, port: int, *, binary: Path | None = None) -> ChildSpec:
    """Return how to run a Valkey on loopback port `port` over `folder`. Raise StartError when there is no binary."""
    program = VALKEY.find(binary)
    return ChildSpec(
        name="the broker",
        stage=Stage.BROKER,
        command=_command(program, folder.folder("valkey"), port),
        settle=lambda: _answer(valkey_url(port)),
        explain=lambda exit_code, output: VALKEY.explain(program, exit_code, output),
        log=folder.log("valkey"),
        grace_seconds=10.0,
    )


def valkey_url(port: int) -> str:
    """Return the URL of the embedded broker on `port`."""
    return f"redis://127.0.0.1:{port}/0"


def _command(program: Path, data: Path, port: int) -> list[str]:
    options = {
        "--port": str(port),
        "--bind": "127.0.0.1",
        "--dir": str(data),
        "--appendonly": "yes",
        "--appendfsync": "everysec",
        # No snapshots beside the append-only file: it holds everything.
        "--save": "",
    }
    return [str(program), *(part for option in options.items() for part in option)]


async def _answer(url: str) -> None:
    """Wait until the broker answers, with its append-only file loaded."""
    async with redis.asyncio.from_url(url) as client:
        while True:
            try:
                await client.ping()
            except (BusyLoadingError, ConnectionError, TimeoutError):
                await asyncio.sleep(_POLL_SECONDS)
            else:
                return
