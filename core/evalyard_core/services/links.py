"""Links that are keys to one thing for a quarter of an hour: for a browser, a notebook, or a colleague.

A link is a path and a query: what the path itself asks for, then `project` and `key` (of whoever made the link; no
`key` where nobody needs one), `expires` (seconds since 1970) and `signature`. The signature is the HMAC-SHA256 of the
JSON text of [version, path, sorted query without the signature], in base64url.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote, urlencode

import orjson

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.errors import Forbidden, LimitExceeded
from evalyard_core.domain.payload import now
from evalyard_core.domain.signing import SIGNATURE_LENGTH, is_signed, new_secret, sign
from evalyard_core.storage import Store
from evalyard_core.storage.secrets import LINKS

Parameters = Sequence[tuple[str, str]]

LIFETIME: Final = timedelta(minutes=15)
#: Servers and proxies refuse longer ones; RFC 9112 (section 3) has them take 8,000 octets.
LONGEST: Final = 8_000

_VERSION: Final = "evalyard link 1"
_REMEDY: Final = "Ask for exportUrl again."


class LinkService:
    """Makes links, and knows them again in every process of the instance."""

    def __init__(self, store: Store, *, base_url: str, secret: bytes | None) -> None:
        """`base_url` has no slash at its end; without a `secret` the store's is used."""
        self._store = store
        self.base_url = base_url
        self._secret = secret

    async def sign(
        self, *, actor: Actor, project_id: str, path: str, parameters: Parameters = (), field: str | None = None
    ) -> str:
        """Return a link to `path`, which begins with a slash; `field` is to blame for one that is too long.

        It is a URL where the address of the API is known, else a reference relative to it (RFC 3986, section 4.2).
        """
        expires = now() + LIFETIME
        given = [*parameters, ("project", project_id), ("expires", str(int(expires.timestamp())))]
        given += [("key", actor.key_id)] if actor.key_id else []
        link = f"{self.base_url}{quote(path)}?{urlencode(given)}&signature="
        length = len(link) + SIGNATURE_LENGTH
        if length > LONGEST:
            raise LimitExceeded(
                f"This makes a link of {length:,} characters, and servers take {LONGEST:,}; ask for less at once.",
                field=field,
            )
        return link + sign(await self._obtain_secret(), _message(path, given))

    async def admit(self, *, path: str, parameters: Parameters) -> Actor:
        """Return whom a link makes of whoever has it: somebody who may read in one project; or refuse it."""
        given = [entry for entry in parameters if entry[0] != "signature"]
        signature = dict(parameters).get("signature", "")
        if not is_signed(await self._obtain_secret(), _message(path, given), signature):
            raise Forbidden(f"This link was not made here, or was changed. {_REMEDY}")
        claims = dict(given)
        expires = datetime.fromtimestamp(int(claims["expires"]), tz=UTC)
        if expires <= now():
            raise Forbidden(f"This link expired at {expires.isoformat()}. {_REMEDY}")
        key_id = claims.get("key")
        await self._check_key(key_id)
        return Actor(name="a link", role=Role.VIEWER, project_id=claims["project"], key_id=key_id)

    async def _check_key(self, key_id: str | None) -> None:
        if key_id is None:
            return
        key = await self._store.api_keys.get(key_id)
        if key is None or key.is_worthless(now()):
            raise Forbidden("This link was made with a key that is no longer valid. Use another key.")

    async def _obtain_secret(self) -> bytes:
        if self._secret is None:
            self._secret = await self._store.secrets.obtain(LINKS, new_secret())
        return self._secret


def _message(path: str, parameters: Parameters) -> bytes:
    return orjson.dumps([_VERSION, path, sorted(parameters)])
