"""How often the database is asked for traces: as often for a hundred as for ten."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from evalyard_core.domain.access import Project
from evalyard_core.domain.traces.spans import trace_key
from evalyard_core.services import Services
from evalyard_core.services.live import LiveUpdates
from evalyard_core.storage import Store
from tests.fixtures.asking import Asker, gid
from tests.fixtures.commands import Commands
from tests.fixtures.core import a_dataset, a_project, an_item
from tests.fixtures.objects import a_record, a_run
from tests.fixtures.spans import a_received, trace_id
from tests.fixtures.traces import an_execution, take
from tests.support.room import Mailbox

commands = Commands()


@pytest.fixture
async def heard_store(mongodb_url: str, database_name: str) -> AsyncIterator[Store]:
    store = await Store.open(mongodb_url, database_name, event_listeners=[commands])
    yield store
    await store.close()


@pytest.fixture
async def project(heard_store: Store) -> Project:
    """Return a project with a hundred traces, each the trace of a record and the source of an item."""
    project = a_project()
    await heard_store.projects.insert(project)
    dataset, run = a_dataset(project.id, version=1), a_run(project.id)
    await heard_store.datasets.insert(dataset)
    await heard_store.runs.add(run)
    items = [an_item(dataset, seq=n, source_trace_id=trace_id(n)) for n in range(100)]
    await heard_store.transaction(lambda session: heard_store.items.insert_many(items, session=session))
    records = [a_record(run, n, item_id=items[n].id, trace_id=trace_id(n)) for n in range(100)]
    await heard_store.records.add(records)
    await take(heard_store, project.id, [span for n in range(100) for span in an_execution(n)])
    return project


async def asked(store: Store, query: str, **variables: Any) -> tuple[Any, list[str]]:
    """Return the data of a query, and what it sent: commands with their collections."""
    asker = Asker(Services(store, Mailbox()), LiveUpdates(store))
    commands.take()
    data = await asker(query, **variables)
    return data, sorted(f"{command[name]}.{name}" for command in commands.take() if (name := next(iter(command))))


TRACES = """
query($project: ID!, $first: Int) {
    project(id: $project) {
        traces(first: $first) {
            totalCount
            edges {
                node {
                    name totalTokens project { name }
                    spans(first: 2) {
                        totalCount edges { node { name trace { name } scores { value } annotations { rating } } }
                    }
                    latencyBreakdown { kind share }
                    records(first: 1) { totalCount edges { node { trial trace { name } } } }
                }
            }
        }
    }
}
"""


async def test_a_page_of_traces_with_everything_around_them(heard_store: Store, project: Project):
    _, sent_for_ten = await asked(heard_store, TRACES, project=gid("Project", project), first=10)
    data, sent_for_hundred = await asked(heard_store, TRACES, project=gid("Project", project), first=100)
    nodes = [edge["node"] for edge in data["project"]["traces"]["edges"]]
    assert len(nodes) == data["project"]["traces"]["totalCount"] == 100
    assert {node["spans"]["totalCount"] for node in nodes} == {3}
    assert {edge["node"]["trace"]["name"] for node in nodes for edge in node["spans"]["edges"]} == {"answer"}
    assert sent_for_ten == sent_for_hundred
    assert sent_for_hundred == [
        *("projects.find", "projects.find", "records.aggregate", "records.aggregate", "span_notes.find"),
        *("spans.aggregate", "spans.aggregate", "spans.find", "traces.aggregate", "traces.aggregate", "traces.find"),
    ]


RECORDS = """
query($project: ID!, $first: Int) {
    project(id: $project) {
        records(first: $first) { edges { node { trace { name durationMs } item { sourceTrace { name } } } } }
    }
}
"""


async def test_the_traces_of_a_page_of_records(heard_store: Store, project: Project):
    _, sent_for_ten = await asked(heard_store, RECORDS, project=gid("Project", project), first=10)
    data, sent_for_hundred = await asked(heard_store, RECORDS, project=gid("Project", project), first=100)
    nodes = [edge["node"] for edge in data["project"]["records"]["edges"]]
    assert [node["trace"] for node in nodes] == [{"name": "answer", "durationMs": 100}] * 100
    assert {node["item"]["sourceTrace"]["name"] for node in nodes} == {"answer"}
    assert sent_for_ten == sent_for_hundred
    assert sent_for_hundred == ["items.aggregate", "projects.find", "records.aggregate", "traces.find"]


async def test_a_breakdown_is_made_once_for_each_state_of_a_trace(heard_store: Store, project: Project):
    query = "query($id: ID!) { trace(id: $id) { latencyBreakdown { kind durationMs } } }"
    asker = Asker(Services(heard_store, Mailbox()), LiveUpdates(heard_store))
    variables = {"id": gid("Trace", trace_key(project.id, trace_id(0)))}

    async def sent() -> list[str]:
        commands.take()
        await asker(query, **variables)
        return [str(next(iter(command.values()))) for command in commands.take()]

    assert await sent() == ["traces", "spans"]
    assert await sent() == ["traces"]
    await take(heard_store, project.id, [a_received(7, 0, 0, name="tool 7")])
    assert await sent() == ["traces", "spans"]
    breakdown = (await asker(query, **variables))["trace"]["latencyBreakdown"]
    assert breakdown[0] == {"kind": "UNKNOWN", "durationMs": 6900}
