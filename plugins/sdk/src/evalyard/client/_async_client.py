"""The client for code that runs on an event loop."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from ._calling import System
from ._evaluating import Evaluation, evaluate
from ._references import Evaluators, find_project
from ._results import AsyncResults, read_results
from ._settings import connection
from ._transport import Transport


class AsyncClient:
    """Talks to one Evalyard server, about one project.

    What is left out comes from EVALYARD_URL, EVALYARD_API_KEY and EVALYARD_PROJECT, or from `evalyard login`. Every
    method raises a `ClientError`: Refused, NotLoggedIn, Unreachable, or one that says what was asked wrongly.
    """

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
        self._transport = Transport(connection(url, api_key, project), timeout_seconds=timeout_seconds, tries=tries)
        self._project_id: str | None = None

    @property
    def url(self) -> str:
        """The address of the server."""
        return self._transport.connection.url

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def execute(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the data of a query or mutation of the schema."""
        return await self._transport.ask(query, variables)

    def subscribe(self, query: str, **variables: Any) -> AsyncIterator[dict[str, Any]]:
        """Yield the data of a subscription of the schema."""
        return self._transport.subscribe(query, variables)

    def download(self, address: str) -> AsyncIterator[bytes]:
        """Yield the parts of a file of the server, such as an export, by its path or its address."""
        return self._transport.get(address)

    async def project_id(self) -> str:
        """Return the id of the project."""
        if self._project_id is None:
            self._project_id = await find_project(self._transport)
        return self._project_id

    async def evaluator_ids(self, evaluators: Sequence[Any]) -> list[str]:
        """Return the ids of evaluators as `run_and_evaluate` takes them; those that are not there are created."""
        return (await Evaluators.resolve(self._transport, await self.project_id(), evaluators)).ids or []

    async def run(self, run_id: str) -> AsyncResults:
        """Return a run as it stands."""
        return await read_results(self._transport, run_id)

    async def run_and_evaluate(
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
    ) -> AsyncResults:
        """Call a function for every case, send its outputs as they come, have them scored, and return what came of it.

        `system` takes the input, and a second argument `context` where it has one of that name; it may be async, may
        return an `Output` to tell what it used, and may raise: that record is ERRORED with the traceback's last lines.
        The cases are those of a `dataset`, by its name or id, or of `items`: inputs, or mappings with input,
        expected_output and metadata; each `trials` times. `evaluators` are names of the project's, `LibraryEvaluator`s,
        and functions that score here (`def polite(output: str) -> bool`); left out, those of the dataset.

        `resume` is the id of a run that was interrupted: only what is missing is done. With `wait=False` it returns
        when all outputs are on the server, before they are scored. `progress=False` shows nothing.
        """
        wanted = Evaluation(
            system=system,
            dataset=dataset,
            items=None if items is None else list(items),
            evaluators=evaluators,
            trials=trials,
            concurrency=concurrency,
            name=name,
            tags=tags,
            metadata=metadata or {},
            resume=resume,
            wait=wait,
            show_progress=progress,
        )
        return await evaluate(self._transport, await self.project_id(), wanted)
