"""Fixtures of the tests that need a database, and of those that need an API process."""

import uuid
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
from pymongo import AsyncMongoClient

from evalyard_core.domain.access import Actor, Role
from evalyard_core.services.access import AccessService
from evalyard_core.services.projects import ProjectService
from evalyard_core.settings import Settings
from evalyard_core.storage import Store
from evalyard_server.assembly import assemble
from tests.fixtures.api import Server, serve
from tests.fixtures.house import House
from tests.fixtures.tiny_schema import INTERFACE

OPERATOR = Actor(name="operator", role=Role.ADMIN)


@pytest.fixture
async def store(mongodb_url: str, database_name: str) -> AsyncIterator[Store]:
    """Return a store over a database of its own."""
    store = await Store.open(mongodb_url, database_name)
    yield store
    await store.close()


@pytest.fixture(scope="module")
async def shared_settings(mongodb_url: str, broker_url: str) -> AsyncIterator[Settings]:
    """Return settings over a database that the tests of a module share."""
    name = f"test_{uuid.uuid4().hex[:16]}"
    yield Settings(mongodb_url=mongodb_url, database=name, broker_url=broker_url, auth="none")
    async with AsyncMongoClient(mongodb_url) as client:
        await client.drop_database(name)


@pytest.fixture(scope="module")
async def shared_store(shared_settings: Settings) -> AsyncIterator[Store]:
    """Return the store behind `open_server` and `guarded_server`."""
    store = await Store.open(shared_settings.mongodb_url, shared_settings.database)
    yield store
    await store.close()


@pytest.fixture
async def house(shared_store: Store) -> AsyncIterator[House]:
    """Return a house in the store that the tests of a module share."""
    async with House(shared_store).open() as house:
        yield house


@pytest.fixture(scope="module")
async def open_server(shared_settings: Settings) -> AsyncIterator[Server]:
    """Return a server that needs no keys."""
    async with serve(assemble(shared_settings, INTERFACE)) as server:
        yield server


@pytest.fixture(scope="module")
async def guarded_server(shared_settings: Settings) -> AsyncIterator[Server]:
    """Return a server that needs keys."""
    settings = shared_settings.model_copy(update={"auth": "keys"})
    async with serve(assemble(settings, INTERFACE)) as server:
        yield server


class Key(NamedTuple):
    """A key and its secret."""

    id: str
    secret: str

    @property
    def headers(self) -> dict[str, str]:
        """What a client sends."""
        return {"Authorization": f"Bearer {self.secret}"}


@pytest.fixture(scope="module")
async def project_id(shared_store: Store) -> str:
    """Return the id of a project."""
    return (await ProjectService(shared_store).create(actor=OPERATOR, name=f"project {uuid.uuid4().hex}")).id


@pytest.fixture
async def project_key(shared_store: Store, project_id: str) -> Key:
    """Return a new key of the project that may write."""
    key, secret = await AccessService(shared_store).create_key(
        actor=OPERATOR, project_id=project_id, name="tester", role=Role.EDITOR
    )
    return Key(key.id, secret)


@pytest.fixture
async def instance_key(shared_store: Store) -> Key:
    """Return a new key of the instance."""
    key, secret = await AccessService(shared_store).create_instance_key(name="root")
    return Key(key.id, secret)
