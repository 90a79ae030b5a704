"""Records on their way to the server: in batches, beside the system, and no faster than the server takes them."""

import asyncio
import json
from typing import Any, Final

from ._operations import SUBMIT
from ._transport import Transport

_MOST_RECORDS: Final = 200
_MOST_BYTES: Final = 4 * 1024 * 1024
_LINGER_SECONDS: Final = 0.25
_WAITING: Final = 2 * _MOST_RECORDS


class Sender:
    """Sends the records of one run; who puts one in waits while 400 are on their way."""

    def __init__(self, transport: Transport, run_id: str) -> None:
        self._transport = transport
        self._run_id = run_id
        self._queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(_WAITING)
        self.sent = 0

    async def put(self, record: dict[str, Any]) -> None:
        """Take in a record."""
        await self._queue.put(record)

    async def end(self) -> None:
        """Say that there are no more records; `work` returns when all are on the server."""
        await self._queue.put(None)

    async def work(self) -> None:
        """Send what comes, until the end."""
        ended = False
        while not ended:
            batch, ended = await self._batch()
            if batch:
                await self._transport.ask(SUBMIT, {"run": self._run_id, "records": batch})
                self.sent += len(batch)

    async def _batch(self) -> tuple[list[dict[str, Any]], bool]:
        """Return what comes within a moment of its first record, as far as it fits, and whether that was the end."""
        batch: list[dict[str, Any]] = []
        size, deadline = 0, None
        while len(batch) < _MOST_RECORDS and size < _MOST_BYTES:
            try:
                async with asyncio.timeout_at(deadline):
                    record = await self._queue.get()
            except TimeoutError:
                return batch, False
            if record is None:
                return batch, True
            batch.append(record)
            size += len(json.dumps(record))
            deadline = deadline or asyncio.get_running_loop().time() + _LINGER_SECONDS
        return batch, False
