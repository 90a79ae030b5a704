"""How often the database is asked: as often for a hundred objects as for ten."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from evalyard_core.domain.access import Project
from evalyard_core.domain.datasets import AttachedEvaluator
from evalyard_core.domain.runs import DatasetPin, RunStatus, SystemPin
from evalyard_core.services import Services
from evalyard_core.services.live import LiveUpdates
from evalyard_core.storage import Store
from tests.fixtures.asking import Asker, gid
from tests.fixtures.commands import Commands
from tests.fixtures.core import (
    a_dataset,
    a_project,
    a_score,
    a_snapshot,
    a_system,
    a_system_version,
    an_evaluator,
    an_item,
)
from tests.fixtures.objects import a_record, a_run
from tests.fixtures.world import publish
from tests.support.room import Mailbox

commands = Commands()


@pytest.fixture
async def heard_store(mongodb_url: str, database_name: str) -> AsyncIterator[Store]:
    store = await Store.open(mongodb_url, database_name, event_listeners=[commands])
    await publish(store)
    yield store
    await store.close()


@pytest.fixture
async def project(heard_store: Store) -> Project:
    """Return a project with 50 of everything and 100 runs: no two in a row have a neighbour in common."""
    project = a_project()
    await heard_store.projects.insert(project)
    evaluators = [an_evaluator(project.id) for _ in range(50)]
    datasets = [_dataset(project.id, evaluator.id) for evaluator in evaluators]
    items = [an_item(dataset) for dataset in datasets]
    systems = [a_system(project.id) for _ in range(50)]
    versions = [a_system_version(system) for system in systems]
    systems = [
        replace(system, production_version_id=version.id) for system, version in zip(systems, versions, strict=True)
    ]
    runs, records = [], []
    for number in range(100):
        place = number % 50
        dataset, system, version = datasets[place], systems[place], versions[place]
        run = a_run(
            project.id,
            number=number + 1,
            status=RunStatus.COMPLETED,
            dataset=DatasetPin(id=dataset.id, name=dataset.name, version=1),
            system=SystemPin(
                system_id=system.id,
                system_name=system.name,
                version_id=version.id,
                version_name=version.name,
                target=version.target,
                config={},
            ),
            evaluators=tuple(
                a_snapshot(evaluator_id=evaluator.id) for evaluator in (evaluators[place], evaluators[place - 1])
            ),
            rerun_of=runs[-1].id if runs else None,
        )
        runs.append(run)
        scores = (a_score(evaluator_id=evaluators[place].id),)
        records.append(a_record(run, 0, dataset_id=dataset.id, item_id=items[place].id, scores=scores))
    for repository, objects in (
        (heard_store.evaluators, evaluators),
        (heard_store.datasets, datasets),
        (heard_store.systems, systems),
        (heard_store.system_versions, versions),
    ):
        for value in objects:
            await repository.insert(value)
    await heard_store.transaction(lambda session: heard_store.items.insert_many(items, session=session))
    for run in runs:
        await heard_store.runs.add(run)
    await heard_store.records.add(records)
    return project


def _dataset(project_id: str, evaluator_id: str) -> Any:
    attached = (AttachedEvaluator(evaluator_id=evaluator_id),)
    return replace(a_dataset(project_id), version=1, item_count=1, next_seq=1, evaluators=attached)


async def asked(store: Store, query: str, **variables: Any) -> tuple[Any, list[str]]:
    """Return the data of a query, and what it sent: commands with their collections."""
    asker = Asker(Services(store, Mailbox()), LiveUpdates(store))
    commands.take()
    data = await asker(query, **variables)
    return data, [f"{command[name]}.{name}" for command in commands.take() if (name := next(iter(command)))]


RUNS = """
query($project: ID!, $first: Int) {
    project(id: $project) {
        runs(first: $first) {
            edges {
                node {
                    id
                    project { name }
                    dataset { name project { name } evaluators { evaluator { name } } }
                    system { name productionVersion { name } }
                    systemVersion { name config system { name } }
                    progress { percent }
                    summary { passRate }
                    evaluators { status evaluator { name plugin { version } } }
                    rerunOf { number }
                    previous { number }
                }
            }
        }
    }
}
"""


async def test_a_page_of_runs_with_everything_around_them(heard_store: Store, project: Project):
    ten, sent_for_ten = await asked(heard_store, RUNS, project=gid("Project", project), first=10)
    hundred, sent_for_hundred = await asked(heard_store, RUNS, project=gid("Project", project), first=100)
    assert len(ten["project"]["runs"]["edges"]) == 10
    nodes = [edge["node"] for edge in hundred["project"]["runs"]["edges"]]
    assert len({node["dataset"]["name"] for node in nodes}) == 50
    assert [node["previous"] and node["previous"]["number"] for node in nodes] == [*range(50, 0, -1), *[None] * 50]
    assert sorted(sent_for_ten) == sorted(sent_for_hundred)
    assert sorted(sent_for_hundred) == [
        "datasets.find",
        "evaluators.find",
        "plugins.find",
        "projects.find",
        "projects.find",
        "runs.aggregate",
        "runs.aggregate",
        "runs.find",
        "system_versions.find",
        "systems.find",
        "workers.find",
    ]


LISTS = """
query($project: ID!, $first: Int) {
    project(id: $project) {
        datasets(first: $first) {
            totalCount
            edges {
                node {
                    runs(first: 1) {
                        totalCount
                        edges { node { number records(first: 1) { edges { node { trial } } } } }
                    }
                    items(first: 1) { edges { node { records(first: 2) { totalCount } dataset { name } } } }
                }
            }
        }
        systems(first: $first) {
            edges { node { versions(first: 1) { edges { node { runs(first: 1) { edges { node { number } } } } } } } }
        }
    }
}
"""


async def test_lists_in_lists(heard_store: Store, project: Project):
    _, sent_for_ten = await asked(heard_store, LISTS, project=gid("Project", project), first=10)
    data, sent_for_fifty = await asked(heard_store, LISTS, project=gid("Project", project), first=50)
    datasets = [edge["node"] for edge in data["project"]["datasets"]["edges"]]
    assert data["project"]["datasets"]["totalCount"] == len(datasets) == 50
    assert [dataset["runs"]["edges"][0]["node"]["number"] for dataset in datasets] == [*range(51, 101)]
    assert {dataset["runs"]["totalCount"] for dataset in datasets} == {2}
    assert {dataset["items"]["edges"][0]["node"]["records"]["totalCount"] for dataset in datasets} == {2}
    versions = [edge["node"]["versions"]["edges"][0]["node"] for edge in data["project"]["systems"]["edges"]]
    assert [version["runs"]["edges"][0]["node"]["number"] for version in versions] == [*range(51, 101)]
    # One for each list in the query and each total, or fewer where lists of a kind come to be asked for at once.
    assert set(sent_for_ten) == set(sent_for_fifty)
    assert max(len(sent_for_ten), len(sent_for_fifty)) <= 13


RECORDS = """
query($project: ID!, $first: Int) {
    project(id: $project) {
        records(first: $first) {
            edges {
                node {
                    run { number dataset { name } }
                    item { id dataset { name } }
                    scores { evaluator { name } history { id } record { id } }
                }
            }
        }
    }
}
"""


async def test_a_page_of_records_with_everything_around_them(heard_store: Store, project: Project):
    _, sent_for_ten = await asked(heard_store, RECORDS, project=gid("Project", project), first=10)
    data, sent_for_hundred = await asked(heard_store, RECORDS, project=gid("Project", project), first=100)
    records = [edge["node"] for edge in data["project"]["records"]["edges"]]
    assert len({record["scores"][0]["evaluator"]["name"] for record in records}) == 50
    assert sorted(sent_for_ten) == sorted(sent_for_hundred)
    assert sorted(sent_for_hundred) == [
        "datasets.find",
        "evaluators.find",
        "items.aggregate",
        "projects.find",
        "records.aggregate",
        "runs.find",
        "score_history.find",
    ]


async def test_nodes_cost_one_round_trip_a_type(heard_store: Store, project: Project):
    runs = [run async for run in _ids(heard_store, "runs")]
    datasets = [dataset async for dataset in _ids(heard_store, "datasets")]
    ids = [gid("Run", raw) for raw in runs[:50]] + [gid("Dataset", raw) for raw in datasets]
    data, sent = await asked(heard_store, "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)
    assert [node["id"] for node in data["nodes"]] == ids
    assert sorted(sent) == ["datasets.find", "runs.find"]


async def _ids(store: Store, collection: str) -> AsyncIterator[str]:
    async for row in store._database[collection].find({}, projection={"_id": 1}).sort("_id"):
        yield row["_id"]


async def test_the_same_object_by_many_names_costs_one_round_trip(heard_store: Store, project: Project):
    identifier = gid("Project", project)
    query = "query($id: ID!) {" + " ".join(f"p{n}: project(id: $id) {{ name }}" for n in range(30)) + "}"
    data, sent = await asked(heard_store, query, id=identifier)
    assert data == {f"p{n}": {"name": project.name} for n in range(30)}
    assert sent == ["projects.find"]


async def test_a_total_is_counted_only_when_asked_for(heard_store: Store, project: Project):
    query = "query($id: ID!) { project(id: $id) { runs(first: 1) { edges { cursor } %s } } }"
    _, without = await asked(heard_store, query % "", id=gid("Project", project))
    data, with_total = await asked(heard_store, query % "totalCount", id=gid("Project", project))
    assert data["project"]["runs"]["totalCount"] == 100
    assert without == ["projects.find", "runs.aggregate"]
    assert with_total == ["projects.find", "runs.aggregate", "runs.aggregate"]
