"""How the figures of evaluators went from run to run, over a real database."""

from typing import Any

import pytest

from evalyard_core.domain.access import Role
from evalyard_core.domain.evaluators import ScoreType
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.runs import RunSource, RunStatus
from evalyard_core.storage import Store
from tests.fixtures.asking import Asker, gid, module_store
from tests.fixtures.results import Results

#: One database for all of these tests, which differ in their projects.
store = module_store

HISTORY = """query($id: ID!, $evaluatorIds: [ID!], $filter: RunFilter, $last: Int) {
    project(id: $id) {
        history(evaluatorIds: $evaluatorIds, filter: $filter, last: $last) {
            evaluator { name } unit
            points { run { number } value low high count at }
            trend { direction slopePerRun pValue }
        }
    }
}"""


async def history(asker: Asker, results: Results, **variables: Any) -> Any:
    return (await asker(HISTORY, id=gid("Project", results.project), **variables))["project"]["history"]


def values(series: Any) -> dict[str, list[tuple[int, float]]]:
    return {
        entry["evaluator"]["name"]: [(point["run"]["number"], point["value"]) for point in entry["points"]]
        for entry in series
    }


async def test_a_series_an_evaluator_and_a_point_a_run(operator: Asker, store: Store):
    results = await Results.of(store, 4)
    length = await results.evaluator("length", ScoreType.NUMERIC)
    for n, letters in enumerate(("PPPP", "PPPF", "PPFF", "PFFF", "FFFF", "FFFF")):
        await results.run(letters, numbers=[(length, [n, n, n, n + 4.0])])
    exact, lengths = await history(operator, results)
    assert values([exact, lengths]) == {
        "exact": [(1, 1.0), (2, 0.75), (3, 0.5), (4, 0.25), (5, 0.0), (6, 0.0)],
        "length": [(n + 1, n + 1.0) for n in range(6)],
    }
    assert (exact["unit"], lengths["unit"]) == ("PASS_RATE", "MEAN")
    assert (exact["trend"]["direction"], lengths["trend"]["direction"]) == ("DECLINING", "IMPROVING")
    assert (lengths["trend"]["slopePerRun"], exact["trend"]["slopePerRun"]) == (1.0, pytest.approx(-0.25))
    assert lengths["trend"]["pValue"] < 0.05
    assert [point["count"] for point in exact["points"]] == [4] * 6
    assert all(
        point["low"] <= point["value"] <= point["high"] for entry in (exact, lengths) for point in entry["points"]
    )
    moments = [point["at"] for point in exact["points"]]
    assert moments == sorted(moments)


async def test_the_last_runs_that_completed_and_that_the_filter_allows(operator: Asker, store: Store):
    results = await Results.of(store, 2)
    for letters, source in (("PP", RunSource.CI), ("PF", RunSource.API), ("FF", RunSource.CI), ("PF", RunSource.CI)):
        await results.run(letters, source=source)
    await results.run("PP", status=RunStatus.CANCELLED)
    await results.run("P", end=False)
    assert values(await history(operator, results)) == {"exact": [(1, 1.0), (2, 0.5), (3, 0.0), (4, 0.5)]}
    assert values(await history(operator, results, last=2)) == {"exact": [(3, 0.0), (4, 0.5)]}
    assert values(await history(operator, results, last=2, filter={"source": ["API", "CI"], "search": "night"})) == {
        "exact": [(3, 0.0), (4, 0.5)]
    }
    assert values(await history(operator, results, filter={"source": ["API"]})) == {"exact": [(2, 0.5)]}
    assert values(await history(operator, results, filter={"status": ["CANCELLED"]})) == {"exact": [(5, 1.0)]}


async def test_the_last_runs_of_the_evaluators_that_are_asked_for(operator: Asker, store: Store):
    results = await Results.of(store, 2)
    judge, never = [await results.evaluator(name, ScoreType.NUMERIC) for name in ("judge", "never")]
    await results.run("PP", numbers=[(judge, [1, 2])])
    for _ in range(3):
        await results.run("PP")
    asked = [gid("Evaluator", evaluator) for evaluator in (never, judge)]
    assert values(await history(operator, results, evaluatorIds=asked, last=2)) == {"judge": [(1, 1.5)]}
    assert await history(operator, results, evaluatorIds=[]) == []


async def test_what_can_not_be_asked_for_is_refused(operator: Asker, store: Store):
    results, others = await Results.of(store, 1), await Results.of(store, 1)
    project = gid("Project", results.project)
    for last in (0, 201):
        refused = await operator.refused(HISTORY, id=project, last=last)
        assert (refused.code, refused.field) == ("BAD_USER_INPUT", "last")
    for unknown in (others.exact.id, new_id()):
        ids = [gid("Evaluator", results.exact), gid("Evaluator", unknown)]
        for asker in (operator, operator.with_role(Role.VIEWER, results.project.id)):
            refused = await asker.refused(HISTORY, id=project, evaluatorIds=ids)
            assert (refused.code, refused.field) == ("NOT_FOUND", "evaluatorIds[1]")
            assert refused.message == "There is no such evaluator."
