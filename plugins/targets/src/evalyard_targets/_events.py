"""Server-sent events (WHATWG HTML, section 9.2), as far as their data goes."""

from collections.abc import AsyncIterator
from typing import Final

_DATA: Final = "data"


async def events_of(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """Yield the data of each event, however the chunks divide the stream; one without its end is dropped."""
    data: list[str] = []
    async for line in _lines(chunks):
        if not line:
            if data:
                yield "\n".join(data)
            data = []
            continue
        name, _, value = line.partition(":")
        if name == _DATA:
            data.append(value.removeprefix(" "))


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    rest = bytearray()
    async for chunk in chunks:
        rest += chunk
        if b"\n" not in chunk:
            continue
        *whole, rest = rest.split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r").decode("utf-8", "replace")
