"""Keys: who asks."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from evalyard_core.domain.access import Actor, ApiKey, Role
from evalyard_core.domain.errors import BadInput, NotFound, Unauthenticated
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.limits import check_name
from evalyard_core.domain.payload import now
from evalyard_core.storage import Store

_PREFIX: Final = "evy_"
_REMEDY: Final = "Send `Authorization: Bearer <key>`; keys are made with createApiKey or `evalyard keys create`."

#: Whoever asks a server that was started with `--auth none`.
ANYONE: Final = Actor(name="anyone", role=Role.ADMIN)


class AccessService:
    """Makes, knows and revokes keys."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def authenticate(self, secret: str | None) -> Actor:
        """Return whom a secret belongs to, or refuse."""
        if not secret:
            raise Unauthenticated(f"This needs an API key. {_REMEDY}")
        key = await self._store.api_keys.by_digest(_digest(secret))
        moment = now()
        if key is None or key.revoked_at is not None:
            raise Unauthenticated(f"This API key is unknown or was revoked. {_REMEDY}")
        if key.expires_at is not None and key.expires_at <= moment:
            raise Unauthenticated(f"This API key expired at {key.expires_at.isoformat()}. {_REMEDY}")
        if key.last_used_at is None or moment - key.last_used_at > timedelta(minutes=1):
            await self._store.api_keys.touch(key.id, moment, at_most_every=timedelta(minutes=1))
        return Actor(name=key.name, role=key.role, project_id=key.project_id, key_id=key.id)

    async def create_key(
        self, *, actor: Actor, project_id: str, name: str, role: Role, expires_at: datetime | None = None
    ) -> tuple[ApiKey, str]:
        """Make a key of a project and return it with its secret, which can't be had again."""
        actor.require(project_id, Role.ADMIN, field="input.projectId")
        if await self._store.projects.get(project_id) is None:
            raise NotFound("There is no such project.", field="input.projectId")
        if expires_at is not None and expires_at <= now():
            raise BadInput("expiresAt must lie in the future.", field="input.expiresAt")
        return await self._add(project_id, check_name(name, field="input.name"), role, expires_at)

    async def create_instance_key(self, *, name: str) -> tuple[ApiKey, str]:
        """Make a key that is ADMIN everywhere; for whoever holds the machine."""
        return await self._add(None, check_name(name, field="name"), Role.ADMIN, None)

    async def has_instance_key(self) -> bool:
        """Tell whether any instance key was ever made."""
        return bool(await self._store.api_keys.of_instance(1))

    async def revoke_key(self, *, actor: Actor, key_id: str) -> ApiKey:
        """Make a key worthless at once."""
        key = (await self.get_many(actor=actor, ids=[key_id])).get(key_id)
        if key is None:
            raise NotFound("There is no such API key.", field="id")
        return await self._store.api_keys.revoke(key_id, now()) or key

    async def get_many(self, *, actor: Actor, ids: Sequence[str]) -> dict[str, ApiKey]:
        """Return the keys that the actor may know of, by id; for those who manage keys."""
        found = await self._store.api_keys.get_many(ids)
        seen = {key.id: key for key in found.values() if actor.project_id in {None, key.project_id}}
        if seen:
            actor.require_role(Role.ADMIN)
        return seen

    async def worthless_keys(self, *, key_ids: Sequence[str]) -> set[str]:
        """Return those of the keys that were revoked, have expired or are gone; for connections that stay open."""
        found = await self._store.api_keys.get_many(key_ids)
        moment = now()
        return {key_id for key_id in key_ids if key_id not in found or found[key_id].is_worthless(moment)}

    async def instance_keys(self) -> Sequence[ApiKey]:
        """Return the instance's first hundred keys; for whoever holds the machine."""
        return await self._store.api_keys.of_instance(100)

    async def _add(
        self, project_id: str | None, name: str, role: Role, expires_at: datetime | None
    ) -> tuple[ApiKey, str]:
        secret = f"{_PREFIX}{secrets.token_urlsafe(32)}"
        key = ApiKey(
            id=new_id(),
            name=name,
            prefix=secret[: len(_PREFIX) + 6],
            digest=_digest(secret),
            role=role,
            project_id=project_id,
            created_at=now(),
            expires_at=expires_at,
        )
        await self._store.api_keys.insert(key)
        return key, secret


def _digest(secret: str) -> str:
    """Return what is stored of a secret; it has 256 random bits, so a plain hash can't be guessed back."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
