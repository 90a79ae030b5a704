"""What has changed, as it happens: one change stream for a process."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Final

import structlog
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from evalyard_core.domain.records import RECORD_TERMINAL

from .codec import Document

_log = structlog.get_logger(__name__)

#: Error codes after which a stream can't go on from its token: the database was dropped, the oplog has moved on, or the
#: token is unknown.
_LOST: Final = {260, 280, 286}
_PAUSE_SECONDS: Final = 0.5

_PIPELINE: Final[list[Document]] = [
    {
        "$match": {
            "$or": [
                {"ns.coll": "runs", "operationType": {"$in": ["insert", "update", "replace", "delete"]}},
                {
                    "ns.coll": "records",
                    "$or": [
                        {"updateDescription.updatedFields.status": {"$in": sorted(RECORD_TERMINAL)}},
                        {"fullDocument.status": {"$in": sorted(RECORD_TERMINAL)}},
                    ],
                },
            ]
        }
    },
    {"$project": {"ns.coll": 1, "documentKey": 1}},
]


@dataclass(frozen=True, slots=True)
class RunChanged:
    """A run is new, has changed or was removed."""

    run_id: str


@dataclass(frozen=True, slots=True)
class RecordCompleted:
    """A record was completed, has errored or was cancelled."""

    record_id: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Changes may have been missed: whoever waits should look at the state."""


Change = RunChanged | RecordCompleted | Gap


class ChangeFeed:
    """The change stream of a database, resumed over failures."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = database

    async def follow(self) -> AsyncGenerator[Change, None]:
        """Yield changes for ever, the first thing always being a `Gap`.

        Goes on where it broke off when the database was away, and yields a `Gap` where it can't.
        """
        token: Any = None
        while True:
            try:
                async with await self._database.watch(_PIPELINE, resume_after=token, max_await_time_ms=1000) as stream:
                    if token is None:
                        token = stream.resume_token
                        yield Gap()
                    async for event in stream:
                        token = event["_id"]
                        yield _change(event)
                # The stream ends when the database is dropped.
                token = None
            except PyMongoError as error:
                _log.warning("change stream broke off", error=str(error))
                if getattr(error, "code", None) in _LOST:
                    token = None
                await asyncio.sleep(_PAUSE_SECONDS)


def _change(event: Document) -> Change:
    identifier = event["documentKey"]["_id"]
    return RunChanged(identifier) if event["ns"]["coll"] == "runs" else RecordCompleted(identifier)
