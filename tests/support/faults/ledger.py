"""What must hold of a run at every moment, whatever its messages and workers go through."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from evalyard_core.domain.runs import RunStatus
from evalyard_core.storage import Store

_TERMINAL = {RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED}


@dataclass
class Ledger:
    """One run's records as they were when last looked at, and the calls that were made by then."""

    store: Store
    run_id: str
    calls: Counter[str]
    outputs: dict[str, Any] = field(default_factory=dict)
    paid: Counter[str] = field(default_factory=Counter)
    cancelled: bool = False
    status: RunStatus | None = None
    made: int = 0

    async def look(self) -> None:
        """See that nothing stored was lost, changed or paid again since the last look, and that figures are exact."""
        run = await self.store.runs.get(self.run_id)
        assert run is not None
        records = await self.store.records._rows.find({"run_id": self.run_id}).to_list()
        outputs = {record["_id"]: record["output"] for record in records if record["output"] is not None}
        for identifier, output in self.outputs.items():
            assert outputs.get(identifier) == output, "a stored output was lost or changed"
            assert self.calls[identifier] == self.paid[identifier], "a stored output was paid again"
        for record in records:
            assert len(record["scores"]) <= 1, "a score is there twice"
        assert not self.cancelled or run.status is RunStatus.CANCELLED, "a cancelled run came back by itself"
        made = sum(self.calls[record["_id"]] for record in records)
        if run.rescoring and self.status is run.status is RunStatus.SCORING:
            assert made == self.made, "scoring again called the system"
        self.status, self.made = run.status, made
        self.outputs, self.paid = outputs, Counter(self.calls)
        if run.status in _TERMINAL and run.summary is not None and not await self.store.tasks.unfinished(run.id):
            check_figures(run, records)


def check_figures(run: Any, records: list[dict[str, Any]]) -> None:
    """Hold a run's figures against a count of its records."""
    statuses = Counter(record["status"] for record in records)
    # One whose scoring anew was cancelled keeps what was said of it before.
    verdicts = Counter(record["verdict"] for record in records)
    progress, summary = run.progress, run.summary
    assert (progress.total, progress.running) == (len(records), 0)
    assert (progress.completed, progress.cancelled) == (
        statuses["COMPLETED"] + statuses["ERRORED"],
        statuses["CANCELLED"],
    )
    for counted in (progress, summary):
        assert (counted.passed, counted.failed, counted.errored) == (
            verdicts["PASSED"],
            verdicts["FAILED"],
            verdicts["ERRORED"],
        )
    cost = sum(record["cost_usd"] or 0.0 for record in records)
    assert (progress.cost_usd, summary.total_cost_usd) == (pytest.approx(cost), pytest.approx(cost))
