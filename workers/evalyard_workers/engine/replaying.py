"""Taking the outputs of a run from another one: nothing is called and nothing is paid."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from evalyard_core.domain.ids import global_id, record_id
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Outcome, Problem, Record, RecordStatus, Retrying
from evalyard_core.storage import Store


class Replayer:
    """Gives each record of a run what another run has for the same item and trial."""

    #: As a `Caller` has them: nothing is tried again here, and nothing waited for.
    retrying: Final[Mapping[str, Retrying]] = MappingProxyType({})
    wait_seconds: Final = 0.0

    def __init__(self, store: Store, run_id: str) -> None:
        self._store = store
        self._run_id = run_id
        self._sources: dict[str, Record] = {}

    def stop(self) -> None:
        """Do nothing: what was asked is answered at once."""

    async def prepare(self, records: Sequence[Record]) -> None:
        """Read what the other run has for these records, in one round trip."""
        self._sources |= await self._store.records.get_many([self._source_id(record) for record in records])

    async def flush(self) -> None:
        """Do nothing: no call was made."""

    async def outcome(self, record: Record) -> Outcome:
        """Return the output of a prepared record, at no cost and without a latency, or why there is none."""
        source = self._sources.pop(self._source_id(record), None)
        problem = _problem(source, record)
        if source is None or problem is not None:
            return Outcome(error=problem, attempts=record.attempts + 1, started_at=now(), finished_at=now())
        return Outcome(
            output=source.output,
            response=_response(source),
            attempts=record.attempts + 1,
            cost_usd=0.0,
            trace_id=source.trace_id,
            started_at=now(),
            finished_at=now(),
        )

    def _source_id(self, record: Record) -> str:
        return record_id(self._run_id, record.item_id or "", record.trial)


def _problem(source: Record | None, record: Record) -> Problem | None:
    if source is None:
        return Problem("NOT_REPLAYED", "The replayed run has no record of this item and trial.")
    if source.error is not None:
        return Problem("NOT_REPLAYED", f"The replayed run has an error instead of an output: {source.error.message}")
    if source.status is not RecordStatus.COMPLETED and source.output is None:
        return Problem("NOT_REPLAYED", "The replayed run was stopped before it had an output for this item and trial.")
    if source.input != record.input:
        return Problem(
            "NOT_REPLAYED", "This item's input has changed since the replayed run; that output answers another."
        )
    return None


def _response(source: Record) -> dict[str, object]:
    """Say where an output comes from, and what it took there, beside what its target said of it."""
    origin = {
        "run": global_id("Run", source.run_id),
        "record": global_id("Record", source.id),
        "latency_ms": source.latency_ms,
        "cost_usd": source.cost_usd,
    }
    return {**(source.response or {}), "replayed_from": origin}
