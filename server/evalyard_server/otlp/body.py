"""Reading a body, never more of it than there is room for."""

import asyncio
from http import HTTPStatus
from typing import Final

from starlette.requests import ClientDisconnect, Request

from .answers import Encoding, Refused
from .inflating import WINDOWS, NotCompressed, TooLong, inflated
from .room import NoRoom, Share
from .sent import Malformed, Sent

#: The most bytes of a request, before and after it is inflated: 512 spans with 100 kB each.
MOST_BYTES: Final = 50_000_000
_MOST_SECONDS: Final = 30.0
#: Decoding a larger one takes so long that others are served meanwhile.
_MOST_BYTES_ON_THE_LOOP: Final = 20_000


class Body:
    """The body of one request, and its share of the room for all of them."""

    def __init__(self, encoding: Encoding, compression: str | None, share: Share) -> None:
        self.encoding = encoding
        self.share = share
        self._compression = compression
        self._content = b""
        self._most = min(MOST_BYTES, share.room)

    async def read(self, request: Request) -> None:
        """Take it in as it is sent, or raise Refused or NoRoom."""
        declared = request.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self._most:
            raise self._too_large()
        if declared.isdigit() and int(declared) > self.share.room_left:
            raise NoRoom
        parts: list[bytes] = []
        try:
            async with asyncio.timeout(_MOST_SECONDS):
                async for part in request.stream():
                    if self.share.size + len(part) > self._most:
                        raise self._too_large()
                    self.share.grow(len(part))
                    parts.append(part)
        except ClientDisconnect as error:
            raise Refused(HTTPStatus.BAD_REQUEST, "The body ended early.") from error
        except TimeoutError as error:
            raise Refused(HTTPStatus.REQUEST_TIMEOUT, f"The body took more than {_MOST_SECONDS:g} seconds.") from error
        self._content = b"".join(parts)

    async def decoded(self) -> list[Sent]:
        """Return what it holds, or raise Refused or NoRoom; may be called once."""
        content, self._content = self._content, b""
        if self._compression is not None:
            content = await self._inflated(content, self._compression)
        try:
            if len(content) <= _MOST_BYTES_ON_THE_LOOP:
                return self.encoding.read(content)
            return await asyncio.to_thread(self.encoding.read, content)
        except Malformed as why:
            raise Refused(HTTPStatus.BAD_REQUEST, str(why)) from why

    async def _inflated(self, content: bytes, compression: str) -> bytes:
        largest = min(MOST_BYTES, self.share.room - self.share.size)
        most = min(largest, self.share.room_left)
        try:
            whole = await asyncio.to_thread(inflated, content, compression, most=most)
        except TooLong as error:
            raise (self._too_large() if most == largest else NoRoom()) from error
        except NotCompressed as error:
            message = f"The body is not what {compression} makes, or ends early."
            raise Refused(HTTPStatus.BAD_REQUEST, message) from error
        self.share.grow(len(whole))
        return whole

    def _too_large(self) -> Refused:
        """Refuse a body that has more bytes than are ever taken."""
        return Refused(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"A request may have {self._most:,} bytes at most, inflated; send fewer spans at once "
            "(OTEL_BSP_MAX_EXPORT_BATCH_SIZE).",
        )


def compression_of(request: Request) -> str | None:
    """Return how the body is compressed, None where it is not, or raise Refused."""
    named = request.headers.get("content-encoding", "identity").strip().lower()
    if named == "identity":
        return None
    if named not in WINDOWS:
        raise Refused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"Send the body with gzip or deflate, or as it is; not with {named!r:.50}.",
        )
    return named
