"""Outputs of systems that run elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.client_scores import SubmittedScore, client_scores
from evalyard_core.domain.counting import negative, progress_of, tallies_of
from evalyard_core.domain.datasets import Item
from evalyard_core.domain.errors import BadInput, Conflict, LimitExceeded, NotFound
from evalyard_core.domain.ids import itemless_key, record_id
from evalyard_core.domain.limits import LONGEST_NAME, check_count, check_range
from evalyard_core.domain.payload import check_together, now
from evalyard_core.domain.records import Problem, Record, RecordStatus, Score, Verdict
from evalyard_core.domain.redacting import redacted_records
from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.domain.scores import skipped_scores
from evalyard_core.domain.traces.context import as_trace_id
from evalyard_core.queue import Queue
from evalyard_core.storage import Store
from evalyard_core.storage.collection import Session

from .redacting import redacted, rules_of
from .runs import RunService

MOST_A_CALL = 1_000
_MOST_BYTES_A_CALL = 48 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What a system elsewhere did with one item or input."""

    item_id: str | None = None
    trial: int = 1
    input: Any = None
    expected_output: Any = None
    metadata: Any = None
    output: Any = None
    error: str | None = None
    latency_ms: float | None = None
    cost_usd: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    trace_id: str | None = None
    scores: Sequence[SubmittedScore] = ()


class SubmissionService:
    """Takes in records, all of a call or none."""

    def __init__(self, store: Store, queue: Queue, runs: RunService) -> None:
        self._store = store
        self._queue = queue
        self._runs = runs

    async def submit(
        self, *, actor: Actor, run_id: str, submitted: Sequence[Submitted]
    ) -> tuple[Run, Sequence[Record]]:
        """Store records of an external run and have them scored; returns the run and the records, in order.

        A record is known by its item, or else its input, and its trial. Sending it again changes nothing, unless it
        errored: then the newer one takes its place. Sending it with another output is refused.
        """
        run = await self._runs.require(actor=actor, run_id=run_id, role=Role.EDITOR, field="runId")
        if not run.is_external:
            raise Conflict("The workers carry this run out; start one without a systemVersionId.", field="runId")
        run.require(RunStatus.RUNNING, action="submit records")
        _check(submitted, run)
        items = await self._items(run, submitted)
        moment = now()
        scores = [
            client_scores(entry.scores, run.evaluators, moment, field=f"records[{index}].scores")
            for index, entry in enumerate(submitted)
        ]
        sent = _distinct(
            [
                _record(run, entry, items.get(entry.item_id or ""), given, moment)
                for entry, given in zip(submitted, scores, strict=True)
            ]
        )
        rules = await rules_of(self._store, run.project_id)
        records = await redacted(sent, rules, lambda each, redactor: redacted_records(each.values(), redactor))
        ids = [_identifier(run, entry) for entry in submitted]

        async def write(session: Session) -> None:
            there = await self._store.records.get_many(list(records), session=session)
            new = [records[identifier] for identifier in _new(ids, records, there)]
            if new:
                await self._store_new(run, new, there, session)

        await self._store.transaction(write)
        if run.evaluators:
            tasks = self._store.tasks
            await self._queue.hint(await tasks.wake(run.id, due_seconds=tasks.hint_seconds))
        stored = await self._store.records.get_many(list(records))
        return await self._store.runs.get(run.id) or run, [stored[identifier] for identifier in ids]

    async def _store_new(self, run: Run, new: Sequence[Record], there: Mapping[str, Record], session: Session) -> None:
        """Store and count records. The run is written first: it is finished or cancelled before this or after it."""
        first = await self._store.runs.reserve_places(run.id, len(new), session=session)
        if first is None:
            raise Conflict(f"Run {run.number} was finished or cancelled in the meantime.", field="runId")
        placed = [_placed(record, run, first + index, there.get(record.id)) for index, record in enumerate(new)]
        added = [record for record in placed if record.id not in there]
        better = [record for record in placed if record.id in there]
        await self._store.records.put(added, better, session=session)
        await self._store.runs.add_progress(
            run.id, replace(progress_of(placed), total=len(placed)), tallies_of(placed), session=session
        )
        if better:
            await self._take_back(run, [there[record.id] for record in better], session)

    async def _take_back(self, run: Run, errored: Sequence[Record], session: Session) -> None:
        """Take errored or awaited records, whose places others have taken, out of the counters."""
        counted = replace(progress_of(errored), total=len(errored))
        tallies = {key: negative(tally) for key, tally in tallies_of(errored).items()}
        await self._store.runs.add_progress(run.id, negative(counted), tallies, session=session)

    async def _items(self, run: Run, submitted: Sequence[Submitted]) -> dict[str, Item]:
        wanted = {entry.item_id: index for index, entry in enumerate(submitted) if entry.item_id is not None}
        if not wanted:
            return {}
        if run.dataset is None:
            index = next(iter(wanted.values()))
            raise BadInput("This run has no dataset, so its records have no itemId.", field=f"records[{index}].itemId")
        found = await self._store.items.at_version(list(wanted), run.dataset.id, run.dataset.version)
        for identifier, index in wanted.items():
            if identifier not in found:
                raise NotFound(
                    f"There is no such item in version {run.dataset.version} of the dataset.",
                    field=f"records[{index}].itemId",
                )
        return found


def _check(submitted: Sequence[Submitted], run: Run) -> None:
    if not submitted:
        raise BadInput("Send at least one record.", field="records")
    check_count(submitted, MOST_A_CALL, field="records")
    total = 0
    for index, entry in enumerate(submitted):
        here = f"records[{index}]"
        check_range(entry.trial, 1, run.settings.trials, field=f"{here}.trial")
        if entry.item_id is None and entry.input is None:
            raise BadInput("A record needs an itemId or an input.", field=f"{here}.input")
        if (entry.output is None) == (entry.error is None):
            raise BadInput("A record has either an output or an error.", field=f"{here}.output")
        if entry.error is not None and entry.scores:
            raise BadInput("A record without an output has no scores; leave them out.", field=f"{here}.scores")
        total += _check_payloads(entry, field=here)
        _check_figures(entry, field=here)
    if total > _MOST_BYTES_A_CALL:
        raise LimitExceeded(
            f"These records have {total:,} bytes; send at most {_MOST_BYTES_A_CALL:,} in one call.", field="records"
        )


def _check_payloads(entry: Submitted, *, field: str) -> int:
    case = {
        f"{field}.input": entry.input,
        f"{field}.expectedOutput": entry.expected_output,
        f"{field}.metadata": entry.metadata,
    }
    outcome = {f"{field}.output": entry.output, f"{field}.error": entry.error}
    if entry.scores:
        outcome[f"{field}.scores"] = [(score.value, score.metadata, score.explanation) for score in entry.scores]
    return check_together(case) + check_together(outcome)


def _check_figures(entry: Submitted, *, field: str) -> None:
    for name in ("latency_ms", "cost_usd", "prompt_tokens", "completion_tokens"):
        value = getattr(entry, name)
        if value is not None and not 0 <= value < 1e12:
            raise BadInput(f"{_camel(name)} must be 0 or more, and less than 1e12.", field=f"{field}.{_camel(name)}")
    trace_id = entry.trace_id
    if trace_id is not None and not (0 < len(trace_id) <= LONGEST_NAME and trace_id.isprintable()):
        raise BadInput(f"A trace id has 1 to {LONGEST_NAME} printable characters.", field=f"{field}.traceId")


def _identifier(run: Run, entry: Submitted) -> str:
    return record_id(run.id, entry.item_id or itemless_key(entry.input), entry.trial)


def _record(run: Run, entry: Submitted, item: Item | None, scores: tuple[Score, ...], moment: datetime) -> Record:
    error = None if entry.error is None else Problem("SYSTEM_ERROR", entry.error)
    status = RecordStatus.SCORING if run.evaluators else RecordStatus.COMPLETED
    return Record(
        id=_identifier(run, entry),
        run_id=run.id,
        project_id=run.project_id,
        dataset_id=run.dataset.id if run.dataset else None,
        item_id=entry.item_id,
        system_version_id=run.system.version_id if run.system else None,
        seq=0,
        lane=0,
        trial=entry.trial,
        input=item.input if item and entry.input is None else entry.input,
        expected_output=item.expected_output if item and entry.expected_output is None else entry.expected_output,
        metadata=item.metadata if item and entry.metadata is None else entry.metadata,
        tags=item.tags if item else (),
        status=RecordStatus.ERRORED if error else status,
        verdict=Verdict.ERRORED if error else None,
        scores=skipped_scores(run.evaluators, moment) if error else scores,
        created_at=moment,
        output=entry.output,
        error=error,
        attempts=1,
        latency_ms=entry.latency_ms,
        cost_usd=entry.cost_usd,
        prompt_tokens=entry.prompt_tokens,
        completion_tokens=entry.completion_tokens,
        trace_id=None if entry.trace_id is None else as_trace_id(entry.trace_id),
        finished_at=moment if error or not run.evaluators else None,
    )


def _distinct(records: Sequence[Record]) -> dict[str, Record]:
    """Return the records by id; one that stands twice must say the same."""
    distinct: dict[str, Record] = {}
    for index, record in enumerate(records):
        first = distinct.setdefault(record.id, record)
        if not _says_the_same(record, first):
            raise BadInput(
                "Two records of this call have the same item, or input, and trial but different outputs; "
                "number their trials.",
                field=f"records[{index}].trial",
            )
    return distinct


def _new(ids: Sequence[str], records: Mapping[str, Record], there: Mapping[str, Record]) -> list[str]:
    """Return which records are to be stored; refuse one, by its place among `ids`, where another output is there."""
    new = {}
    for index, identifier in enumerate(ids):
        stored = there.get(identifier)
        if (
            stored is None
            or stored.status is RecordStatus.PENDING
            or (stored.status is RecordStatus.ERRORED and not _says_the_same(records[identifier], stored))
        ):
            new[identifier] = index
        elif not _says_the_same(records[identifier], stored):
            raise Conflict(
                "Another output is there for this item or input and trial; submit it as another trial, or into another "
                "run.",
                field=f"records[{index}]",
            )
    return list(new)


def _says_the_same(one: Record, other: Record) -> bool:
    return (one.output, one.error) == (other.output, other.error)


def _placed(record: Record, run: Run, seq: int, awaited: Record | None) -> Record:
    """Return a record with its place in the run: the one that was kept for it, or the next."""
    place = seq if awaited is None else awaited.seq
    return replace(record, seq=place, lane=place % run.settings.lanes)


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
