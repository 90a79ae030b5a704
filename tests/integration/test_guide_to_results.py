"""The queries of docs/reading-results.md, asked of runs in which they find something."""

import re
from pathlib import Path
from typing import Any

import pytest

from evalyard_core.domain.evaluators import ScoreType
from evalyard_core.domain.runs import RunSource
from evalyard_core.storage import Store
from tests.fixtures.asking import Asker, gid, module_store
from tests.fixtures.results import Results

#: One database for all of these tests, which differ in their projects.
store = module_store

GUIDE = (Path(__file__).parents[2] / "docs" / "reading-results.md").read_text()
QUERIES = {
    name: query for query, name in re.findall(r"^```graphql\n(query (\w+).*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
}


async def answers(operator: Asker, store: Store) -> dict[str, Any]:
    """Return what each query of the guide answers; the third of three runs is the worst."""
    results = await Results.of(store, 8, metadata=[{"language": "de" if n < 4 else "en"} for n in range(8)])
    tone = await results.evaluator("tone", ScoreType.NUMERIC)
    numbers = [(tone, [n / 10 for n in range(8)])]
    _, before, after = [
        await results.run(letters, numbers=numbers, source=RunSource.CI)
        for letters in ("FFPPPPPP", "PFPPPPPP", "FFFFPPPP")
    ]
    known = {
        "project": gid("Project", results.project),
        "run": gid("Run", after),
        "baseline": gid("Run", before),
        "candidates": [gid("Run", after)],
        "accuracy": gid("Evaluator", results.exact),
        "tone": gid("Evaluator", tone),
    }
    asked = {name: {key: known[key] for key in known if f"${key}:" in query} for name, query in QUERIES.items()}
    return {name: await operator(QUERIES[name], **variables) for name, variables in asked.items()}


def outputs(connection: Any) -> list[str]:
    return [edge["node"]["output"] for edge in connection["edges"]]


async def test_the_guide_finds_what_it_says(operator: Asker, store: Store):
    found = await answers(operator, store)
    assert sorted(found) == ["Better", "Failing", "History", "Records", "Regressed"]
    [candidate] = found["Better"]["compareRuns"]["candidates"]
    assert (candidate["regressed"], candidate["improved"], candidate["verdict"]) == (3, 0, "TOO_FEW_CASES")
    assert candidate["casesNeeded"] > 8
    rows = found["Regressed"]["compareRuns"]["rows"]
    assert (rows["totalCount"], [edge["node"]["expectedOutput"] for edge in rows["edges"]]) == (3, [0, 2, 3])
    run = found["Failing"]["run"]
    assert outputs(run["newFailures"]) == ["F0", "F2", "F3"]
    german = run["failureGroups"]["edges"][0]["node"]
    assert (german["label"], german["failed"], german["strength"]) == ("language = 'de'", 4, pytest.approx(1))
    assert [edge["node"]["input"]["question"] for edge in run["dataset"]["consistentFailures"]["edges"]] == [1]
    flaky = run["dataset"]["flakyItems"]["edges"]
    assert [(edge["node"]["item"]["input"]["question"], edge["node"]["flips"]) for edge in flaky] == [
        (0, 2),
        (3, 1),
        (2, 1),
    ]
    exact, _ = found["History"]["project"]["history"]
    assert [point["value"] for point in exact["points"]] == [0.75, 0.875, 0.5]
    assert exact["trend"]["direction"] == "TOO_FEW_RUNS"
    assert found["Records"]["project"]["records"]["totalCount"] == 0
