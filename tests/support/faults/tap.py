"""A tap in the line to a MongoDB. It can hold messages back, as a slow network does and a process that is stopped."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Hold:
    """Keeps the next message that has all of some words from the database, until it is released."""

    def __init__(self, words: tuple[str, ...], *, late: bool) -> None:
        self.late = late
        self.reached = asyncio.Event()
        self.released = asyncio.Event()
        self._words = [word.encode() for word in words]

    def wants(self, message: bytes) -> bool:
        return not (self.reached.is_set() or self.released.is_set()) and all(word in message for word in self._words)


class Tap:
    """Hands on what clients and a database on the loopback address say to each other."""

    def __init__(self, upstream_port: int) -> None:
        self.port = 0
        self._upstream_port = upstream_port
        self._holds: list[Hold] = []

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator["Tap"]:
        """Listen on a free port until the end of the block."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**20)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    def hold(self, *words: str, late: bool = True) -> Hold:
        """Hold the next message to the database with all these words; a collection is a word, so is an id.

        `late` tells whether it still arrives when its sender is dead by then.
        """
        hold = Hold(words, late=late)
        self._holds.append(hold)
        return hold

    def release(self) -> None:
        """Let go of all that is held, and hold nothing that comes."""
        for hold in self._holds:
            hold.released.set()
        self._holds = [hold for hold in self._holds if hold.reached.is_set()]

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            server, to_server = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        except OSError:
            to_client.close()
            return
        answers = asyncio.create_task(_copy(server, to_client))
        try:
            await self._hand_on(client, to_server)
        finally:
            # What was under way when a client was killed may still arrive.
            to_server.close()
            await asyncio.wait({answers})
            to_client.close()

    async def _hand_on(self, client: asyncio.StreamReader, to_server: asyncio.StreamWriter) -> None:
        """Hand on messages, each of which begins with its own length (MongoDB's wire protocol)."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await client.readexactly(4)
                message = head + await client.readexactly(int.from_bytes(head, "little") - 4)
                for hold in [hold for hold in self._holds if hold.wants(message)]:
                    hold.reached.set()
                    await hold.released.wait()
                    self._holds.remove(hold)
                    if client.at_eof() and not hold.late:
                        return
                to_server.write(message)
                await to_server.drain()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Copy bytes until either side is gone, and let go of the other."""
    with contextlib.suppress(ConnectionError):
        while part := await source.read(65_536):
            target.write(part)
            await target.drain()
    target.close()
