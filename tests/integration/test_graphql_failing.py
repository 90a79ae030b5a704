"""What is failing, over a real database."""

from typing import Any

import pytest

from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.storage import Store
from tests.fixtures.asking import Asker, gid, module_store
from tests.fixtures.core import a_system_version
from tests.fixtures.results import Results, without_item

#: One database for all of these tests, which differ in their projects.
store = module_store

NEW = """query($id: ID!, $first: Int, $after: String) {
    run(id: $id) {
        newFailures(first: $first, after: $after) {
            totalCount pageInfo { hasNextPage endCursor } edges { node { output verdict trial } }
        }
    }
}"""
CONSISTENT = """query($id: ID!, $last: Int, $first: Int, $after: String) {
    dataset(id: $id) {
        consistentFailures(lastRuns: $last, first: $first, after: $after) {
            totalCount pageInfo { hasNextPage endCursor } edges { node { input } }
        }
    }
}"""
FLAKY = """query($id: ID!, $last: Int, $first: Int, $after: String) {
    dataset(id: $id) {
        flakyItems(lastRuns: $last, first: $first, after: $after) {
            totalCount pageInfo { hasNextPage endCursor }
            edges { node { item { input } flips passRate judged records { output run { number } } } }
        }
    }
}"""


async def listed(asker: Asker, query: str, first: int = 100, **variables: Any) -> list[Any]:
    """Return the nodes of all pages of the one list that a query asks for."""
    found: list[Any] = []
    after, more = None, True
    while more and len(found) < 100:
        data = await asker(query, first=first, after=after, **variables)
        [parent] = data.values()
        [page] = parent.values()
        found += [edge["node"] for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert page["totalCount"] == len(found)
    return found


async def new_failures(asker: Asker, run: Run, **variables: Any) -> list[str]:
    return [record["output"] or "none" for record in await listed(asker, NEW, id=gid("Run", run), **variables)]


async def consistent(asker: Asker, results: Results, **variables: Any) -> list[int]:
    items = await listed(asker, CONSISTENT, id=gid("Dataset", results.dataset), **variables)
    return [item["input"]["question"] for item in items]


async def flaky(asker: Asker, results: Results, **variables: Any) -> list[tuple[int, int]]:
    items = await listed(asker, FLAKY, id=gid("Dataset", results.dataset), **variables)
    return [(entry["item"]["input"]["question"], entry["flips"]) for entry in items]


@pytest.mark.parametrize("first", [1, 2, 100])
async def test_what_passed_before_and_fails_now(operator: Asker, store: Store, first: int):
    results = await Results.of(store, 6)
    one, two = await results.run("PPPFE-"), await results.run("FPEFFF")
    assert await new_failures(operator, one, first=first) == []
    assert await new_failures(operator, two, first=first) == ["F0", "none"]
    third = await results.run("PFFPP-", "FFFPP-")
    assert await new_failures(operator, third, first=first) == ["F1", "F1"]


async def test_new_failures_are_of_the_same_dataset_and_system(operator: Asker, store: Store):
    results = await Results.of(store, 2)
    await results.run("PP", each=without_item, dataset=None, system=None)
    assert await new_failures(operator, await results.run("FF")) == []


async def test_new_failures_of_many_runs_are_read_together(operator: Asker, store: Store):
    results = await Results.of(store, 2)
    for letters in ("PP", "FP", "PF"):
        await results.run(letters)
    query = "query($id: ID!) { dataset(id: $id) { runs { edges { node { number newFailures { totalCount } } } } } }"
    runs = (await operator(query, id=gid("Dataset", results.dataset)))["dataset"]["runs"]["edges"]
    assert [(edge["node"]["number"], edge["node"]["newFailures"]["totalCount"]) for edge in runs] == [
        (3, 1),
        (2, 1),
        (1, 0),
    ]


@pytest.mark.parametrize("first", [1, 100])
async def test_what_fails_run_after_run(operator: Asker, store: Store, first: int):
    results = await Results.of(store, 6)
    await results.run("PFFPP ")
    await results.run("FFFFP ")
    await results.run("FFEF-F")
    assert await consistent(operator, results, first=first) == [1, 2, 5]
    assert await consistent(operator, results, first=first, last=2) == [0, 1, 2, 3, 5]
    assert await consistent(operator, results, first=first, last=1) == [0, 1, 2, 3, 5]


async def test_runs_that_have_not_completed_do_not_count(operator: Asker, store: Store):
    results = await Results.of(store, 2)
    await results.run("FP")
    await results.run("PP", status=RunStatus.CANCELLED)
    await results.run("P", end=False)
    assert await consistent(operator, results) == [0]


async def test_what_passes_now_and_then(operator: Asker, store: Store):
    results = await Results.of(store, 5)
    await results.run("PPFP-", "PFFP-")
    await results.run("PPFP-", "PFFF-")
    assert await flaky(operator, results) == [(1, 3), (3, 1)]
    assert await flaky(operator, results, first=1) == [(1, 3), (3, 1)]
    assert await flaky(operator, results, last=1) == [(3, 1), (1, 1)]
    [first, _] = await listed(operator, FLAKY, id=gid("Dataset", results.dataset))
    assert (first["passRate"], first["judged"]) == (0.5, 4)
    assert [(record["output"], record["run"]["number"]) for record in first["records"]] == [
        ("F1", 2),
        ("P1", 2),
        ("F1", 1),
        ("P1", 1),
    ]


async def test_another_version_is_no_flip(operator: Asker, store: Store):
    results = await Results.of(store, 2)
    other = a_system_version(results.system)
    await store.system_versions.insert(other)
    await results.run("PP")
    await results.run("FP", system=results.pin(other))
    await results.run("PF")
    assert await flaky(operator, results) == [(1, 1)]


async def test_items_that_were_deleted_are_not_shown(operator: Asker, store: Store):
    results = await Results.of(store, 3)
    await results.run("PFF", "FFF")
    assert (await flaky(operator, results), await consistent(operator, results)) == ([(0, 1)], [1, 2])
    gone = [item.id for item in results.items[:2]]
    await operator.services.datasets.delete_items(actor=operator.actor, item_ids=gone)
    assert (await flaky(operator, results), await consistent(operator, results)) == ([], [2])


@pytest.mark.parametrize("last", [0, -1, 51])
async def test_a_number_of_runs_that_makes_no_sense_is_refused(operator: Asker, store: Store, last: int):
    results = await Results.of(store, 1)
    for query in (CONSISTENT, FLAKY):
        refused = await operator.refused(query, id=gid("Dataset", results.dataset), last=last)
        assert (refused.code, refused.field) == ("BAD_USER_INPUT", "lastRuns")
        assert refused.message == f"lastRuns must be 1 to 50, not {last}."
