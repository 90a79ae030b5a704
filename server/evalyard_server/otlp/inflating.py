"""Bodies that were compressed."""

import zlib
from collections.abc import Mapping
from typing import Final

#: By the name in Content-Encoding, as zlib tells the formats: RFC 1952, and RFC 1950.
WINDOWS: Final[Mapping[str, int]] = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
#: A gzip file may have several members (RFC 1952, section 2.2); no exporter writes many.
_MOST_MEMBERS: Final = 32


class TooLong(Exception):
    """A body that has more bytes than are taken."""


class NotCompressed(Exception):
    """A body that is not what its Content-Encoding says, or ends early."""


def inflated(body: bytes, encoding: str, *, most: int) -> bytes:
    """Return what a body was before it was compressed; never makes more than `most` bytes of it.

    Raises TooLong for one that has more, and NotCompressed.
    """
    parts: list[bytes] = []
    size = 0
    for _ in range(_MOST_MEMBERS + 1):
        if not body:
            return b"".join(parts)
        inflater = zlib.decompressobj(WINDOWS[encoding])
        try:
            part = inflater.decompress(body, most - size + 1)
        except zlib.error as error:
            raise NotCompressed from error
        size += len(part)
        if size > most:
            raise TooLong
        if not inflater.eof:
            raise NotCompressed
        parts.append(part)
        body = inflater.unused_data
    raise NotCompressed
