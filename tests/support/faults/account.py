"""What a run came to, counted from its documents and from what was paid, beside what the run says of itself."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pytest

from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.storage import Store

from .paid import COST_USD, Paid, passes


@dataclass(frozen=True)
class InFlight:
    """The items of a run that were with the system and with the judge when a part was struck."""

    calls: Collection[int]
    judgements: Collection[int]


async def documents_of(store: Store, run: Run) -> list[dict[str, Any]]:
    """Return the records of a run as they are stored."""
    return await store.records._rows.find({"run_id": run.id}).sort("seq").to_list()


async def check_exact(store: Store, run: Run, items: int) -> None:
    """Hold a run's figures against its records: each item once, each score once, each sum right."""
    records = await documents_of(store, run)
    scores = [score for record in records for score in record["scores"]]
    right = sum(map(passes, range(items)))
    assert run.status is RunStatus.COMPLETED, (run.status, run.status_reason)
    assert [record["status"] for record in records] == ["COMPLETED"] * items
    assert len({record["item_id"] for record in records}) == items
    assert [len(record["scores"]) for record in records] == [1] * items
    assert sorted(record["verdict"] for record in records) == ["FAILED"] * (items - right) + ["PASSED"] * right
    assert await store._database["score_history"].count_documents({"run_id": run.id}) == 0
    progress, summary = run.progress, run.summary
    assert summary is not None
    cost = sum(record["cost_usd"] for record in records) + sum(score["cost_usd"] for score in scores)
    assert cost == pytest.approx(items * (COST_USD + 20 / 1e6))
    assert (summary.passed, summary.failed, summary.errored) == (right, items - right, 0)
    assert (summary.total_cost_usd, progress.cost_usd) == (pytest.approx(cost), pytest.approx(cost))
    assert (progress.total, progress.completed, progress.running, progress.cancelled) == (items, items, 0, 0)
    assert (progress.passed, progress.failed, progress.errored) == (right, items - right, 0)
    [tally] = run.tallies.values()
    assert (tally.scored, tally.passed, tally.errored, tally.skipped) == (items, right, 0, 0)
    assert await store.tasks.unfinished(run.id) == 0


def paid_twice(paid: Paid, run: Run) -> InFlight:
    """Return the items of a run for which the system, and the judge, were asked more than once."""
    return InFlight(_repeated(paid.calls, run), _repeated(paid.judgements, run))


def check_paid(paid: Paid, run: Run, items: int, in_flight: InFlight) -> None:
    """See that each item was paid once, and at most once more where it was in flight."""
    for counted, allowed in ((paid.calls, in_flight.calls), (paid.judgements, in_flight.judgements)):
        for item in range(items):
            most = 2 if item in allowed else 1
            assert 1 <= counted[run.id, item] <= most, (item, counted[run.id, item], sorted(allowed))


def _repeated(counted: Counter[tuple[str, int]], run: Run) -> set[int]:
    return {item for (run_id, item), times in counted.items() if run_id == run.id and times > 1}
