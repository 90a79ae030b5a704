"""The records of a project, found by everything at once."""

from typing import Any

from evalyard_core.domain.evaluators import ScoreType
from evalyard_core.domain.facets import facet
from evalyard_core.domain.filters import RecordFilter
from evalyard_core.domain.lists import RecordList
from evalyard_core.domain.payload import dump_json
from evalyard_core.storage import Store
from evalyard_core.storage.datasets import StoredCase
from evalyard_core.storage.records import Trial
from tests.fixtures.asking import Asker, gid, module_store
from tests.fixtures.objects import a_record, a_run
from tests.fixtures.results import Results

#: One database for all of these tests, which differ in their projects.
store = module_store

RECORDS = """query($id: ID!, $filter: RecordFilter, $orderBy: RecordOrder) {
    project(id: $id) {
        records(filter: $filter, orderBy: $orderBy) { totalCount edges { node { output run { number } } } }
    }
}"""


async def found(asker: Asker, results: Results, wanted: Any, order: Any = None) -> list[str]:
    page = await asker(RECORDS, id=gid("Project", results.project), filter=wanted, orderBy=order)
    records = page["project"]["records"]
    assert records["totalCount"] == len(records["edges"])
    return [edge["node"]["output"] for edge in records["edges"]]


async def test_scores_of_several_evaluators_and_all_else_must_hold(operator: Asker, store: Store):
    results = await Results.of(
        store, 8, metadata=[{"language": "de" if n < 6 else "en"} for n in range(8)], tags=[("a",)] * 7 + [()]
    )
    accuracy, tone = [await results.evaluator(name, ScoreType.NUMERIC) for name in ("accuracy", "tone")]
    rising, falling = [float(n) for n in range(8)], [float(-n) for n in range(8)]
    run = await results.run("FFFFFPPP", numbers=[(accuracy, rising), (tone, falling)])
    await results.run("FFFFFFFF")

    of_accuracy = {"evaluatorId": gid("Evaluator", accuracy), "min": 2, "max": 6}
    of_tone = {"evaluatorId": gid("Evaluator", tone), "min": -4}
    of_exact = {"evaluatorId": gid("Evaluator", results.exact), "passed": False}
    everything: dict[str, Any] = {
        "search": "F",
        "runIds": [gid("Run", run)],
        "datasetIds": [gid("Dataset", results.dataset)],
        "itemIds": [gid("DatasetItem", item) for item in results.items[1:]],
        "systemVersionIds": [gid("SystemVersion", results.version)],
        "status": ["COMPLETED"],
        "verdict": ["FAILED"],
        "tags": ["a"],
        "metadata": [{"key": "language", "value": "de"}],
        "minLatencyMs": 10,
        "maxLatencyMs": 45,
        "scores": [of_accuracy, of_tone, of_exact],
    }
    by_latency = {"field": "LATENCY", "direction": "DESC"}

    assert await found(operator, results, {"scores": [of_accuracy, of_tone]}, by_latency) == ["F4", "F3", "F2"]
    assert await found(operator, results, everything, by_latency) == ["F3", "F2"]
    assert await found(operator, results, everything | {"scores": [of_accuracy]}, by_latency) == ["F3", "F2"]
    assert await found(operator, results, everything | {"maxLatencyMs": 35}, by_latency) == ["F2"]
    assert await found(operator, results, everything | {"metadata": [{"key": "language", "value": "en"}]}) == []


async def test_records_are_found_by_metadata_however_they_were_stored(store: Store):
    run, german = a_run(), {"language": "de"}
    added = a_record(run, 1, metadata=german)
    await store.records.add([added])
    case = StoredCase(f"{2:024x}", "1", None, dump_json(german), ())
    await store.records.lay_down(run, [Trial(case, 1, 2), Trial(case._replace(metadata=None), 2, 3)])
    submitted = a_record(run, 4, metadata=german)
    await store.transaction(lambda session: store.records.put([submitted], [], session=session))
    wanted = RecordFilter(facets=(facet("language", "de"),))
    assert await store.records.counts([RecordList(project_id=run.project_id, run_id=run.id, wanted=wanted)]) == [3]
