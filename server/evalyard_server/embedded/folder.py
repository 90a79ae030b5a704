"""The data folder of the embedded servers: one owner at a time, and ports that stay the same from start to start."""

import fcntl
import json
import os
import random
import socket
from pathlib import Path
from typing import IO, Final, Self

from evalyard_server.start_error import StartError

_LOOPBACK: Final = "127.0.0.1"
# Below the ports that systems hand to outgoing connections: one of those could hold ours when a server starts again.
_PORTS: Final = range(20_000, 32_000)
_LOG_BYTES: Final = 4_000_000


class DataFolder:
    """A folder that this process alone uses, from `lock` to `close`."""

    def __init__(self, path: Path, lock: IO[str]) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def lock(cls, path: Path) -> Self:
        """Create `path` if need be and take it. Raise StartError when another process has it."""
        path = path.resolve()
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = (path / "lock").open("a+")
        except OSError as error:
            raise StartError(
                f"The data folder {path} can't be used: {error.strerror}. Name another: --data."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StartError(_in_use(path, lock)) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        return cls(path, lock)

    def close(self) -> None:
        """Let another process have the folder."""
        self._lock.close()

    def folder(self, name: str) -> Path:
        """Return the folder `name` inside, created if need be."""
        folder = self.path / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def log(self, name: str) -> Path:
        """Return the path of the log `name`, cut if it has grown."""
        log = self.folder("logs") / f"{name}.log"
        cut_log(log)
        return log

    def port(self, name: str) -> int:
        """Return the loopback port that server `name` had the last time if it is free, else another one."""
        file = self.path / "ports.json"
        ports: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
        if name not in ports or not is_free(ports[name]):
            ports[name] = free_port()
            file.write_text(json.dumps(ports))
        return ports[name]


def is_free(port: int) -> bool:
    """Tell whether a server could listen on loopback port `port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    candidates = random.SystemRandom().sample(_PORTS, k=100)
    for port in candidates:
        if is_free(port):
            return port
    raise StartError(f"No free port between {_PORTS.start} and {_PORTS.stop} on {_LOOPBACK}: stop some servers.")


def cut_log(log: Path) -> None:
    """Keep at most one earlier piece of a grown `log`; its writer, which appends, goes on in the empty file."""
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.with_suffix(".log.1").write_bytes(log.read_bytes())
        os.truncate(log, 0)


def _in_use(path: Path, lock: IO[str]) -> str:
    lock.seek(0)
    owner = lock.read().strip() or "unknown"
    lock.close()
    return f"The data folder {path} is in use by process {owner}: stop it, or name another folder with --data."
