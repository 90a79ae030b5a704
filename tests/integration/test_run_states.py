"""What may be done to a run in which state: each pair of state and action is allowed, or refused with a remedy."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLField, build_schema

from evalyard import TargetMode
from evalyard_core.domain.errors import Conflict
from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.services.access import ANYONE
from evalyard_core.services.submissions import Submitted
from tests.fixtures.house import House
from tests.integration.test_services_control import a_run_in

SCHEMA = Path(__file__).parents[2] / "schema" / "schema.graphql"

#: Allowed for runs whose system workers call (c), whose outputs are submitted (s), which are started elsewhere (d).
#: What is not there is refused with CONFLICT. A run that takes outputs in is never PENDING.
TABLE = """
                     PENDING  RUNNING  SCORING  COMPLETED  FAILED  CANCELLED
cancelRun            c.d      csd      csd      ...        ...     ...
finishRun            ...      .sd      .sd      .sd        ...     ...
submitRecords        ...      .sd      ...      ...        ...     ...
rerun                ...      ...      ...      c.d        c.d     c.d
rescoreRun           ...      ...      ...      csd        csd     csd
retryErroredRecords  ...      ...      ...      c..        c..     ...
deleteRun            ...      ...      ...      csd        csd     csd
updateRun            c.d      csd      csd      csd        csd     csd
"""
HEAD, *ROWS = [line.split() for line in TABLE.strip().splitlines()]
CASES = [
    pytest.param(action, RunStatus[state], kind, kind in cell, id=f"{action}-{state}-{kind}")
    for action, *cells in ROWS
    for state, cell in zip(HEAD, cells, strict=True)
    for kind in "csd"
    if (kind, state) != ("s", "PENDING")
]

Action = Callable[[House, Run], Awaitable[Any]]
ACTIONS: dict[str, Action] = {
    "cancelRun": lambda house, run: house.services.runs.cancel(actor=ANYONE, run_id=run.id),
    "finishRun": lambda house, run: house.services.runs.finish(actor=ANYONE, run_id=run.id),
    "submitRecords": lambda house, run: house.services.submissions.submit(
        actor=ANYONE, run_id=run.id, submitted=[Submitted(input=1, output=1)]
    ),
    "rerun": lambda house, run: house.services.runs.rerun(actor=ANYONE, run_id=run.id, changes={}),
    "rescoreRun": lambda house, run: house.services.runs.rescore(actor=ANYONE, run_id=run.id),
    "retryErroredRecords": lambda house, run: house.services.runs.retry_errored(actor=ANYONE, run_id=run.id),
    "deleteRun": lambda house, run: house.services.runs.delete(actor=ANYONE, run_id=run.id),
    "updateRun": lambda house, run: house.services.runs.update(actor=ANYONE, run_id=run.id, changes={"name": "new"}),
}
#: What a refusal tells to do: reach another state first, or take another way.
REMEDY = re.compile(r"it must be [A-Z]+( or [A-Z]+)*\.$|; \w.*\.$|finish it themselves\.$")


async def a_run_of(house: House, kind: str, status: RunStatus) -> Run:
    """Store a run of a kind in a state."""
    run = await a_run_in(house, status, external=kind == "s")
    if kind != "d" or run.system is None:
        return run
    await house.store.runs._rows.update_one({"_id": run.id}, {"$set": {"system.mode": TargetMode.DISPATCH}})
    return replace(run, system=replace(run.system, mode=TargetMode.DISPATCH))


@pytest.mark.parametrize(("action", "status", "kind", "allowed"), CASES)
async def test_an_action_is_allowed_or_refused_with_a_remedy_and_then_changes_nothing(
    house: House, action: str, status: RunStatus, kind: str, allowed: bool
) -> None:
    run = await a_run_of(house, kind, status)
    if not allowed:
        before = await house.store.runs._rows.find_one({"_id": run.id})
        refusal = await house.refusal(ACTIONS[action](house, run))
        assert (type(refusal), refusal.field) == (Conflict, "id" if action == "deleteRun" else "runId")
        assert REMEDY.search(refusal.message), refusal.message
        assert await house.store.runs._rows.find_one({"_id": run.id}) == before
        assert house.hints == []
        return
    await ACTIONS[action](house, run)
    found = await house.store.runs.get(run.id)
    assert (found is None) is (action == "deleteRun")


def test_the_table_has_each_state_and_each_action() -> None:
    """Whoever adds a state, or a mutation that acts on a run, says here what is allowed."""
    mutation = build_schema(SCHEMA.read_text()).mutation_type
    assert mutation is not None
    on_runs = {name for name, field in mutation.fields.items() if _acts_on_a_run(name, field)}
    assert set(HEAD) == {status.name for status in RunStatus}
    assert {action for action, *_ in ROWS} == set(ACTIONS) == on_runs


def _acts_on_a_run(name: str, field: GraphQLField) -> bool:
    return "runId" in field.args or (name.endswith("Run") and "id" in field.args)
