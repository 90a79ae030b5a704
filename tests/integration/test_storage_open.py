"""Opening a store: what is created, what is refused with a remedy; transactions."""

import asyncio
import gc
from typing import Any

import pytest

from evalyard_core.domain.errors import Conflict
from evalyard_core.storage import Store, StoreUnavailable
from evalyard_core.storage.indexes import INDEXES
from tests.fixtures.core import a_dataset, a_project, a_system, a_system_version, an_evaluator


async def test_a_store_is_opened_by_many_at_once_and_again_later(mongodb_url: str, database_name: str):
    stores = await asyncio.gather(*(Store.open(mongodb_url, database_name) for _ in range(4)))
    assert [await store.is_reachable() for store in stores] == [True] * 4
    names = await stores[0]._database.list_collection_names()
    assert set(names) == set(INDEXES)
    for store in stores:
        await store.close()
    again = await Store.open(mongodb_url, database_name)
    await again.ping()
    await again.close()


async def test_an_index_that_an_older_version_declared_otherwise_is_made_anew(mongodb_url: str, database_name: str):
    old = await Store.open(mongodb_url, database_name)
    name = "project_id_1_idempotency_key_1"
    await old._database["runs"].drop_index(name)
    await old._database["runs"].create_index(
        [("project_id", 1), ("idempotency_key", 1)],
        unique=True,
        partialFilterExpression={"idempotency_key": {"$type": "string"}},
    )
    await old._database["workers"].drop_index("seen_at_1")
    await old._database["workers"].create_index([("seen_at", 1)], expireAfterSeconds=60)
    stores = await asyncio.gather(*(Store.open(mongodb_url, database_name) for _ in range(4)))
    runs = await old._database["runs"].index_information()
    assert runs[name]["partialFilterExpression"] == {"idempotency_key": {"$gt": ""}}
    assert runs[name]["unique"] is True
    assert len(runs) == 1 + len(INDEXES["runs"])
    assert (await old._database["workers"].index_information())["seen_at_1"]["expireAfterSeconds"] == 3600
    for store in [old, *stores]:
        await store.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1", "EVALYARD_MONGODB_URL is no MongoDB address"),
        ("mongodb://127.0.0.1:notaport", "EVALYARD_MONGODB_URL is no MongoDB address"),
        ("mongodb://127.0.0.1:1/?replicaSet=rs0", "MongoDB can't be reached or used"),
    ],
)
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
async def test_a_database_that_can_not_be_used_is_refused_with_a_remedy(url: str, said: str):
    with pytest.raises(StoreUnavailable, match=said):
        await Store.open(url, "evalyard", wait_seconds=0.2)
    # The driver leaves the socket of a connection that it was just making; it goes here, and not in another test.
    gc.collect()


async def test_what_raises_in_a_transaction_writes_nothing(shared_store: Store):
    project, dataset = a_project(), a_dataset("p")

    async def write(session: Any) -> None:
        await shared_store.projects.insert(project, session=session)
        await shared_store.datasets.insert(dataset, session=session)
        raise Conflict("No.")

    with pytest.raises(Conflict):
        await shared_store.transaction(write)
    assert await shared_store.projects.get(project.id) is None
    assert await shared_store.datasets.get(dataset.id) is None


async def test_names_are_taken_once_in_their_scope(shared_store: Store):
    """Each store of a name that is taken is refused with CONFLICT at its field, whoever comes first."""
    system = a_system("p1")
    await shared_store.systems.add(system)
    objects: list[tuple[Any, Any, Any, str]] = [
        (shared_store.projects, lambda: a_project(name="n"), lambda: a_project(name="N"), "input.name"),
        (shared_store.datasets, lambda: a_dataset("p1", name="n"), lambda: a_dataset("p2", name="n"), "input.name"),
        (shared_store.systems, lambda: a_system("p1", name="n"), lambda: a_system("p2", name="n"), "input.name"),
        (
            shared_store.evaluators,
            lambda: an_evaluator("p1", name="n"),
            lambda: an_evaluator("p2", name="n"),
            "input.name",
        ),
        (
            shared_store.system_versions,
            lambda: a_system_version(system, name="n"),
            lambda: a_system_version(a_system("p1"), name="n"),
            "input.name",
        ),
    ]
    for repository, make, make_other, field in objects:
        made = [make() for _ in range(5)]
        outcomes = await asyncio.gather(*map(repository.add, made), return_exceptions=True)
        refusals = [outcome for outcome in outcomes if outcome is not None]
        assert [(type(refusal), refusal.field) for refusal in refusals] == [(Conflict, field)] * 4
        assert len(await repository.get_many([entry.id for entry in made])) == 1
        await repository.add(make_other())


async def test_a_change_to_a_name_that_is_taken_changes_nothing(shared_store: Store):
    one, two = a_project(), a_project()
    mine, other = a_dataset("p3", name="mine"), a_dataset("p3", name="other")
    first, second = an_evaluator("p3", name="first"), an_evaluator("p3", name="second")
    for repository, objects in (
        (shared_store.projects, (one, two)),
        (shared_store.datasets, (mine, other)),
        (shared_store.evaluators, (first, second)),
    ):
        for entry in objects:
            await repository.add(entry)  # type: ignore[attr-defined]
    with pytest.raises(Conflict) as project:
        await shared_store.projects.change(two.id, {"name": one.name, "description": "new"})
    with pytest.raises(Conflict) as dataset:
        await shared_store.datasets.change(other.id, {"name": "mine"})
    with pytest.raises(Conflict) as evaluator:
        await shared_store.evaluators.change(an_evaluator("p3", id=second.id, name="first"), from_version=1)
    assert [refused.value.field for refused in (project, dataset, evaluator)] == ["name", "input.name", "input.name"]
    assert await shared_store.projects.get(two.id) == two
    assert await shared_store.datasets.get(other.id) == other
    assert await shared_store.evaluators.get(second.id) == second
