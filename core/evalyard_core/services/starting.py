"""Starting a run: what is asked for is checked, pinned as it stands, and stored with its first tasks."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.caching import check_cache
from evalyard_core.domain.datasets import AttachedEvaluator, Dataset
from evalyard_core.domain.errors import BadInput, LimitExceeded, NotFound
from evalyard_core.domain.evaluators import EvaluatorSnapshot
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.limits import MOST_RECORDS_A_RUN, check_count, check_name, check_range, check_tags, check_text
from evalyard_core.domain.payload import now, payload_size
from evalyard_core.domain.runs import DatasetPin, Run, RunSettings, RunSource, RunStatus, SystemPin
from evalyard_core.domain.tasks import Task, TaskKind, TaskState, lane_task, run_task
from evalyard_core.queue import Queue
from evalyard_core.storage import Store
from evalyard_core.storage.collection import Session
from evalyard_core.storage.datasets import ItemSelection
from evalyard_core.storage.runs import RepeatedKey

from .evaluators import EvaluatorService
from .library import Library
from .replays import check_replay, replayed_by

MOST_EVALUATORS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """What a run is started with."""

    project_id: str
    dataset_id: str | None = None
    dataset_version: int | None = None
    system_version_id: str | None = None
    evaluator_ids: Sequence[str] | None = None
    name: str | None = None
    source: RunSource = RunSource.API
    notes: str = ""
    tags: Sequence[str] | None = None
    metadata: Any = None
    settings: RunSettings = field(default_factory=RunSettings)
    idempotency_key: str | None = None
    rerun_of: str | None = None
    schedule_id: str | None = None
    scheduled_for: datetime | None = None
    monitor_id: str | None = None


class Starter:
    """Starts runs."""

    def __init__(self, store: Store, queue: Queue, library: Library, evaluators: EvaluatorService) -> None:
        self._store = store
        self._queue = queue
        self._library = library
        self._evaluators = evaluators

    async def start(self, *, actor: Actor, new: NewRun) -> Run:
        """Check, pin and store a run with its tasks, and tell the workers.

        The same idempotency key in the same project returns the run that it first started.
        """
        actor.require(new.project_id, Role.EDITOR, field="input.projectId")
        earlier = await self._earlier(new)
        if earlier is not None:
            return earlier
        run = await self.prepare(new)
        number = await self._store.projects.next_run_number(new.project_id)
        try:
            return await self._begin(_numbered(run, number))
        except RepeatedKey:
            return await self._earlier(new) or run

    async def prepare(self, new: NewRun) -> Run:
        """Check and pin what a run is started with; nothing is stored, and the run has no number yet."""
        if await self._store.projects.get(new.project_id) is None:
            raise NotFound("There is no such project.", field="input.projectId")
        _check_settings(new.settings)
        dataset = await self._dataset(new)
        system = await self._system(new, dataset)
        entries = _entries(new, dataset)
        evaluators = await self._evaluators.snapshots(entries, project_id=new.project_id, field="input.evaluatorIds")
        pin = await self._pin(new, dataset, has_system=system is not None)
        return _run(new, pin, system, evaluators)

    async def begin_if(self, run: Run, claim: Callable[[Session], Awaitable[bool]]) -> Run | None:
        """Store a prepared run, with its number and its first tasks, in one transaction with a claim that holds.

        None where it does not. Raises `RepeatedKey` where the run is there already.
        """

        async def write(session: Session) -> Run | None:
            if not await claim(session):
                return None
            number = await self._store.projects.next_run_number(run.project_id, session=session)
            numbered = _numbered(run, number)
            await self._store.runs.add(numbered, session=session)
            await self._store.tasks.add(tasks, session=session)
            return numbered

        tasks = _first_tasks(run)
        begun = await self._store.transaction(write)
        if begun is not None:
            await self._queue.hint([task for task in tasks if task.state is TaskState.READY])
        return begun

    async def _begin(self, run: Run) -> Run:
        """Store a run and its first tasks together; one without a system waits for records at once."""
        if run.system is None:
            run = replace(run, status=RunStatus.RUNNING, started_at=now())
        tasks = _first_tasks(run)

        async def write(session: Session) -> None:
            await self._store.runs.add(run, session=session)
            await self._store.tasks.add(tasks, session=session)

        await self._store.transaction(write)
        await self._queue.hint([task for task in tasks if task.state is TaskState.READY])
        return run

    async def _earlier(self, new: NewRun) -> Run | None:
        if new.idempotency_key is None:
            return None
        if not 1 <= len(new.idempotency_key) <= 200:
            raise BadInput("An idempotency key has 1 to 200 characters.", field="input.idempotencyKey")
        return await self._store.runs.by_idempotency_key(new.project_id, new.idempotency_key)

    async def _dataset(self, new: NewRun) -> Dataset | None:
        if new.dataset_id is None:
            if new.system_version_id is not None:
                raise BadInput("A run that calls a system needs a dataset.", field="input.datasetId")
            return None
        dataset = await self._store.datasets.get(new.dataset_id)
        if dataset is None or dataset.project_id != new.project_id:
            raise NotFound("There is no such dataset.", field="input.datasetId")
        version = new.dataset_version
        if version is not None and not 0 <= version <= dataset.version:
            raise BadInput(
                f"The dataset has versions 0 to {dataset.version}, not {version}.", field="input.datasetVersion"
            )
        return dataset

    async def _system(self, new: NewRun, dataset: Dataset | None) -> SystemPin | None:
        if new.system_version_id is None:
            return None
        version = await self._store.system_versions.get(new.system_version_id)
        if version is None or version.project_id != new.project_id:
            raise NotFound("There is no such system version.", field="input.systemVersionId")
        system = await self._store.systems.get(version.system_id)
        if system is None:
            raise NotFound("There is no such system version.", field="input.systemVersionId")
        target = await self._library.usable_target(version.target, field="input.systemVersionId")
        replayed = await replayed_by(self._store, version, target)
        if replayed is not None:
            check_replay(replayed, dataset, new.settings)
        return SystemPin(
            system_id=system.id,
            system_name=system.name,
            version_id=version.id,
            version_name=version.name,
            target=version.target,
            config=version.config,
            mode=target.mode,
            replays=replayed.id if replayed else None,
        )

    async def _pin(self, new: NewRun, dataset: Dataset | None, *, has_system: bool) -> DatasetPin | None:
        if dataset is None:
            return None
        pin = DatasetPin(
            id=dataset.id,
            name=dataset.name,
            version=dataset.version if new.dataset_version is None else new.dataset_version,
        )
        if has_system:
            await self._check_size(pin, new.settings)
        return pin

    async def _check_size(self, pin: DatasetPin, settings: RunSettings) -> None:
        selection = ItemSelection(pin.id, version=pin.version, tags=settings.item_tags)
        items = await self._store.items.count_all(selection)
        if not items:
            raise BadInput(
                "No item of this dataset version is selected; add items or change the tags.", field="input.datasetId"
            )
        records = min(items, settings.sample_size or items) * settings.trials
        if records > MOST_RECORDS_A_RUN:
            raise LimitExceeded(
                f"A run may have {MOST_RECORDS_A_RUN:,} records at most, not {records:,}; use sampleSize.",
                field="input.trials",
            )


def _entries(new: NewRun, dataset: Dataset | None) -> list[AttachedEvaluator]:
    attached = {entry.evaluator_id: entry for entry in dataset.evaluators} if dataset else {}
    check_count(new.evaluator_ids or list(attached), MOST_EVALUATORS, field="input.evaluatorIds")
    if new.evaluator_ids is None:
        return list(attached.values())
    unique = dict.fromkeys(new.evaluator_ids)
    return [attached.get(identifier, AttachedEvaluator(evaluator_id=identifier)) for identifier in unique]


def _check_settings(settings: RunSettings) -> None:
    check_range(settings.trials, 1, 100, field="input.trials")
    check_range(settings.concurrency, 1, 1_000, field="input.concurrency")
    check_range(settings.max_attempts, 1, 20, field="input.maxAttempts")
    check_range(settings.max_consecutive_failures, 1, MOST_RECORDS_A_RUN, field="input.maxConsecutiveFailures")
    check_range(settings.timeout_seconds, 0.01, 3_600.0, field="input.timeoutSeconds")
    check_range(settings.trace_wait_seconds, 0.0, 86_400.0, field="input.traceWaitSeconds")
    if settings.sample_size is not None:
        check_range(settings.sample_size, 1, MOST_RECORDS_A_RUN, field="input.sampleSize")
    if settings.max_cost_usd is not None:
        check_range(settings.max_cost_usd, 0.0, 1e9, field="input.maxCostUsd")
    if settings.max_duration_seconds is not None:
        check_range(settings.max_duration_seconds, 1.0, 30 * 86_400.0, field="input.maxDurationSeconds")
    check_tags(settings.item_tags, field="input.itemTags")
    check_cache(settings.cache, field="input.cache")


def _run(
    new: NewRun,
    dataset: DatasetPin | None,
    system: SystemPin | None,
    evaluators: tuple[EvaluatorSnapshot, ...],
) -> Run:
    if new.metadata is not None:
        payload_size(new.metadata, field="input.metadata", most=100_000)
    return Run(
        id=new_id(),
        project_id=new.project_id,
        number=0,
        name=_default_name(dataset, system) if new.name is None else check_name(new.name, field="input.name"),
        source=new.source,
        status=RunStatus.PENDING,
        settings=new.settings,
        created_at=now(),
        dataset=dataset,
        system=system,
        evaluators=evaluators,
        notes=check_text(new.notes, field="input.notes"),
        tags=check_tags(new.tags, field="input.tags"),
        metadata=new.metadata,
        idempotency_key=new.idempotency_key,
        rerun_of=new.rerun_of,
        schedule_id=new.schedule_id,
        scheduled_for=new.scheduled_for,
        monitor_id=new.monitor_id,
    )


def _numbered(run: Run, number: int) -> Run:
    return replace(run, number=number, name=run.name or f"Run {number}")


def _first_tasks(run: Run) -> list[Task]:
    moment = now()
    if not run.is_external or run.is_dispatched:
        return [run_task(TaskKind.PLAN, run.id, run.project_id, moment)]
    return [lane_task(run.id, run.project_id, lane, TaskState.IDLE, moment) for lane in range(run.settings.lanes)]


def _default_name(dataset: DatasetPin | None, system: SystemPin | None) -> str:
    parts = [f"{system.system_name} {system.version_name}"] if system else []
    parts += [dataset.name] if dataset else []
    return " on ".join(parts)[:180]
