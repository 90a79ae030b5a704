"""Comparisons exported over HTTP: case by case, the same as the API compares them."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from pyarrow import BufferReader

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.errors import Conflict
from evalyard_core.domain.evaluators import ScoreType
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.runs import Run, RunSettings
from evalyard_core.services import compared_exports
from evalyard_core.settings import Settings
from evalyard_core.storage import Store
from evalyard_server.app import create_app
from tests.fixtures.api import Server, serve
from tests.fixtures.asking import gid
from tests.fixtures.results import Results, without_item

COMPARE = """query($baseline: ID!, $candidates: [ID!]!) {
  compareRuns(baselineId: $baseline, candidateIds: $candidates) {
    exportUrl(format: JSONL)
    rows(first: 100) { edges { node { input candidates { change } } } }
  }
}"""
RUN = ["verdicts", "pass_rate", "outputs", "errors", "latency_ms", "cost_usd"]


@pytest.fixture(scope="module")
async def server(shared_settings: Settings) -> AsyncIterator[Server]:
    async with serve(create_app(shared_settings)) as server:
        yield server


async def get(server: Server, baseline: Run, *candidates: Run, form: str = "jsonl") -> httpx.Response:
    path = f"/exports/runs/{gid('Run', baseline)}/comparison.{form}"
    async with server.client() as client:
        return await client.get(path, params=[("candidate", gid("Run", run)) for run in candidates])


async def rows(server: Server, baseline: Run, *candidates: Run) -> list[dict[str, Any]]:
    response = await get(server, baseline, *candidates)
    assert response.status_code == 200, response.text
    return [json.loads(line) for line in response.text.splitlines()]


async def test_a_row_has_a_case_and_what_each_run_made_of_it(server: Server, shared_store: Store):
    results = await Results.of(shared_store, 3, tags=[("a",), (), ()], metadata=[{"lang": "de"}, None, None])
    length = await results.evaluator("length", ScoreType.NUMERIC)
    before = await results.run("PF ", "PF ", numbers=[(length, [1, 2, 3])])
    after = await results.run("FEP", "PP ", numbers=[(length, [2, 3, 4])])

    found = await rows(server, before, after)

    parts = [*RUN, "exact", "length"]
    assert list(found[0]) == [
        *("item_id", "input", "expected_output", "metadata", "tags"),
        *(f"baseline.{name}" for name in parts),
        "candidate_1.change",
        *(f"candidate_1.{name}" for name in parts),
    ]
    assert found[0] == {
        "item_id": gid("DatasetItem", results.items[0]),
        "input": {"question": 0},
        "expected_output": 0,
        "metadata": {"lang": "de"},
        "tags": ["a"],
        "baseline.verdicts": ["PASSED", "PASSED"],
        "baseline.pass_rate": 1.0,
        "baseline.outputs": ["P0", "P0"],
        "baseline.errors": [None, None],
        "baseline.latency_ms": 10.0,
        "baseline.cost_usd": 0.5,
        "baseline.exact": 1.0,
        "baseline.length": 1.0,
        "candidate_1.change": "REGRESSED",
        "candidate_1.verdicts": ["FAILED", "PASSED"],
        "candidate_1.pass_rate": 0.5,
        "candidate_1.outputs": ["F0", "P0"],
        "candidate_1.errors": [None, None],
        "candidate_1.latency_ms": 10.0,
        "candidate_1.cost_usd": 0.5,
        "candidate_1.exact": 0.5,
        "candidate_1.length": 2.0,
    }
    assert [row["candidate_1.change"] for row in found] == ["REGRESSED", "IMPROVED", "ADDED"]
    assert found[1]["candidate_1.errors"] == ["TIMEOUT: It took too long.", None]
    assert [found[2][f"baseline.{name}"] for name in parts] == [None] * 8


@pytest.mark.parametrize("at_once", [1, 7, 200])
async def test_the_rows_are_those_of_the_api_however_many_are_read_at_once(
    at_once: int, server: Server, shared_store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(compared_exports, "_MOST_AT_ONCE", at_once)
    results = await Results.of(shared_store, 6)
    before = await results.run("PPFE  ", "PF-   ")
    one = await results.run("FPPP P")
    other = await results.run(" PPPPP", "     F")

    async with server.client() as client:
        body = {"baseline": gid("Run", before), "candidates": [gid("Run", one), gid("Run", other)]}
        answer = (await client.post("/graphql", json={"query": COMPARE, "variables": body})).json()
        compared = answer["data"]["compareRuns"]
        linked = await client.get(compared["exportUrl"])
    found = await rows(server, before, one, other)

    shown = [edge["node"] for edge in compared["rows"]["edges"]]
    assert len(found) == 6
    assert [row["input"] for row in found] == [node["input"] for node in shown]
    for place in (1, 2):
        changes = [node["candidates"][place - 1]["change"] for node in shown]
        # The API has no null there.
        assert [row[f"candidate_{place}.change"] or "UNCHANGED" for row in found] == changes
    assert [json.loads(line) for line in linked.text.splitlines()] == found


async def test_inputs_without_items_are_one_case(server: Server, shared_store: Store):
    results = await Results.of(shared_store, 2)
    before = await results.run("PP", system=None, dataset=None, each=without_item)
    after = await results.run("PF", system=None, dataset=None, each=without_item)
    found = await rows(server, before, after)
    assert [(row["item_id"], row["input"]["question"], row["candidate_1.change"]) for row in found] == [
        (None, 0, "UNCHANGED"),
        (None, 1, "REGRESSED"),
    ]


async def test_a_comparison_is_a_table_in_every_form(server: Server, shared_store: Store):
    results = await Results.of(shared_store, 2)
    before, after = await results.run("PF"), await results.run("PP")
    text = await get(server, before, after, form="csv")
    table = pq.read_table(BufferReader((await get(server, before, after, form="parquet")).content))
    assert text.headers["content-disposition"] == 'attachment; filename="comparison-1-2.csv"'
    assert text.text.splitlines()[1].startswith(f'{gid("DatasetItem", results.items[0])},"{{""question"":0}}",0,,[],')
    assert table.column("candidate_1.change").to_pylist() == ["UNCHANGED", "IMPROVED"]
    assert table.column("baseline.pass_rate").to_pylist() == [1.0, 0.0]


async def test_an_evaluator_that_is_called_like_another_column_has_its_own(server: Server, shared_store: Store):
    results = await Results.of(shared_store, 1)
    same = await results.evaluator("outputs", ScoreType.NUMERIC)
    before, after = await results.run("P"), await results.run("P", numbers=[(same, [0.5])])
    [row] = await rows(server, before, after)
    assert (row["candidate_1.outputs"], row["candidate_1.outputs (2)"]) == (["P0"], 0.5)
    assert (row["baseline.outputs"], row["baseline.outputs (2)"]) == (["P0"], None)


async def test_a_run_that_is_deleted_meanwhile_is_a_conflict(shared_store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(compared_exports, "_MOST_AT_ONCE", 1)
    results = await Results.of(shared_store, 3)
    before, after = await results.run("PPP"), await results.run("PPP")
    root = Actor(name="root", role=Role.ADMIN)
    exports = results.services.compared_exports
    export = await exports.of(actor=root, baseline_id=before.id, candidate_ids=[after.id])
    async with aclosing(exports.cases(export)) as cases:
        await anext(cases)
        await results.services.runs.delete(actor=root, run_id=before.id)
        with pytest.raises(Conflict, match="deleted while it was read"):
            async for _ in cases:
                pass


async def test_what_can_not_be_compared_is_refused(server: Server, shared_store: Store):
    results = await Results.of(shared_store, 1)
    strange = await Results.of(shared_store, 1)
    run, other, theirs = await results.run("P"), await results.run("P"), await strange.run("P")
    never = replace(run, id=new_id(), settings=RunSettings())
    answers = {
        "none": await get(server, run),
        "twice": await get(server, run, other, other),
        "another project's": await get(server, run, theirs),
        "no candidate": await get(server, run, never),
        "no baseline": await get(server, never, run),
    }
    found = {name: (a.status_code, a.json()["code"], a.json()["field"]) for name, a in answers.items()}
    assert found == {
        "none": (400, "BAD_USER_INPUT", "candidateIds"),
        "twice": (400, "BAD_USER_INPUT", "candidateIds[1]"),
        "another project's": (400, "BAD_USER_INPUT", "candidateIds[0]"),
        "no candidate": (404, "NOT_FOUND", "candidateIds[0]"),
        "no baseline": (404, "NOT_FOUND", "baselineId"),
    }
