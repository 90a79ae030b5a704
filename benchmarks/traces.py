"""(g) Spans taken in a second from four senders, against the floor of the driver; answers and memory under overload."""

import asyncio
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pymongo import AsyncMongoClient
from rich.console import Console
from rich.table import Table

from benchmarks.exporting import peak_rss
from benchmarks.made_up_spans import BATCH, PROJECT
from benchmarks.stack import ROOT, Servers, free_port, process, serve_command, until_listening
from evalyard_core.domain.access import Project
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.payload import now
from evalyard_core.storage import Store

DATABASE = "bench_traces"
SENDERS = 4
#: Of each sender: some ten seconds' worth.
REQUESTS = 40
OVERLOAD_SECONDS = 15.0
#: Connections of each sender while more comes in than can be stored.
OVERLOAD_CONNECTIONS = 32
ROOM_MB = 16


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of the requests of all senders, from the first byte to the last answer."""

    seconds: float
    answers: list[tuple[int, float]]
    peak_rss: int

    @property
    def stored(self) -> int:
        """The spans that were acknowledged."""
        return BATCH * sum(status == 200 for status, _ in self.answers)

    @property
    def per_second(self) -> float:
        """The spans that were acknowledged a second."""
        return self.stored / self.seconds


async def measure(servers: Servers, repeats: int, console: Console) -> None:
    """Send, count what is there, insert the same documents with the driver alone, overload, and print the table."""
    store = await Store.open(servers.mongodb_url, DATABASE)
    await store.projects.insert(Project(id=new_id(), name=PROJECT, description="", created_at=now()))
    seeds = iter(range(1, 1_000_000))
    async with _server(servers) as (port, pid):
        await _send(port, pid, [next(seeds) for _ in range(SENDERS)], 4)
        rounds, floors = [], []
        for _ in range(repeats):
            rounds.append(await _send(port, pid, [next(seeds) for _ in range(SENDERS)], REQUESTS))
            floors.append(await _floor(servers, rounds[-1].stored))
    expected = BATCH * SENDERS * (4 + repeats * REQUESTS)
    await _check(servers, expected)
    async with _server(servers, EVALYARD_TRACES_IN_FLIGHT_MB=str(ROOM_MB)) as (port, pid):
        calm = peak_rss(pid)
        flood = await _send(
            *(port, pid, [next(seeds) for _ in range(SENDERS)], REQUESTS),
            connections=OVERLOAD_CONNECTIONS,
            seconds=OVERLOAD_SECONDS,
        )
    await store.close()
    console.print(_table(rounds, floors, flood, calm))


@asynccontextmanager
async def _server(servers: Servers, **settings: str) -> AsyncIterator[tuple[int, int]]:
    """Start an API process that admits everyone, and yield its port and its id."""
    port = free_port()
    environment = {**servers.environment(DATABASE), "EVALYARD_AUTH": "none", "EVALYARD_PORT": str(port), **settings}
    async with process(*serve_command(), environment=environment) as pid:
        await until_listening(port)
        yield port, pid


async def _send(
    port: int, pid: int, seeds: Sequence[int], count: int, *, connections: int = 1, seconds: float | None = None
) -> Sent:
    """Have each sender send its requests, all from the same moment on."""
    senders = [await _sender(port, seed, count, connections, seconds) for seed in seeds]
    for sender in senders:
        await sender.ready()
    begun = time.perf_counter()
    results = await asyncio.gather(*(sender.results() for sender in senders))
    took = time.perf_counter() - begun
    return Sent(took, [answer for result in results for answer in result], peak_rss(pid))


@dataclass(frozen=True, slots=True)
class _Sender:
    """A process that has made its requests, and sends them when it is told to."""

    child: asyncio.subprocess.Process

    async def ready(self) -> None:
        assert self.child.stdout is not None
        await self.child.stdout.readline()

    async def results(self) -> list[tuple[int, float]]:
        out, _ = await self.child.communicate(b"go\n")
        return [(status, seconds) for status, seconds in json.loads(out)]


async def _sender(port: int, seed: int, count: int, connections: int, seconds: float | None) -> _Sender:
    arguments = [str(value) for value in (port, seed, count, connections, seconds) if value is not None]
    command = (sys.executable, "-m", "benchmarks.sending", *arguments)
    pipe = asyncio.subprocess.PIPE
    return _Sender(await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, cwd=ROOT))


async def _floor(servers: Servers, count: int) -> float:
    """Return how many of the stored documents the driver inserts a second, in the same batches, without any index."""
    async with AsyncMongoClient[dict[str, Any]](servers.mongodb_url, w="majority") as client:
        documents = await client[DATABASE]["spans"].find().limit(count).to_list()
        collection = client[f"{DATABASE}_floor"]["spans"]
        await collection.drop()
        begun = time.perf_counter()
        for place in range(0, len(documents), BATCH):
            await collection.insert_many(documents[place : place + BATCH], ordered=False)
        return len(documents) / (time.perf_counter() - begun)


async def _check(servers: Servers, expected: int) -> None:
    """Raise unless every acknowledged span is there, and in the figures of its trace."""
    async with AsyncMongoClient[dict[str, Any]](servers.mongodb_url) as client:
        database = client[DATABASE]
        there = await database["spans"].count_documents({})
        rows = await database["traces"].aggregate([{"$group": {"_id": None, "spans": {"$sum": "$span_count"}}}])
        [summed] = await rows.to_list()
    if not there == summed["spans"] == expected:
        raise RuntimeError(f"{expected} spans were acknowledged, {there} are there, traces count {summed['spans']}")


def _table(rounds: Sequence[Sent], floors: Sequence[float], flood: Sent, calm: int) -> Table:
    table = Table(title=f"{SENDERS} senders, requests of {BATCH} spans, one API process")
    for column in ("", "spans a second", "times the floor", "p50 ms", "p99 ms", "peak RSS MB", "answers"):
        table.add_column(column, justify="left" if not column else "right")
    floor = statistics.median(floors)
    table.add_row("floor: the driver inserts the documents", f"{floor:,.0f}", "1.0", "", "", "", "")
    best = sorted(rounds, key=lambda sent: sent.per_second)[len(rounds) // 2]
    for name, sent in (
        ("one request at a time each", best),
        (f"{OVERLOAD_CONNECTIONS} at a time each, room for {ROOM_MB} MB", flood),
    ):
        seconds = [took for status, took in sent.answers if status == 200]
        cuts = statistics.quantiles(seconds, n=100)
        statuses = Counter(status for status, _ in sent.answers)
        table.add_row(
            name,
            f"{sent.per_second:,.0f}",
            f"{floor / sent.per_second:.1f}",
            f"{cuts[49] * 1000:.0f}",
            f"{cuts[98] * 1000:.0f}",
            f"{sent.peak_rss / 1e6:.0f}",
            ", ".join(f"{number:,} × {status}" for status, number in sorted(statuses.items())),
        )
    table.caption = f"The API process has {calm / 1e6:.0f} MB before anything is sent."
    return table
