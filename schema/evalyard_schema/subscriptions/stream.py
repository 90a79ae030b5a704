"""From what services yield to GraphQL objects."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import TypeVar

N = TypeVar("N")
T = TypeVar("T")


async def stream(changes: AsyncGenerator[T, None], make: Callable[[T], N]) -> AsyncIterator[N]:
    """Yield what changes as GraphQL objects; ending this ends the watching."""
    async with aclosing(changes):
        async for change in changes:
            yield make(change)
