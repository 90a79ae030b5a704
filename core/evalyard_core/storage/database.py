"""The connection and the repositories that use it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo import AsyncMongoClient
from pymongo.errors import ConfigurationError, InvalidURI, OperationFailure, PyMongoError
from pymongo.monitoring import CommandListener

from .answer_cache import AnswerCacheRepository
from .changes import ChangeFeed
from .codec import Document
from .collection import Session
from .datasets import DatasetRepository, ItemRepository
from .evaluators import EvaluatorRepository
from .exports import ExportRepository
from .gates import GateRepository
from .index_upkeep import ensure_indexes
from .judgements import JudgementRepository
from .monitors import MonitorRepository, SightingRepository
from .outcomes import OutcomeRepository
from .projects import ApiKeyRepository, ProjectRepository
from .put_off import PutOffRecords
from .rate_limits import RateLimitRepository
from .records import RecordRepository
from .requests import RequestRepository
from .run_limits import RunLimitRepository
from .runs import RunRepository
from .schedules import ScheduleRepository
from .score_cache import ScoreCacheRepository
from .scores import ScoreHistoryRepository
from .secrets import SecretRepository
from .span_notes import SpanNotesRepository
from .spans import SpanRepository
from .systems import SystemRepository, SystemVersionRepository
from .tasks import LEASE_SECONDS, TaskRepository
from .traces import TraceRepository
from .workers import WorkerRepository

T = TypeVar("T")


class StoreUnavailable(Exception):
    """The database can't be used; the message says why and what to do."""


class Store:
    """One database and its repositories; `open` it on the event loop that will use it, `close` it once."""

    def __init__(
        self, client: AsyncMongoClient[Document], database: str, *, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        self._client = client
        options: CodecOptions[Document] = CodecOptions(tz_aware=True)
        self._database = client.get_database(database, codec_options=options)
        self.projects = ProjectRepository(self._database)
        self.api_keys = ApiKeyRepository(self._database)
        self.datasets = DatasetRepository(self._database)
        self.items = ItemRepository(self._database)
        self.evaluators = EvaluatorRepository(self._database)
        self.systems = SystemRepository(self._database)
        self.system_versions = SystemVersionRepository(self._database)
        self.rate_limits = RateLimitRepository(self._database)
        self.runs = RunRepository(self._database)
        self.run_limits = RunLimitRepository(self._database)
        self.records = RecordRepository(self._database)
        self.answer_cache = AnswerCacheRepository(self._database)
        self.score_cache = ScoreCacheRepository(self._database)
        self.exports = ExportRepository(self._database)
        self.gates = GateRepository(self._database)
        self.outcomes = OutcomeRepository(self._database)
        self.score_history = ScoreHistoryRepository(self._database)
        self.judgements = JudgementRepository(self._database)
        self.put_off = PutOffRecords(self._database)
        self.schedules = ScheduleRepository(self._database)
        self.monitors = MonitorRepository(self._database)
        self.sightings = SightingRepository(self._database)
        self.traces = TraceRepository(self._database)
        self.span_notes = SpanNotesRepository(self._database)
        self.spans = SpanRepository(self._database)
        self.tasks = TaskRepository(self._database, lease_seconds)
        self.workers = WorkerRepository(self._database)
        self.requests = RequestRepository(self._database)
        self.secrets = SecretRepository(self._database)
        self.changes = ChangeFeed(self._database)

    @classmethod
    async def open(
        cls,
        url: str,
        database: str,
        *,
        wait_seconds: float = 5.0,
        lease_seconds: float = LEASE_SECONDS,
        event_listeners: Sequence[CommandListener] = (),
    ) -> "Store":
        """Connect, check the server and create what indexes are missing; raises `StoreUnavailable`.

        `lease_seconds` is how long a task stays with a holder that says nothing, the same in every process;
        `event_listeners` hear of every command that is sent.
        """
        try:
            client: AsyncMongoClient[Document] = AsyncMongoClient(
                url,
                serverSelectionTimeoutMS=int(wait_seconds * 1000),
                tz_aware=True,
                retryWrites=True,
                w="majority",
                event_listeners=event_listeners,
            )
        except (ConfigurationError, InvalidURI, ValueError) as error:
            raise StoreUnavailable(f"EVALYARD_MONGODB_URL is no MongoDB address: {error}. Correct it.") from error
        store = cls(client, database, lease_seconds=lease_seconds)
        try:
            await store._check_server()
            await store.ensure_indexes()
        except StoreUnavailable:
            await client.close()
            raise
        except PyMongoError as error:
            await client.close()
            raise StoreUnavailable(
                f"MongoDB can't be reached or used ({_short(error)}). Start it, or correct EVALYARD_MONGODB_URL."
            ) from error
        return store

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def ping(self) -> None:
        """Ask the database for a sign of life; raises the driver's error."""
        await self._client.admin.command("ping")

    async def is_reachable(self) -> bool:
        """Tell whether the database answers."""
        try:
            await self.ping()
        except PyMongoError:
            return False
        return True

    async def ensure_indexes(self) -> None:
        """Create each declared index that is not there as declared; may be called by many processes at once."""
        await ensure_indexes(self._database)

    async def transaction(self, work: Callable[[Session], Awaitable[T]]) -> T:
        """Run `work` in a transaction and return its result; it may run more than once, on write conflicts."""
        async with self._client.start_session() as session:
            return await session.with_transaction(work)

    async def explain(self, command: Document) -> Document:
        """Return the server's plan of a find, count or aggregate command; for tests of the indexes."""
        # The bounds of an index reach to times that Python does not have.
        options: CodecOptions[Document] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO)
        return await self._database.command({"explain": command, "verbosity": "executionStats"}, codec_options=options)

    async def _check_server(self) -> None:
        hello = await self._client.admin.command("hello")
        if "setName" not in hello:
            raise StoreUnavailable(
                "MongoDB runs alone, but change streams and transactions want a replica set: start it with --replSet "
                "and call rs.initiate() once."
            )
        version = (await self._client.server_info())["versionArray"]
        if version[0] < 6:
            raise StoreUnavailable(f"MongoDB {version[0]}.{version[1]} is too old; use 6.0 or newer.")


def _short(error: PyMongoError) -> str:
    if isinstance(error, OperationFailure) and error.details:
        return str(error.details.get("errmsg", error))
    return str(error).split(",", 1)[0]
