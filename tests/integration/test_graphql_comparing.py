"""Runs compared, over a real database."""

from dataclasses import replace
from typing import Any

import pytest

from evalyard_core.domain.access import Role
from evalyard_core.domain.evaluators import ScoreType, Threshold, ThresholdOperator
from evalyard_core.domain.records import Record
from evalyard_core.domain.runs import DatasetPin, Run
from evalyard_core.storage import Store
from tests.fixtures.asking import Asker, gid, module_store
from tests.fixtures.results import Results, without_item

#: One database for all of these tests, which differ in their projects.
store = module_store

FIGURES = """query($baseline: ID!, $candidates: [ID!]!) {
    compareRuns(baselineId: $baseline, candidateIds: $candidates) {
        baseline { number }
        candidates {
            run { number } regressed improved unchanged added removed
            baselinePassRate candidatePassRate passRateDelta passRateDeltaInterval { low high level }
            pValue test pairs casesNeeded verdict averageLatencyDeltaMs costDeltaUsd warnings
            evaluators {
                evaluator { name } name baselineMean candidateMean delta deltaInterval { low high level }
                pValue adjustedPValue test pairs casesNeeded lowerIsBetter verdict
            }
        }
    }
}"""
ROWS = """query($baseline: ID!, $candidates: [ID!]!, $first: Int, $after: String, $change: Change) {
    compareRuns(baselineId: $baseline, candidateIds: $candidates) {
        rows(first: $first, after: $after, change: $change) {
            totalCount pageInfo { hasNextPage hasPreviousPage endCursor }
            edges { cursor node {
                item { id } input expectedOutput
                baseline { trial output verdict }
                candidates { run { number } change records { trial output verdict } }
            } }
        }
    }
}"""


async def compared(asker: Asker, query: str, *runs: Run, **variables: Any) -> Any:
    baseline, *candidates = (gid("Run", run) for run in runs)
    return (await asker(query, baseline=baseline, candidates=candidates, **variables))["compareRuns"]


async def rows(asker: Asker, *runs: Run, first: int = 100, **variables: Any) -> list[tuple[int, str, list[str]]]:
    """Return of each row, over all pages, the item's place, the baseline's outputs, and what each candidate shows."""
    found: list[Any] = []
    after, more = None, True
    while more and len(found) < 100:
        page = (await compared(asker, ROWS, *runs, first=first, after=after, **variables))["rows"]
        assert len(page["edges"]) <= first
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        found += [edge["node"] for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert page["totalCount"] == len(found)
    return [
        (row["input"]["question"], _outputs(row["baseline"]), [_cell(cell) for cell in row["candidates"]])
        for row in found
    ]


def _cell(cell: Any) -> str:
    return f"{cell['change']} {_outputs(cell['records'])}".rstrip()


def _outputs(records: Any) -> str:
    return " ".join(record["output"] or "none" for record in records)


def changes(candidate: Any) -> tuple[int, ...]:
    return tuple(candidate[name] for name in ("regressed", "improved", "unchanged", "added", "removed"))


async def test_runs_stand_side_by_side(operator: Asker, store: Store):
    results = await Results.of(store, 6)
    runs = await results.run("PPFF P"), await results.run("PFPF"), await results.run("P  EP-")
    assert await rows(operator, *runs) == [
        (0, "P0", ["UNCHANGED P0", "UNCHANGED P0"]),
        (1, "P1", ["REGRESSED F1", "REMOVED"]),
        (2, "F2", ["IMPROVED P2", "REMOVED"]),
        (3, "F3", ["UNCHANGED F3", "UNCHANGED none"]),
        (5, "P5", ["REMOVED", "UNCHANGED -5"]),
        (4, "", ["UNCHANGED", "ADDED P4"]),
    ]
    data = await compared(operator, ROWS, *runs, first=100)
    nodes = [edge["node"] for edge in data["rows"]["edges"]]
    assert [node["item"]["id"] for node in nodes] == [gid("DatasetItem", results.items[n]) for n in (0, 1, 2, 3, 5, 4)]
    assert [node["expectedOutput"] for node in nodes] == [0, 1, 2, 3, 5, 4]
    assert nodes[4]["baseline"] == [{"trial": 1, "output": "P5", "verdict": "PASSED"}]
    assert [cell["run"]["number"] for cell in nodes[0]["candidates"]] == [2, 3]
    figures = await compared(operator, FIGURES, *runs)
    assert figures["baseline"] == {"number": 1}
    assert [changes(candidate) for candidate in figures["candidates"]] == [(1, 1, 2, 0, 1), (0, 0, 3, 1, 2)]


@pytest.mark.parametrize("first", [1, 2, 100])
async def test_a_filter_never_repeats_a_row_whatever_the_trials(operator: Asker, store: Store, first: int):
    results = await Results.of(store, 4)
    runs = [
        await results.run("PPFP", "PPFP", "PFFP"),
        await results.run("FPPP", "PPFF", "PFFE"),
        await results.run("FFFP", "FFFP", "PFFP"),
    ]
    shown = {change: await rows(operator, *runs, first=first, change=change) for change in ("REGRESSED", "IMPROVED")}
    assert shown == {
        "REGRESSED": [
            (0, "P0 P0 P0", ["REGRESSED F0 P0 P0", "REGRESSED F0 F0 P0"]),
            (1, "P1 P1 F1", ["UNCHANGED P1 P1 F1", "REGRESSED F1 F1 F1"]),
            (3, "P3 P3 P3", ["REGRESSED P3 F3 none", "UNCHANGED P3 P3 P3"]),
        ],
        "IMPROVED": [(2, "F2 F2 F2", ["IMPROVED P2 F2 F2", "UNCHANGED F2 F2 F2"])],
    }
    assert await rows(operator, *runs, first=first, change="ADDED") == []
    assert len(await rows(operator, *runs, first=first)) == 4


async def test_a_run_beside_itself_is_unchanged(operator: Asker, store: Store):
    results = await Results.of(store, 4)
    length = await results.evaluator("length", ScoreType.NUMERIC)
    run = await results.run("PFE-", numbers=[(length, [1, 2, 3, 5])])
    [candidate] = (await compared(operator, FIGURES, run, run))["candidates"]
    assert changes(candidate) == (0, 0, 4, 0, 0)
    assert (candidate["pValue"], candidate["passRateDelta"], candidate["verdict"]) == (1, 0, "NO_DIFFERENCE")
    assert (candidate["pairs"], candidate["averageLatencyDeltaMs"], candidate["costDeltaUsd"]) == (3, 0, 0)
    assert candidate["warnings"] == []
    assert [(e["name"], e["pairs"], e["pValue"], e["delta"], e["verdict"]) for e in candidate["evaluators"]] == [
        ("exact", 2, 1, 0, "NO_DIFFERENCE"),
        ("length", 4, 1, 0, "NO_DIFFERENCE"),
    ]


async def test_figures_say_whether_it_could_be_chance(operator: Asker, store: Store):
    """p values by hand: McNemar's, exact, of n changes to one side is 2 / 2**n; so is the sign flip test's."""
    results = await Results.of(store, 12)
    slow = await results.evaluator("slow", ScoreType.NUMERIC, Threshold(operator=ThresholdOperator.LT, value=5))
    same = await results.evaluator("same", ScoreType.NUMERIC)
    numbers = [float(n) for n in range(12)]
    one = await results.run("PPPPPPPPPPFF", numbers=[(slow, numbers), (same, numbers)])
    faster = [*(n - 1.0 for n in range(8)), *numbers[8:]]
    two = await results.run("FFFFFFFFPPFF", numbers=[(slow, faster), (same, numbers)])
    [candidate] = (await compared(operator, FIGURES, one, two))["candidates"]
    assert (candidate["baselinePassRate"], candidate["candidatePassRate"]) == (pytest.approx(10 / 12), 2 / 12)
    assert candidate["passRateDelta"] == pytest.approx(-8 / 12)
    assert (candidate["pValue"], candidate["test"], candidate["pairs"]) == (2 / 2**8, "McNemar exact", 12)
    assert (candidate["verdict"], candidate["casesNeeded"]) == ("WORSE", candidate["casesNeeded"])
    interval = candidate["passRateDeltaInterval"]
    assert interval["low"] < -8 / 12 < interval["high"] < 0
    assert interval["level"] == 0.95
    exact, slower, equal = candidate["evaluators"]
    assert (exact["pValue"], exact["adjustedPValue"], exact["verdict"]) == (2 / 2**8, 3 * 2 / 2**8, "WORSE")
    assert (slower["pValue"], slower["adjustedPValue"]) == (pytest.approx(2 / 2**8), pytest.approx(3 * 2 / 2**8))
    assert (slower["baselineMean"], slower["candidateMean"], slower["delta"]) == (5.5, pytest.approx(58 / 12), -8 / 12)
    assert (slower["lowerIsBetter"], slower["verdict"], slower["test"]) == (True, "BETTER", "paired permutation")
    assert (equal["adjustedPValue"], equal["verdict"], equal["lowerIsBetter"]) == (1, "NO_DIFFERENCE", False)
    assert [entry["evaluator"]["name"] for entry in candidate["evaluators"]] == ["exact", "slow", "same"]


async def test_too_few_cases_are_told_with_how_many_are_needed(operator: Asker, store: Store):
    results = await Results.of(store, 4)
    [candidate] = (await compared(operator, FIGURES, await results.run("PPPP"), await results.run("FPPP")))[
        "candidates"
    ]
    assert (candidate["verdict"], candidate["pValue"]) == ("TOO_FEW_CASES", 1)
    assert candidate["casesNeeded"] > 4


async def test_runs_without_anything_in_common_have_no_figures(operator: Asker, store: Store):
    results = await Results.of(store, 4)
    [candidate] = (await compared(operator, FIGURES, await results.run("PP"), await results.run("  PP")))["candidates"]
    assert changes(candidate) == (0, 0, 0, 2, 2)
    names = ("passRateDelta", "passRateDeltaInterval", "pValue", "test", "casesNeeded", "candidatePassRate")
    assert {candidate[name] for name in names} == {None}
    assert (candidate["pairs"], candidate["verdict"]) == (0, "TOO_FEW_CASES")


async def test_latency_and_cost_are_of_the_whole_runs(operator: Asker, store: Store):
    results = await Results.of(store, 3)
    [candidate] = (await compared(operator, FIGURES, await results.run("P"), await results.run("PFP")))["candidates"]
    assert (candidate["averageLatencyDeltaMs"], candidate["costDeltaUsd"]) == (10, 0.5)


async def test_submitted_inputs_are_aligned_where_they_are_equal(operator: Asker, store: Store):
    results = await Results.of(store, 3)
    bare = {"each": without_item, "dataset": None, "system": None}
    runs = await results.run("PPF", **bare), await results.run("PF", **bare)
    assert await rows(operator, *runs) == [
        (0, "P0", ["UNCHANGED P0"]),
        (1, "P1", ["REGRESSED F1"]),
        (2, "F2", ["REMOVED"]),
    ]
    data = await compared(operator, ROWS, *runs)
    assert [edge["node"]["item"] for edge in data["rows"]["edges"]] == [None] * 3


async def test_what_else_differs_is_said_with_the_remedy(operator: Asker, store: Store):
    results = await Results.of(store, 2)
    one = await results.run("PF", dataset=DatasetPin(id=results.dataset.id, name="sums", version=1))
    [snapshot] = one.evaluators
    judge = await results.evaluator("judge", ScoreType.NUMERIC)
    newer = replace(snapshot, version=2, plugin_version="1.1.0", config_hash="1" * 16)
    pin = DatasetPin(id=results.dataset.id, name="sums", version=2)
    two = await results.run("PF", numbers=[(judge, [1, 2])], dataset=pin)
    two = replace(two, evaluators=(newer, *two.evaluators[1:]))
    await store.runs.delete(two.id)
    await store.runs.add(two)
    [candidate] = (await compared(operator, FIGURES, one, two))["candidates"]
    cases, evaluator, missing = candidate["warnings"]
    assert cases == (
        "Run 1 used version 1 of the dataset 'sums' and run 2 version 2: items that came or went are ADDED or REMOVED, "
        "and a changed item is compared as it was. To compare equal cases, start a run with datasetVersion 1."
    )
    assert evaluator == (
        "The evaluator 'exact' scored run 1 with version 1, plugin version 1.0.0, the config and mapping "
        "0000000000000000 and run 2 with version 2, plugin version 1.1.0, the config and mapping 1111111111111111; "
        "score both again (rescoreRun, which does not call the system) to have them scored alike."
    )
    assert missing == (
        "The evaluator 'judge' scored run 2 only; score run 1 with it too (rescoreRun, which does not call the system)."
    )


async def test_a_persons_score_is_in_the_next_comparison(operator: Asker, store: Store):
    results = await Results.of(store, 2)
    one, two = await results.run("PP"), await results.run("PP")
    assert await rows(operator, one, two, change="REGRESSED") == []
    record = f"{two.id}.{results.items[1].id}.1"
    await operator.services.records.add_score(actor=operator.actor, record_id=record, name="taste", value=False)
    assert await rows(operator, one, two, change="REGRESSED") == [(1, "P1", ["REGRESSED P1"])]


async def test_a_run_under_way_is_compared_as_it_stands(operator: Asker, store: Store):
    results = await Results.of(store, 3)
    one, two = await results.run("PPP"), await results.run("F", end=False)
    assert [change for _, _, [change] in await rows(operator, one, two)] == ["REGRESSED F0", "REMOVED", "REMOVED"]
    await store.records.add([later(two, results, 1)])
    assert [change for _, _, [change] in await rows(operator, one, two)] == ["REGRESSED F0", "UNCHANGED P1", "REMOVED"]
    [candidate] = (await compared(operator, FIGURES, one, two))["candidates"]
    assert candidate["warnings"] == ["Run 2 is SCORING, so its figures are not final; compare again when it has ended."]


def later(run: Run, results: Results, place: int) -> Record:
    return results._record(run, place, place, 1, "P", {})


async def test_whoever_may_read_the_runs_may_compare_them(operator: Asker, store: Store):
    results, others = await Results.of(store, 1), await Results.of(store, 1)
    one, two = await results.run("P"), await results.run("F")
    viewer = operator.with_role(Role.VIEWER, results.project.id)
    assert await rows(viewer, one, two) == [(0, "P0", ["REGRESSED F0"])]
    stranger = operator.with_role(Role.ADMIN, others.project.id)
    mine = await others.run("P")
    for runs, field in (((one, two), "baselineId"), ((mine, two), "candidateIds[0]")):
        baseline, candidate = (gid("Run", run) for run in runs)
        refused = await stranger.refused(FIGURES, baseline=baseline, candidates=[candidate])
        assert (refused.code, refused.field, refused.message) == ("NOT_FOUND", field, "There is no such run.")
