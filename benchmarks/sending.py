"""One sender of spans, as a process: python -m benchmarks.sending PORT SEED REQUESTS CONNECTIONS [SECONDS].

Makes its requests, says so in a line, and waits for one on stdin. Then it sends them, each connection one at a time,
for as long as is said round and round, and writes what came of each as JSON: status and seconds.
"""

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator

from benchmarks.made_up_spans import requests


async def main(port: int, seed: int, count: int, connections: int, seconds: float | None) -> None:
    """Send, and write what came of it."""
    bodies = requests(count, seed)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    ends_at = None if seconds is None else time.perf_counter() + seconds
    left = iter(bodies) if seconds is None else itertools.cycle(bodies)
    results: list[tuple[int, float]] = []
    await asyncio.gather(*(_send(port, left, ends_at, results) for _ in range(connections)))
    print(json.dumps(results), flush=True)


async def _send(port: int, left: Iterator[bytes], ends_at: float | None, results: list[tuple[int, float]]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for body in left:
        if ends_at is not None and time.perf_counter() > ends_at:
            break
        begun = time.perf_counter()
        writer.write(
            b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n"
            b"Authorization: Bearer x\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        writer.write(body)
        await writer.drain()
        results.append((status := await _status(reader), time.perf_counter() - begun))
        if status != 200:
            # As Retry-After says. A server that has not read the body closes the connection.
            await asyncio.sleep(1)
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    await writer.wait_closed()


async def _status(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    [length] = [int(line.partition(b":")[2]) for line in head.split(b"\r\n") if line.startswith(b"content-length")]
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])


if __name__ == "__main__":
    port, seed, count, connections, *rest = sys.argv[1:]
    asyncio.run(main(int(port), int(seed), int(count), int(connections), float(rest[0]) if rest else None))
