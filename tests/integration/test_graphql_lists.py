"""Lists: pages, totals, searches, filters and orders."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from evalyard_core.domain.datasets import ItemSource
from evalyard_core.domain.records import RecordStatus, ScoreStatus, Verdict
from evalyard_core.domain.runs import DatasetPin, Run, RunSource, RunStatus, RunSummary, SystemPin
from evalyard_core.storage import Store
from evalyard_schema.scalars import print_date_time
from tests.fixtures.asking import Asker, gid, module_store
from tests.fixtures.core import a_dataset, a_score, a_snapshot, a_system, an_evaluator, an_item
from tests.fixtures.objects import a_record, a_run
from tests.fixtures.world import World

#: One database for all of these tests, which differ in their projects.
store = module_store


async def pages(asker: Asker, query: str, path: Sequence[str], first: int, **variables: Any) -> list[list[Any]]:
    """Return the nodes of each page of a list, having looked at each page's info."""
    found: list[list[Any]] = []
    after = None
    while True:
        data: Any = await asker(query, first=first, after=after, **variables)
        for part in path:
            data = data[part]
        edges, info = data["edges"], data["pageInfo"]
        found.append([edge["node"] for edge in edges])
        assert info["hasPreviousPage"] is (after is not None)
        assert (info["startCursor"], info["endCursor"]) == (edges[0]["cursor"], edges[-1]["cursor"])
        assert len({edge["cursor"] for edge in edges}) == len(edges)
        if not info["hasNextPage"]:
            return found
        after = info["endCursor"]


PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"


@pytest.mark.parametrize("name", ["datasets", "evaluators", "systems"])
async def test_lists_of_a_project_go_on_where_they_ended(name: str, operator: Asker, world: World, store: Store):
    make = {"datasets": a_dataset, "evaluators": an_evaluator, "systems": a_system}[name]
    for number in range(5):
        await getattr(store, name).insert(make(world.project.id, name=f"case {number} [x]"))
    query = f"""query($id: ID!, $first: Int, $after: String, $search: String) {{
        project(id: $id) {{
            {name}(first: $first, after: $after, search: $search) {{
                totalCount edges {{ cursor node {{ name }} }} {PAGE}
            }}
        }}
    }}"""
    project = gid("Project", world.project)
    names = [[node["name"] for node in page] for page in await pages(operator, query, ["project", name], 2, id=project)]
    assert [len(page) for page in names] == [2, 2, 2]
    assert [entry for page in names for entry in page][1:] == [f"case {number} [x]" for number in range(5)]
    data = await operator(query, id=project, search="CASE 3 [X")
    assert data["project"][name]["totalCount"] == 1
    assert [edge["node"]["name"] for edge in data["project"][name]["edges"]] == ["case 3 [x]"]
    nothing = (await operator(query, id=project, search=".*"))["project"][name]
    assert nothing == {
        "totalCount": 0,
        "edges": [],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
    }


async def test_datasets_by_tags(operator: Asker, world: World, store: Store):
    for tags in (("a",), ("a", "b"), ("b",)):
        await store.datasets.insert(a_dataset(world.project.id, tags=tags))
    query = (
        "query($id: ID!, $tags: [String!]) { project(id: $id) { datasets(tags: $tags) { edges { node { tags } } } } }"
    )
    for tags, found in ((["a"], [["a"], ["a", "b"]]), (["a", "b"], [["a", "b"]]), (["c"], []), ([], 4)):
        edges = (await operator(query, id=gid("Project", world.project), tags=tags))["project"]["datasets"]["edges"]
        assert (len(edges) if isinstance(found, int) else [edge["node"]["tags"] for edge in edges]) == found


async def test_items_by_search_tags_and_source(operator: Asker, world: World, store: Store):
    items = [
        an_item(world.dataset, seq=1, input={"q": 'say "hi"'}, tags=("a",), source=ItemSource.MANUAL),
        an_item(world.dataset, seq=2, input={"q": "x"}, expected_output="HI there", tags=("a", "b")),
        an_item(world.dataset, seq=3, input={"q": "y"}, metadata="hi"),
    ]
    await store.transaction(lambda session: store.items.insert_many(items, session=session))
    query = """query($id: ID!, $search: String, $tags: [String!], $source: ItemSource) {
        dataset(id: $id) {
            items(search: $search, tags: $tags, source: $source) { totalCount edges { node { id } } }
        }
    }"""
    first, second, third = (gid("DatasetItem", item) for item in items)
    own = gid("DatasetItem", world.item)
    for given, found in (
        ({"search": "hi"}, [first, second]),
        ({"search": 'say "hi'}, [first]),
        ({"tags": ["a"]}, [first, second]),
        ({"tags": ["a", "b"]}, [second]),
        ({"source": "MANUAL"}, [first]),
        ({"search": "hi", "source": "API"}, [second]),
        ({}, [own, first, second, third]),
    ):
        data = (await operator(query, id=gid("Dataset", world.dataset), **given))["dataset"]["items"]
        assert [edge["node"]["id"] for edge in data["edges"]] == found, given
        assert data["totalCount"] == len(found)


@pytest.fixture
async def runs(world: World, store: Store) -> dict[int, Run]:
    """Return runs 2 to 5 of a world, whose own run 1 has no name, cost or duration to speak of."""
    system = SystemPin(
        system_id="5" * 24, system_name="Zebra", version_id="6" * 24, version_name="v", target="acme/echo", config={}
    )
    started = world.run.created_at
    made = {
        number: a_run(
            world.project.id,
            number=number,
            name=f"run {number}",
            created_at=started + timedelta(seconds=number),
            started_at=started + timedelta(seconds=number),
            **changes,
        )
        for number, changes in enumerate(
            (
                {"status": RunStatus.FAILED, "source": RunSource.CI, "tags": ("a", "b")},
                {"status": RunStatus.COMPLETED, "system": system, "summary": RunSummary(pass_rate=0.5)},
                {
                    "status": RunStatus.COMPLETED,
                    "dataset": DatasetPin(id="7" * 24, name="Aardvark", version=3),
                    "summary": RunSummary(pass_rate=0.9, total_duration_ms=5.0),
                    "evaluators": (a_snapshot(evaluator_id="8" * 24),),
                },
                {"status": RunStatus.RUNNING, "tags": ("a",), "source": RunSource.CI},
            ),
            start=2,
        )
    }
    for run in made.values():
        await store.runs.add(run)
    return {1: world.run, **made}


RUNS = """query($id: ID!, $filter: RunFilter, $orderBy: RunOrder, $first: Int, $after: String) {
    project(id: $id) {
        runs(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
            totalCount
            edges { cursor node { number } }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        }
    }
}"""


@pytest.mark.parametrize(
    ("filter", "numbers"),
    [
        ({}, [5, 4, 3, 2, 1]),
        ({"search": "RUN 4"}, [4]),
        ({"search": "zebra"}, [3]),
        ({"search": "aardv"}, [4]),
        ({"status": ["FAILED", "RUNNING"]}, [5, 2]),
        ({"status": []}, [5, 4, 3, 2, 1]),
        ({"source": ["CI"], "status": ["RUNNING"]}, [5]),
        ({"tags": ["a"]}, [5, 2]),
        ({"tags": ["a", "b"]}, [2]),
        ({"datasetId": gid("Dataset", "7" * 24)}, [4]),
        ({"systemId": gid("System", "5" * 24)}, [3]),
        ({"systemVersionId": gid("SystemVersion", "6" * 24)}, [3]),
        ({"evaluatorId": gid("Evaluator", "8" * 24)}, [4]),
        ({"search": "run", "datasetId": None}, [5, 4, 3, 2]),
    ],
)
async def test_runs_by_filter(filter: Any, numbers: list[int], operator: Asker, world: World, runs: dict[int, Run]):
    data = (await operator(RUNS, id=gid("Project", world.project), filter=filter))["project"]["runs"]
    if "search" in filter and filter["search"] == "run":
        numbers = [number for number in numbers if "run" in runs[number].name]
    assert [edge["node"]["number"] for edge in data["edges"]] == numbers
    assert data["totalCount"] == len(numbers)


async def test_runs_by_date(operator: Asker, world: World, runs: dict[int, Run]):
    second, fourth = (print_date_time(runs[number].created_at) for number in (2, 4))
    for dates, numbers in (
        ({"startedAfter": second}, [5, 4, 3, 2]),
        ({"startedBefore": second}, [2, 1]),
        ({"startedAfter": second, "startedBefore": fourth}, [4, 3, 2]),
    ):
        data = (await operator(RUNS, id=gid("Project", world.project), filter=dates))["project"]["runs"]
        assert [edge["node"]["number"] for edge in data["edges"]] == numbers


@pytest.mark.parametrize(
    ("field", "ascending"),
    [
        ("STARTED_AT", [1, 2, 3, 4, 5]),
        ("STATUS", [1, 3, 4, 2, 5]),
        ("PASS_RATE", [1, 2, 5, 3, 4]),
        ("DURATION", [1, 2, 3, 5, 4]),
    ],
)
async def test_runs_in_order_page_by_page(
    field: str, ascending: list[int], operator: Asker, world: World, runs: dict[int, Run]
):
    for direction, numbers in (("ASC", ascending), ("DESC", ascending[::-1])):
        order = {"field": field, "direction": direction}
        found = await pages(operator, RUNS, ["project", "runs"], 2, id=gid("Project", world.project), orderBy=order)
        assert [[run["number"] for run in page] for page in found] == [numbers[:2], numbers[2:4], numbers[4:]]


async def test_runs_of_a_dataset_and_of_a_version(operator: Asker, world: World, runs: dict[int, Run]):
    query = """query($dataset: ID!, $version: ID!) {
        dataset(id: $dataset) { runs { totalCount edges { node { number } } } }
        node(id: $version) { ... on SystemVersion { runs { totalCount edges { node { number } } } } }
    }"""
    data = await operator(query, dataset=gid("Dataset", world.dataset), version=gid("SystemVersion", world.version))
    own = {"runs": {"totalCount": 1, "edges": [{"node": {"number": 1}}]}}
    assert data == {"dataset": own, "node": own}


@pytest.fixture
async def records(world: World, store: Store) -> None:
    """Store records 1 to 4 beside the world's own one: by another run, of all kinds."""
    evaluator = world.evaluator.id
    run = a_run(world.project.id, number=2, status=RunStatus.RUNNING)
    await store.runs.add(run)
    made = [
        a_record(run, 1, input="needle", tags=("a",), latency_ms=10.0, cost_usd=0.3, created_at=_later(world, 1)),
        a_record(
            run,
            2,
            output={"deep": ["Needle"]},
            tags=("a", "b"),
            latency_ms=30.0,
            verdict=Verdict.FAILED,
            scores=(a_score(evaluator_id=evaluator, value=0.2, number=0.2, passed=False),),
            created_at=_later(world, 2),
        ),
        a_record(
            run,
            3,
            status=RecordStatus.ERRORED,
            verdict=Verdict.ERRORED,
            cost_usd=0.1,
            scores=(a_score(evaluator_id=evaluator, status=ScoreStatus.SKIPPED, value=None, number=None, passed=None),),
            created_at=_later(world, 3),
        ),
        a_record(
            run,
            4,
            latency_ms=20.0,
            verdict=Verdict.PASSED,
            scores=(a_score(evaluator_id=evaluator, value="good", number=None, label="good"),),
            created_at=_later(world, 4),
            finished_at=_later(world, 60),
        ),
    ]
    await store.records.add([replace(record, trial=record.seq + 1) for record in made])


def _later(world: World, seconds: int) -> Any:
    return world.record.created_at + timedelta(seconds=seconds)


RECORDS = """query($id: ID!, $filter: RecordFilter, $orderBy: RecordOrder, $first: Int, $after: String) {
    project(id: $id) {
        records(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
            totalCount
            edges { cursor node { trial } }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        }
    }
}"""


@pytest.mark.usefixtures("records")
@pytest.mark.parametrize(
    ("filter", "trials"),
    [
        (lambda w: {}, [5, 4, 3, 2, 1]),
        (lambda w: {"search": "needle"}, [3, 2]),
        (lambda w: {"search": "BECAUSE"}, [1]),
        (lambda w: {"runIds": [gid("Run", w.run)]}, [1]),
        (lambda w: {"datasetIds": [gid("Dataset", w.dataset)]}, [1]),
        (lambda w: {"itemIds": [gid("DatasetItem", w.item), gid("DatasetItem", f"{2:024x}")]}, [3, 1]),
        (lambda w: {"systemVersionIds": [gid("SystemVersion", w.version)]}, []),
        (lambda w: {"status": ["ERRORED"]}, [4]),
        (lambda w: {"verdict": ["PASSED", "FAILED"]}, [5, 3, 1]),
        (lambda w: {"tags": ["a"]}, [3, 2]),
        (lambda w: {"minLatencyMs": 20}, [5, 3]),
        (lambda w: {"minLatencyMs": 10, "maxLatencyMs": 20}, [5, 2]),
        (lambda w: {"finishedAfter": print_date_time(_later(w, 60))}, [5]),
        (lambda w: {"scores": [{"evaluatorId": gid("Evaluator", w.evaluator)}]}, [5, 3, 1]),
        (lambda w: {"scores": [{"evaluatorId": gid("Evaluator", w.evaluator), "passed": False}]}, [3]),
        (lambda w: {"scores": [{"evaluatorId": gid("Evaluator", w.evaluator), "min": 0.1, "max": 0.2}]}, [3]),
        (lambda w: {"scores": [{"evaluatorId": gid("Evaluator", w.evaluator), "label": "good"}]}, [5]),
        (lambda w: {"scores": [{"evaluatorId": gid("Evaluator", w.evaluator), "status": "SKIPPED"}]}, [4]),
        (
            lambda w: {
                "scores": [
                    {"evaluatorId": gid("Evaluator", w.evaluator), "passed": True},
                    {"evaluatorId": gid("Evaluator", w.evaluator), "min": 1},
                ]
            },
            [1],
        ),
    ],
)
async def test_records_by_filter(filter: Any, trials: list[int], operator: Asker, world: World):
    data = (await operator(RECORDS, id=gid("Project", world.project), filter=filter(world)))["project"]["records"]
    assert [edge["node"]["trial"] for edge in data["edges"]] == trials
    assert data["totalCount"] == len(trials)


@pytest.mark.usefixtures("records")
@pytest.mark.parametrize(
    ("field", "ascending"),
    [("CREATED_AT", [1, 2, 3, 4, 5]), ("LATENCY", [None, None, 2, 5, 3]), ("COST", [None, None, None, 4, 2])],
)
async def test_records_in_order_page_by_page(field: str, ascending: list[int | None], operator: Asker, world: World):
    for direction, trials in (("ASC", ascending), ("DESC", ascending[::-1])):
        order = {"field": field, "direction": direction}
        found = await pages(
            operator, RECORDS, ["project", "records"], 2, id=gid("Project", world.project), orderBy=order
        )
        shown = [record["trial"] for page in found for record in page]
        assert len(set(shown)) == 5
        assert [trial if trial in trials else None for trial in shown] == trials


@pytest.mark.usefixtures("records")
async def test_the_records_of_a_run_by_score(operator: Asker, world: World):
    query = """query($id: ID!, $filter: RecordFilter, $orderBy: RecordOrder, $first: Int, $after: String) {
        project(id: $id) {
            runs {
                edges {
                    node {
                        number
                        records(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
                            edges { cursor node { trial scores { number } } }
                        }
                    }
                }
            }
        }
    }"""
    order = {"field": "SCORE", "direction": "DESC", "evaluatorId": gid("Evaluator", world.evaluator)}
    data = await operator(query, id=gid("Project", world.project), orderBy=order)
    shown = {
        edge["node"]["number"]: [record["node"]["trial"] for record in edge["node"]["records"]["edges"]]
        for edge in data["project"]["runs"]["edges"]
    }
    assert shown == {1: [1], 2: [3, 5, 4, 2]}


async def test_the_history_of_an_item(operator: Asker, world: World):
    query = (
        "query($id: ID!) { node(id: $id) { ... on DatasetItem { records { totalCount edges { node { trial } } } } } }"
    )
    data = await operator(query, id=gid("DatasetItem", world.item))
    assert data == {"node": {"records": {"totalCount": 1, "edges": [{"node": {"trial": 1}}]}}}


BAD_LISTS = {
    "first 0": ("runs(first: 0)", "first", "first must be 1 to 100, not 0."),
    "first -1": ("runs(first: -1)", "first", "first must be 1 to 100, not -1."),
    "first 101": ("datasets(first: 101)", "first", "first must be 1 to 100, not 101."),
    "no cursor": (
        'records(after: "x")',
        "after",
        "This is no cursor of this list; pass an endCursor that it returned.",
    ),
    "empty cursor": (
        'systems(after: "")',
        "after",
        "This is no cursor of this list; pass an endCursor that it returned.",
    ),
    "id of another type": (
        'runs(filter: {datasetId: "UnVuOjE="})',
        "filter.datasetId",
        "This is the id of a Run; pass a Dataset's.",
    ),
    "no id in a list": (
        'records(filter: {runIds: ["UnVuOjE=", "x"]})',
        "filter.runIds[1]",
        "This is no id; pass one that the API returned.",
    ),
    "no id in a score filter": (
        'records(filter: {scores: [{evaluatorId: "x"}]})',
        "filter.scores[0].evaluatorId",
        "This is no id; pass one that the API returned.",
    ),
    "by nobody's score": (
        'records(filter: {runIds: ["UnVuOjE="]}, orderBy: {field: SCORE})',
        "orderBy.evaluatorId",
        "SCORE needs the evaluatorId whose score counts.",
    ),
    "a search with a NUL": (
        'evaluators(search: "a\\u0000")',
        "search",
        "A search can't hold the character U+0000.",
    ),
}


@pytest.mark.parametrize("case", BAD_LISTS)
async def test_a_list_that_can_not_be(case: str, operator: Asker, world: World):
    selection, field, message = BAD_LISTS[case]
    query = f"query($id: ID!) {{ project(id: $id) {{ {selection} {{ totalCount edges {{ cursor }} }} }} }}"
    result = await operator.result(query, id=gid("Project", world.project))
    assert result.data == {"project": None}
    [error] = result.errors or ()
    assert (error.message, error.extensions) == (message, {"code": "BAD_USER_INPUT", "field": field})


async def test_a_cursor_of_another_order_is_refused(operator: Asker, world: World):
    page = await operator(RUNS, id=gid("Project", world.project))
    cursor = page["project"]["runs"]["pageInfo"]["endCursor"]
    refused = await operator.refused(RUNS, id=gid("Project", world.project), after=cursor, orderBy={"field": "STATUS"})
    assert (refused.code, refused.field) == ("BAD_USER_INPUT", "after")
    assert refused.message == "This cursor is of another order; start again without one."


async def test_one_bad_cursor_among_good_lists_fails_alone(operator: Asker, world: World):
    query = """query($id: ID!) {
        project(id: $id) {
            datasets { edges { node { good: items { totalCount edges { node { id } } } } } }
        }
        dataset(id: "RGF0YXNldDox") { items(after: "x") { totalCount } }
    }"""
    result = await operator.result(query, id=gid("Project", world.project))
    assert result.errors is None
    both = """query($id: ID!) {
        a: dataset(id: $id) { items { totalCount edges { cursor } } }
        b: dataset(id: $id) { items(after: "x") { totalCount } }
    }"""
    result = await operator.result(both, id=gid("Dataset", world.dataset))
    assert result.data is not None
    assert result.data["a"]["items"]["totalCount"] == 1
    assert result.data["b"] is None
    [error] = result.errors or ()
    assert error.path == ["b", "items"]
