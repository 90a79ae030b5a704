"""MongoDB as a child process: one node, and yet a replica set, since change streams and transactions need one."""

import json
from pathlib import Path
from typing import Any, Final

from evalyard_core.storage.deployment import REPLICA_SET, DeploymentError, ensure_single_node
from evalyard_server.embedded.binaries import MONGOD
from evalyard_server.embedded.folder import DataFolder
from evalyard_server.embedded.process import ChildSpec, Stage
from evalyard_server.start_error import StartError

_DATA_IN_USE: Final = 100


def mongod_spec(folder: DataFolder, port: int, *, binary: Path | None = None) -> ChildSpec:
    """Return how to run a mongod on loopback port `port` over `folder`. Raise StartError when there is no binary."""
    program = MONGOD.find(binary)
    log = folder.log("mongod")

    async def settle() -> None:
        try:
            await ensure_single_node(port)
        except DeploymentError as error:
            raise StartError(f"{program} is too old. {error}") from error

    return ChildSpec(
        name="the database",
        stage=Stage.DATABASE,
        command=_command(program, folder.folder("mongodb"), port),
        settle=settle,
        explain=lambda exit_code, output: _explain(program, log, exit_code, output),
        log=log,
        grace_seconds=30.0,
    )


def mongodb_url(port: int) -> str:
    """Return the URL of the embedded database on `port`, in the form that production has: it names the replica set."""
    return f"mongodb://127.0.0.1:{port}/?replicaSet={REPLICA_SET}"


def _command(program: Path, data: Path, port: int) -> list[str]:
    options = {
        "--dbpath": str(data),
        "--port": str(port),
        "--bind_ip": "127.0.0.1",
        "--replSet": REPLICA_SET,
        "--wiredTigerCacheSizeGB": "0.5",
        "--oplogSize": "128",
        "--setParameter": "diagnosticDataCollectionEnabled=false",
    }
    return [str(program), *(part for option in options.items() for part in option), "--nounixsocket", "--quiet"]


def _explain(program: Path, log: Path, exit_code: int, output: str) -> str:
    if exit_code == _DATA_IN_USE:
        return f"Another mongod uses {log.parent.parent / 'mongodb'}: stop it, or name another folder with --data."
    if reason := _fatal(output):
        return f"{program} can't start: {reason} Its log is {log}."
    return MONGOD.explain(program, exit_code, output)


def _fatal(output: str) -> str | None:
    """Return the reason that the last error line of mongod's JSON log gives, as a sentence."""
    errors = [entry for entry in map(_entry, output.splitlines()) if entry.get("s") in {"E", "F"}]
    if not errors:
        return None
    reason = errors[-1].get("attr", {}).get("error") or errors[-1]["msg"]
    return f"{str(reason).rstrip('.')}."


def _entry(line: str) -> dict[str, Any]:
    try:
        entry: dict[str, Any] = json.loads(line)
    except ValueError:
        return {}
    return entry
