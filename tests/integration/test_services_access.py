"""Keys: kept as hashes, worthless when expired or revoked, and of one project."""

from datetime import timedelta

import pytest

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.errors import BadInput, Forbidden, NotFound, Unauthenticated
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.lists import KeyList, PageRequest
from evalyard_core.domain.payload import now
from evalyard_core.services.access import ANYONE
from evalyard_core.storage import Store
from tests.fixtures.core import a_project
from tests.fixtures.house import House, everything


async def test_a_key_opens_its_project_with_its_role_and_its_secret_is_stored_nowhere(house: House):
    access = house.services.access
    key, secret = await access.create_key(
        actor=house.key(Role.ADMIN), project_id=house.project.id, name=" ci ", role=Role.EDITOR
    )
    assert (key.name, key.role, key.project_id) == ("ci", Role.EDITOR, house.project.id)
    assert secret.startswith(key.prefix)
    assert len(key.prefix) < len(secret) / 3
    assert len(secret) > 40
    actor = await access.authenticate(secret)
    assert actor == Actor(name="ci", role=Role.EDITOR, project_id=house.project.id, key_id=key.id)
    assert secret not in str(await everything(house.store))
    assert secret[len(key.prefix) :] not in str(await everything(house.store))
    other, another = await access.create_key(actor=ANYONE, project_id=house.project.id, name="ci", role=Role.EDITOR)
    assert another != secret
    assert other.id != key.id


@pytest.mark.parametrize("secret", [None, "", "evy_", "evy_" + "A" * 43, "Bearer x", "\ud800", "ü", "x" * 10_000])
async def test_a_secret_of_no_key_is_refused(house: House, secret: str | None):
    refusal = await house.refusal(house.services.access.authenticate(secret))
    assert type(refusal) is Unauthenticated
    assert "Authorization: Bearer" in refusal.message


async def test_an_expired_key_is_refused_and_says_since_when(house: House):
    access = house.services.access
    soon = now() + timedelta(hours=1)
    key, secret = await access.create_key(
        actor=ANYONE, project_id=house.project.id, name="ci", role=Role.VIEWER, expires_at=soon
    )
    assert (await access.authenticate(secret)).key_id == key.id
    await house.store.api_keys._rows.update_one({"_id": key.id}, {"$set": {"expires_at": now()}})
    assert "expired at" in (await house.refusal(access.authenticate(secret))).message
    for past in (now(), now() - timedelta(days=1)):
        making = access.create_key(
            actor=ANYONE, project_id=house.project.id, name="ci", role=Role.VIEWER, expires_at=past
        )
        refusal = await house.refusal(making)
        assert (type(refusal), refusal.field) == (BadInput, "input.expiresAt")


async def test_a_revoked_key_is_refused_at_once_and_for_good(house: House):
    access = house.services.access
    key, secret = await access.create_key(actor=ANYONE, project_id=house.project.id, name="ci", role=Role.ADMIN)
    revoked = await access.revoke_key(actor=house.key(Role.ADMIN), key_id=key.id)
    assert revoked.revoked_at is not None
    assert type(await house.refusal(access.authenticate(secret))) is Unauthenticated
    again = await access.revoke_key(actor=ANYONE, key_id=key.id)
    assert again.revoked_at == revoked.revoked_at


async def test_the_last_use_of_a_key_is_noted_once_a_minute(house: House):
    access = house.services.access
    key, secret = await access.create_key(actor=ANYONE, project_id=house.project.id, name="ci", role=Role.VIEWER)
    assert key.last_used_at is None
    await access.authenticate(secret)
    first = (await house.store.api_keys.get_many([key.id]))[key.id].last_used_at
    assert first is not None
    await access.authenticate(secret)
    await house.store.api_keys.touch(key.id, first + timedelta(seconds=30), at_most_every=timedelta(minutes=1))
    assert (await house.store.api_keys.get_many([key.id]))[key.id].last_used_at == first
    later = first + timedelta(seconds=61)
    await house.store.api_keys.touch(key.id, later, at_most_every=timedelta(minutes=1))
    assert (await house.store.api_keys.get_many([key.id]))[key.id].last_used_at == later


async def test_only_who_manages_a_project_sees_and_makes_and_revokes_its_keys(house: House):
    access = house.services.access
    key, _ = await access.create_key(actor=ANYONE, project_id=house.project.id, name="ci", role=Role.VIEWER)
    instance, _ = await access.create_instance_key(name="root")
    asked = PageRequest(of=KeyList(project_id=house.project.id), first=10)
    for role in (Role.VIEWER, Role.EDITOR):
        actor = house.key(role)
        for refused in (
            access.create_key(actor=actor, project_id=house.project.id, name="x", role=Role.VIEWER),
            access.revoke_key(actor=actor, key_id=key.id),
            access.get_many(actor=actor, ids=[key.id]),
            house.services.lists.api_keys.pages(actor=actor, asked=[asked]),
        ):
            assert type(await house.refusal(refused)) is Forbidden
    stranger = house.key(Role.ADMIN, new_id())
    for refused in (
        access.create_key(actor=stranger, project_id=house.project.id, name="x", role=Role.VIEWER),
        access.revoke_key(actor=stranger, key_id=key.id),
        access.revoke_key(actor=house.key(Role.ADMIN), key_id=instance.id),
        access.revoke_key(actor=house.key(Role.ADMIN), key_id="nothing"),
        house.services.lists.api_keys.pages(actor=stranger, asked=[asked]),
        access.create_key(actor=ANYONE, project_id=new_id(), name="x", role=Role.VIEWER),
    ):
        assert type(await house.refusal(refused)) is NotFound
    assert await access.get_many(actor=stranger, ids=[key.id, instance.id]) == {}
    assert set(await access.get_many(actor=house.key(Role.ADMIN), ids=[key.id, instance.id])) == {key.id}
    assert set(await access.get_many(actor=ANYONE, ids=[key.id, instance.id])) == {key.id, instance.id}


async def test_an_instance_key_is_admin_everywhere(store: Store):
    house = House(store)
    assert not await house.services.access.has_instance_key()
    key, secret = await house.services.access.create_instance_key(name="root")
    assert await house.services.access.has_instance_key()
    actor = await house.services.access.authenticate(secret)
    assert (actor.role, actor.project_id) == (Role.ADMIN, None)
    project = await house.services.projects.create(actor=actor, name="new")
    actor.require(project.id, Role.ADMIN)
    assert [listed.id for listed in await house.services.access.instance_keys()] == [key.id]
    await store.projects.add(a_project())
