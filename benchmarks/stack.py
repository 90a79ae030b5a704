"""The servers and processes that a benchmark runs against, each real."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from evalyard_core.settings import Settings
from evalyard_server.embedded.folder import DataFolder
from evalyard_server.embedded.servers import EMBEDDED
from evalyard_server.supervisor import Supervisor

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the embedded servers are, and the environment that leads a child process to them."""

    mongodb_url: str
    broker_url: str

    def environment(self, database: str) -> dict[str, str]:
        return {
            **os.environ,
            "EVALYARD_MONGODB_URL": self.mongodb_url,
            "EVALYARD_BROKER_URL": self.broker_url,
            "EVALYARD_DATABASE": database,
            "EVALYARD_PYTHON_TARGETS": "1",
            "EVALYARD_TARGET_ALLOWED_NETWORKS": "127.0.0.0/8",
            "EVALYARD_LOG_LEVEL": "warning",
            "PYTHONPATH": str(ROOT),
        }


@asynccontextmanager
async def servers() -> AsyncIterator[Servers]:
    """Start a mongod and a Valkey in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="evalyard-bench-") as temporary:
        folder = DataFolder.lock(Path(temporary))
        supervisor = Supervisor(warn=lambda sentence: print(sentence, file=sys.stderr))
        try:
            started = {name: start(folder, Settings()) for name, start in EMBEDDED.items()}
            await supervisor.start([server.spec for server in started.values()])
            yield Servers(started["mongodb_url"].url, started["broker_url"].url)
        finally:
            await supervisor.stop()
            folder.close()


@asynccontextmanager
async def process(*command: str, environment: dict[str, str]) -> AsyncIterator[int]:
    """Run a Python command as a process, and end it and what it started."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, *command, env=environment, stdout=asyncio.subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield child.pid
    finally:
        if child.returncode is None:
            child.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(child.wait(), 15)
        if child.returncode is None:
            os.killpg(child.pid, signal.SIGKILL)
            await child.wait()


@asynccontextmanager
async def serving(servers: Servers, database: str) -> AsyncIterator[httpx.AsyncClient]:
    """Start an API process that admits everyone, and yield a client of it."""
    port = free_port()
    environment = {**servers.environment(database), "EVALYARD_AUTH": "none", "EVALYARD_PORT": str(port)}
    async with process(*serve_command(), environment=environment):
        await until_listening(port)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
            yield client


def serve_command() -> tuple[str, ...]:
    """Return the command of an API process."""
    return ("-m", "evalyard.cli", "serve")


def worker_command(processes: int = 1) -> tuple[str, ...]:
    """Return the command of a worker with so many processes."""
    return ("-m", "evalyard.cli", "worker", "--processes", str(processes))


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def until_listening(port: int) -> None:
    """Wait until somebody listens on a port."""
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
