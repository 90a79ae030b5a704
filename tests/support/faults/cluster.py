"""A database, a broker, an API and two workers, each a real process that is started again when it ends."""

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import redis.asyncio
from pymongo import AsyncMongoClient
from pymongo.errors import ConnectionFailure, OperationFailure

from evalyard_core.queue import BrokerQueue, connect_broker
from evalyard_core.services import Services
from evalyard_core.settings import Settings
from evalyard_core.storage import Store
from evalyard_server.children import api_spec, worker_spec
from evalyard_server.embedded.folder import DataFolder
from evalyard_server.embedded.mongod import mongod_spec
from evalyard_server.embedded.process import ChildSpec
from evalyard_server.embedded.valkey import valkey_spec, valkey_url
from evalyard_server.listening import open_listener
from evalyard_server.supervisor import BackOff, Supervisor
from tests.fixtures.servers import MEMORY

from .tap import Tap

LEASE_SECONDS: Final = 3.0
_ALREADY_INITIALIZED: Final = 23


class Part(StrEnum):
    """What can be struck; the value is its name as a child."""

    WORKER = "worker 1"
    OTHER_WORKER = "worker 2"
    API = "the API"
    BROKER = "the broker"
    DATABASE = "the database"


@dataclass
class Cluster:
    """The running parts, and the ways to them."""

    supervisor: Supervisor
    settings: Settings
    tap: Tap
    store: Store
    services: Services
    api: httpx.AsyncClient
    said: list[str]

    def pid(self, part: Part) -> int | None:
        """Return the process id of a part, None while there is none."""
        return self.supervisor.pids().get(part)

    def signal(self, part: Part, number: signal.Signals) -> None:
        """Send a signal; a stop and its end, and a kill, are for all processes of the part."""
        pid = self.pid(part)
        if pid is None:
            return
        if number is signal.SIGTERM:
            os.kill(pid, number)
        else:
            os.killpg(pid, number)

    async def lose_messages(self) -> None:
        """Let the broker forget every message."""
        async with redis.asyncio.from_url(self.settings.broker_url) as client:
            await client.flushall()

    async def ask(self, query: str, **variables: Any) -> Any:
        """Ask the API until it answers: calls that break off, or are answered with an error, are made again."""
        loop = asyncio.get_running_loop()
        deadline, said = loop.time() + 60, "nothing"
        while loop.time() < deadline:
            try:
                reply = await self.api.post("/graphql", json={"query": query, "variables": variables})
            except httpx.TransportError as error:
                said = repr(error)
            else:
                said = reply.text
                if reply.is_success and "errors" not in (body := reply.json()):
                    return body["data"]
            await asyncio.sleep(0.05)
        raise TimeoutError(f"the API did not do what it was asked; the last that it said: {said}")


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 60.0) -> None:
    """Wait for a condition that asks other processes; what breaks off is asked again."""
    async with asyncio.timeout(seconds):
        while True:
            with contextlib.suppress(ConnectionFailure):
                if await condition():
                    return
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def cluster() -> AsyncIterator[Cluster]:
    """Start everything, and stop it at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="evalyard-faults-", dir=MEMORY) as temporary:
        folder, said = DataFolder.lock(Path(temporary)), list[str]()
        supervisor = Supervisor(said.append, BackOff(first_seconds=0.05, most_seconds=0.05))
        async with contextlib.AsyncExitStack() as owned:
            owned.callback(folder.close)
            environment = owned.enter_context(pytest.MonkeyPatch.context())
            environment.setenv("EVALYARD_LEASE_SECONDS", str(LEASE_SECONDS))
            environment.setenv("EVALYARD_SECRET_JUDGE", "sk-judge")
            owned.push_async_callback(supervisor.stop)
            database_port, broker_port = folder.port("mongodb"), folder.port("valkey")
            tap = await owned.enter_async_context(Tap(database_port).listening())
            await supervisor.start([_database(folder, database_port, tap), valkey_spec(folder, broker_port)])
            listener = owned.enter_context(open_listener("127.0.0.1", 0))
            settings = Settings(
                mongodb_url=f"mongodb://127.0.0.1:{tap.port}/?replicaSet=rs0",
                broker_url=valkey_url(broker_port),
                auth="none",
                port=listener.getsockname()[1],
                data=Path(temporary),
                target_allowed_networks=("127.0.0.0/8",),
                lease_seconds=LEASE_SECONDS,
            )
            await supervisor.start([api_spec(settings, listener), *(worker_spec(settings, n) for n in (1, 2))])
            store = await Store.open(settings.mongodb_url, settings.database, lease_seconds=LEASE_SECONDS)
            owned.push_async_callback(store.close)
            services = Services(store, BrokerQueue(connect_broker(settings.broker_url)))
            url = f"http://127.0.0.1:{settings.port}"
            api = await owned.enter_async_context(httpx.AsyncClient(base_url=url, trust_env=False, timeout=10))
            yield Cluster(supervisor, settings, tap, store, services, api, said)


def _database(folder: DataFolder, port: int, tap: Tap) -> ChildSpec:
    """Return how to run a mongod whose replica set has the address of the tap."""

    async def settle() -> None:
        url = f"mongodb://127.0.0.1:{port}/?directConnection=true"
        async with AsyncMongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=500) as client:
            while True:
                with contextlib.suppress(ConnectionFailure):
                    await _initiate(client, tap.port)
                    if (await client.admin.command("hello")).get("isWritablePrimary"):
                        # Else it waits for secondaries, which it has none of, when it is to end.
                        quickly = {"setParameter": 1, "shutdownTimeoutMillisForSignaledShutdown": 100}
                        await client.admin.command(quickly)
                        return
                await asyncio.sleep(0.02)

    return replace(mongod_spec(folder, port), settle=settle)


async def _initiate(client: AsyncMongoClient[dict[str, Any]], port: int) -> None:
    members = [{"_id": 0, "host": f"127.0.0.1:{port}"}]
    try:
        await client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
    except OperationFailure as error:
        if error.code != _ALREADY_INITIALIZED:
            raise
