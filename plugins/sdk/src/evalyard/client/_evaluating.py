"""Running a function of the user's over cases: outputs stream to the server, which scores and judges them."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from ._calling import Calling, System, takes_context
from ._cases import Case, case_key, check_items, dataset_cases, given_cases, planned_cases
from ._errors import ClientError
from ._journal import Journal
from ._local import LocalEvaluator
from ._operations import FINISH, PROGRESS, RUN, START_RUN, SUBMITTED
from ._origin import is_ci, origin
from ._progress import Progress, progress
from ._references import Evaluators, find_dataset
from ._results import ENDED, AsyncResults, read_results
from ._sending import Sender
from ._transport import Transport

_MOST_CONCURRENT: Final = 1_000
_LOOK_SECONDS: Final = 0.5
_DONE: Final = frozenset({"SCORING", "COMPLETED", "ERRORED", "CANCELLED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What `run_and_evaluate` was asked for."""

    system: System
    dataset: str | None = None
    items: Sequence[Any] | None = None
    evaluators: Sequence[Any] | None = None
    trials: int = 1
    concurrency: int = 16
    name: str | None = None
    tags: Sequence[str] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    resume: str | None = None
    wait: bool = True
    show_progress: bool | None = None

    def check(self) -> None:
        """Raise ClientError for what contradicts itself."""
        if not callable(self.system):
            raise ClientError("The system is a function that takes an input: system=my_function.")
        if (self.dataset is None) == (self.items is None):
            raise ClientError("Name a dataset, or give items; not both.")
        check_items(self.items or ())
        takes_context(self.system)
        if not 1 <= self.concurrency <= _MOST_CONCURRENT:
            raise ClientError(f"concurrency is 1 to {_MOST_CONCURRENT:,}, not {self.concurrency}.")


async def evaluate(transport: Transport, project_id: str, wanted: Evaluation) -> AsyncResults:
    """Carry out an evaluation, or what is missing of one, and return what came of it."""
    wanted.check()
    evaluators = await Evaluators.resolve(transport, project_id, wanted.evaluators)
    run = await _run(transport, project_id, wanted, evaluators)
    with progress(run["name"], wanted=wanted.show_progress) as shown:
        if run["status"] == "RUNNING":
            await _carry_out(transport, run, wanted, evaluators.local, shown)
            await transport.ask(FINISH, {"run": run["id"]})
        if wanted.wait:
            await _until_ended(transport, run["id"], shown)
    return await read_results(transport, run["id"])


async def _run(transport: Transport, project_id: str, wanted: Evaluation, evaluators: Evaluators) -> dict[str, Any]:
    """Start a run, or read the one that is to be resumed."""
    if wanted.resume is not None:
        return await _resumed(transport, wanted)
    dataset = await find_dataset(transport, project_id, wanted.dataset) if wanted.dataset else None
    new = {
        "projectId": project_id,
        "datasetId": dataset and dataset["id"],
        "evaluatorIds": evaluators.ids,
        "name": wanted.name,
        "source": "CI" if is_ci() else "API",
        "tags": list(wanted.tags),
        "metadata": {**await asyncio.to_thread(origin), **wanted.metadata},
        "trials": wanted.trials,
        "concurrency": wanted.concurrency,
        # The answer may be lost on its way, and asking again must not start another run.
        "idempotencyKey": str(uuid.uuid4()),
    }
    run: dict[str, Any] = (await transport.ask(START_RUN, {"input": new}))["startRun"]
    return run


async def _resumed(transport: Transport, wanted: Evaluation) -> dict[str, Any]:
    run: dict[str, Any] = (await transport.ask(RUN, {"id": wanted.resume}))["node"]
    if not run:
        raise ClientError(f"There is no run {wanted.resume}; check the id, and the key's project.")
    if run["status"] not in {"RUNNING", "SCORING", *ENDED}:
        raise ClientError(f"The run is {run['status']}: the workers carry it out, and there is nothing to resume.")
    return run


async def _carry_out(
    transport: Transport,
    run: Mapping[str, Any],
    wanted: Evaluation,
    local: Mapping[str, LocalEvaluator],
    shown: Progress,
) -> None:
    """Call the system for the cases that are not done, and send what comes of them."""
    done = await _done(transport, run["id"]) if wanted.resume else frozenset[str]()
    journal, sender = Journal(run["id"]), Sender(transport, run["id"])
    threads = ThreadPoolExecutor(wanted.concurrency, "evalyard")
    complete = False
    try:
        calling = Calling(run["id"], wanted.system, local, threads=threads, journal=journal)
        async with asyncio.TaskGroup() as group:
            group.create_task(sender.work())
            showing = group.create_task(_show(transport, run["id"], shown))
            await _call_all(_without(_cases(transport, run, wanted), done), calling, journal.read(), sender, wanted)
            await sender.end()
            showing.cancel()
        complete = True
    except BaseExceptionGroup as several:
        raise _first(several) from None
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        journal.close(remove=complete)


def _first(several: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first of what went wrong at once: what was raised later came of it."""
    first = several.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


async def _call_all(
    cases: AsyncIterator[Case],
    calling: Calling,
    made: Mapping[str, Mapping[str, Any]],
    sender: Sender,
    wanted: Evaluation,
) -> None:
    """Call the system for each case whose output was not `made` before, so many at once."""
    room = asyncio.Semaphore(wanted.concurrency)

    async def carry_out(case: Case) -> None:
        try:
            await sender.put(await calling.record(case, made.get(case.key)))
        finally:
            room.release()

    async with asyncio.TaskGroup() as group:
        async for case in cases:
            await room.acquire()
            group.create_task(carry_out(case))


def _cases(transport: Transport, run: Mapping[str, Any], wanted: Evaluation) -> AsyncIterator[Case]:
    if wanted.items is not None:
        return given_cases(wanted.items, run["trials"])
    if run["dispatch"] is not None:
        # It may be of a sample of the dataset only.
        return planned_cases(transport, run["id"])
    if run["dataset"] is None:
        raise ClientError("The run has no dataset any more; give its items.")
    return dataset_cases(transport, run["dataset"]["id"], run["datasetVersion"], run["trials"])


async def _without(cases: AsyncIterator[Case], done: Collection[str]) -> AsyncIterator[Case]:
    async for case in cases:
        if case.key not in done:
            yield case


async def _done(transport: Transport, run_id: str) -> set[str]:
    """Return the keys of the cases whose records the server has."""
    done: set[str] = set()
    after: str | None = None
    while True:
        page = (await transport.ask(SUBMITTED, {"id": run_id, "first": 100, "after": after}))["run"]["records"]
        for edge in page["edges"]:
            record = edge["node"]
            if record["status"] in _DONE:
                done.add(case_key(record["item"] and record["item"]["id"], record["input"], record["trial"]))
        if not page["pageInfo"]["hasNextPage"]:
            return done
        after = page["pageInfo"]["endCursor"]


async def _show(transport: Transport, run_id: str, shown: Progress) -> None:
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        shown.show((await transport.ask(PROGRESS, {"id": run_id}))["run"]["progress"])


async def _until_ended(transport: Transport, run_id: str, shown: Progress) -> None:
    """Wait until the run has ended: looked at more seldom the longer it takes."""
    begun = time.monotonic()
    while True:
        run = (await transport.ask(PROGRESS, {"id": run_id}))["run"]
        shown.show(run["progress"])
        if run["status"] in ENDED:
            return
        await asyncio.sleep(min(2.0, 0.05 + (time.monotonic() - begun) / 20))
