"""Waiting for the parts of a result that have not come yet."""

from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

from graphql.pyutils import gather_with_cancel

Key = TypeVar("Key")


async def filled(results: dict[Key, Any], waiting: Mapping[Key, Awaitable[Any]]) -> dict[Key, Any]:
    """Return the results once those that wait have come."""
    if len(waiting) == 1:
        [(key, value)] = waiting.items()
        results[key] = await value
    else:
        results.update(zip(waiting, await gather_with_cancel(*waiting.values()), strict=True))
    return results


async def listed(results: dict[int, Any], waiting: Mapping[int, Awaitable[Any]]) -> list[Any]:
    """Return the results as a list once those that wait have come."""
    return list((await filled(results, waiting)).values())


async def merged(
    results: dict[str, Any], waiting: Mapping[str, Awaitable[Any]], others: Awaitable[dict[str, Any]]
) -> dict[str, Any]:
    """Return the results once those that wait have come, with others that come together."""
    if waiting:
        _, rest = await gather_with_cancel(filled(results, waiting), others)
    else:
        rest = await others
    results.update(rest)
    return results
