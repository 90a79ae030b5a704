"""The client for code that waits."""

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from ._async_client import AsyncClient
from ._calling import System
from ._results import AsyncResults, Results, flat

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")


class _Portal:
    """An event loop in a thread of its own, so that it works in a notebook, whose loop is running, too."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="evalyard", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what comes of a coroutine; interrupted, it is cancelled first."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            raise

    def iterate(self, entries: AsyncIterator[T]) -> Iterator[T]:
        """Yield what an asynchronous iterator yields."""
        end = object()

        async def following() -> T | object:
            return await anext(entries, end)

        while (entry := self.run(following())) is not end:
            yield entry  # type: ignore[misc] # what is not the end is an entry

    def stop(self) -> None:
        """End the loop and its thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@dataclass(frozen=True)
class RunResult(Results):
    """What came of a run."""

    results: AsyncResults = field(repr=False)
    portal: _Portal = field(repr=False)

    @classmethod
    def of(cls, results: AsyncResults, portal: _Portal) -> "RunResult":
        """Return results that can be read without an event loop."""
        return cls(run=results.run, url=results.url, results=results, portal=portal)

    def records(self, filter: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the records in the run's order, a page at a time; `filter` is the schema's RecordFilter."""
        return self.portal.iterate(self.results.records(filter))

    def frame(self) -> "pd.DataFrame":
        """Return the records as a pandas frame, a row each, with a column `score.NAME` for each score."""
        import pandas as pd  # noqa: PLC0415 - it need not be there

        return pd.DataFrame([flat(record) for record in self.records()])

    def compare(self, baseline: str) -> dict[str, Any]:
        """Return the comparison with a run, by its id, as the schema's RunComparison tells it."""
        return self.portal.run(self.results.compare(baseline))

    def refreshed(self) -> "RunResult":
        """Return the run as it stands now."""
        return self.of(self.portal.run(self.results.refreshed()), self.portal)


class Client:
    """`AsyncClient` for code that waits: the same methods, with the same arguments, without await."""

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        project: str | None = None,
        *,
        timeout_seconds: float = 30.0,
        tries: int = 6,
    ) -> None:
        """Ask with `timeout_seconds` for each answer, and `tries` times where the server is away."""
        self._portal = _Portal()
        self._client = self._portal.run(_made(url, api_key, project, timeout_seconds, tries))

    @property
    def url(self) -> str:
        """The address of the server."""
        return self._client.url

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections; results that were returned can't be read on then."""
        self._portal.run(self._client.close())
        self._portal.stop()

    def execute(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the data of a query or mutation of the schema."""
        return self._portal.run(self._client.execute(query, **variables))

    def subscribe(self, query: str, **variables: Any) -> Iterator[dict[str, Any]]:
        """Yield the data of a subscription of the schema."""
        return self._portal.iterate(self._client.subscribe(query, **variables))

    def download(self, address: str) -> Iterator[bytes]:
        """Yield the parts of a file of the server, such as an export, by its path or its address."""
        return self._portal.iterate(self._client.download(address))

    def project_id(self) -> str:
        """Return the id of the project."""
        return self._portal.run(self._client.project_id())

    def evaluator_ids(self, evaluators: Sequence[Any]) -> list[str]:
        """Return the ids of evaluators as `run_and_evaluate` takes them; those that are not there are created."""
        return self._portal.run(self._client.evaluator_ids(evaluators))

    def run(self, run_id: str) -> RunResult:
        """Return a run as it stands."""
        return RunResult.of(self._portal.run(self._client.run(run_id)), self._portal)

    def run_and_evaluate(
        self,
        *,
        system: System,
        dataset: str | None = None,
        items: Iterable[Any] | None = None,
        evaluators: Sequence[Any] | None = None,
        trials: int = 1,
        concurrency: int = 16,
        name: str | None = None,
        tags: Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
        resume: str | None = None,
        wait: bool = True,
        progress: bool | None = None,
    ) -> RunResult:
        """Call a function for every case, have its outputs scored, and return what came of it; see `AsyncClient`."""
        results = self._client.run_and_evaluate(
            system=system,
            dataset=dataset,
            items=items,
            evaluators=evaluators,
            trials=trials,
            concurrency=concurrency,
            name=name,
            tags=tags,
            metadata=metadata,
            resume=resume,
            wait=wait,
            progress=progress,
        )
        return RunResult.of(self._portal.run(results), self._portal)


async def _made(
    url: str | None, api_key: str | None, project: str | None, timeout_seconds: float, tries: int
) -> AsyncClient:
    return AsyncClient(url, api_key, project, timeout_seconds=timeout_seconds, tries=tries)
