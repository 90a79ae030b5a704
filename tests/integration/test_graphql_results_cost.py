"""How often the database is asked for results: as often for a hundred rows as for one, and less the second time."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from evalyard_core.domain.runs import Run
from evalyard_core.services import Services
from evalyard_core.storage import Store
from tests.fixtures.asking import Asker, gid, operator
from tests.fixtures.commands import Commands
from tests.fixtures.results import Results
from tests.support.room import Mailbox

__all__ = ["operator"]

commands = Commands()


@pytest.fixture
async def store(mongodb_url: str, database_name: str) -> AsyncIterator[Store]:
    """Return a store whose commands are heard."""
    store = await Store.open(mongodb_url, database_name, event_listeners=[commands])
    yield store
    await store.close()


async def asked(asker: Asker, query: str, **variables: Any) -> tuple[Any, list[str]]:
    """Return the data of a query, and what it sent: commands with their collections."""
    commands.take()
    data = await asker(query, **variables)
    return data, sorted(f"{command[name]}.{name}" for command in commands.take() if (name := next(iter(command))))


COMPARISON = """query($baseline: ID!, $candidates: [ID!]!, $first: Int) {
    compareRuns(baselineId: $baseline, candidateIds: $candidates) {
        baseline { number dataset { name } }
        candidates { run { number } pValue verdict evaluators { evaluator { name } pValue } warnings }
        rows(first: $first) {
            totalCount
            edges { node {
                item { tags } baseline { verdict scores { name } run { number } }
                candidates { run { number } change records { verdict scores { evaluator { name } } } }
            } }
        }
    }
}"""


async def test_a_comparison_costs_the_same_whatever_the_rows(operator: Asker, store: Store):
    results = await Results.of(store, 120)
    runs: list[Run] = [await results.run(letter * 120, letter * 120) for letter in "PFP"]
    ids = {"baseline": gid("Run", runs[0]), "candidates": [gid("Run", run) for run in runs[1:]]}
    one, sent_for_one = await asked(operator, COMPARISON, **ids, first=1)
    hundred, sent_for_hundred = await asked(operator, COMPARISON, **ids, first=100)
    assert len(one["compareRuns"]["rows"]["edges"]) == 1
    assert len(hundred["compareRuns"]["rows"]["edges"]) == 100
    page = ["datasets.find", "evaluators.find", "items.aggregate", "records.find", "runs.find", "runs.find"]
    assert sent_for_one == sorted(["records.find", *page])
    assert sent_for_hundred == page  # what came of the cases is kept


FAILING = """query($id: ID!, $first: Int) {
    dataset(id: $id) {
        runs(first: $first) { edges { node {
            newFailures { totalCount edges { node { output } } }
            failureGroups { totalCount edges { node { label evaluator { name } failures { totalCount } } } }
        } } }
        consistentFailures(first: $first) { totalCount edges { node { input } } }
        flakyItems(first: $first) { totalCount edges { node { item { input } records { output } } } }
    }
}"""


async def test_what_fails_costs_the_same_however_many_runs_and_items(operator: Asker, store: Store):
    results = await Results.of(store, 30)
    for letter in "PF" * 11:
        await results.run(f"FF{letter * 28}")
    kinds = []
    for first in (12, 20):
        cold = replace(operator, services=Services(store, Mailbox()))
        data, sent = await asked(cold, FAILING, id=gid("Dataset", results.dataset), first=first)
        runs = [edge["node"] for edge in data["dataset"]["runs"]["edges"]]
        assert [run["newFailures"]["totalCount"] for run in runs] == [28, 0] * (first // 2)
        assert len(data["dataset"]["flakyItems"]["edges"]) == first
        # What is read at once depends on which answer comes first, by a command or two.
        assert len(sent) < 20
        kinds.append(set(sent))
    assert kinds[0] == kinds[1]


HISTORY = """query($id: ID!, $last: Int) {
    project(id: $id) { history(last: $last) { evaluator { name } points { value run { number } } trend { pValue } } }
}"""


async def test_history_is_read_off_the_runs(operator: Asker, store: Store):
    results = await Results.of(store, 2)
    for letters in ("PP", "PF", "FF"):
        await results.run(letters)
    data, sent = await asked(operator, HISTORY, id=gid("Project", results.project))
    assert len(data["project"]["history"][0]["points"]) == 3
    assert sent == ["evaluators.find", "projects.find", "runs.aggregate"]
